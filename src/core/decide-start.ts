// Owns what follows for an attempt that is `starting`: its intent is committed, and perhaps nothing else has happened.
import {
  SHIM_LEAVES_MS,
  awaitGoal,
  concludeExit,
  endedAfterGoal,
  endLeftovers,
  endedBy,
  treeUnseen,
} from './decide-ending.ts';
import { obeyDespiteShim, obeyWish } from './decide-stopping.ts';
import { type Decision, type Moment, stay } from './decision.ts';
import type { AttemptEnd, Deadline, LiveDispatch, Millis } from './dispatch.ts';
import { formatDuration } from './duration.ts';
import type { Claim, Evidence, Members } from './evidence.ts';
import type { ProcessIdentity } from './identity.ts';
import { endOfFailedStart, endOfStop } from './retry.ts';
import { endOfLoss, judgementOf, stillReading } from './said.ts';

/** Records appear within milliseconds; a hint wakes us earlier. */
const RECORD_POLL_MS = 20;
const UNKNOWN_POLL_MS = 1_000;
/** A shim that has not claimed by then is stopped, or its claim was destroyed; seizing it is safe at any time. */
const CLAIM_WITHIN_MS = 120_000;
/** A claim may come as late as that, and whoever made it has as much time for the rest. */
const ALONE_MS_MAX = 2 * CLAIM_WITHIN_MS;
/** As late as a supervisor is that could not run (time-watch.ts); any start takes its moment. */
const BEGUN_LATE_MS_MIN = 5_000;

export function decideStarting(live: LiveDispatch, evidence: Evidence, moment: Moment): Decision {
  const { exit, claim, agent } = evidence.runDir;
  const again = moment.now + UNKNOWN_POLL_MS;
  if (exit.kind === 'unknown') return stay(`cannot read its exit record: ${exit.because}`, again);
  if (exit.kind === 'seen') return concludeExit(live, exit.value, evidence, moment);
  if (agent.kind === 'unknown') return stay(`cannot read its pid record: ${agent.because}`, again);
  if (agent.kind === 'seen') return started(live, agent.value, 'its agent runs', evidence, moment);
  if (claim.kind === 'unknown') return stay(`cannot look for its claim: ${claim.because}`, again);
  if (claim.kind === 'absent') return unclaimed(live, evidence, moment);
  return claimed(live, claim.value, evidence, moment);
}

/** Nobody has claimed the start. Only who seizes the claim first may say that nobody ever will (I2). */
function unclaimed(live: LiveDispatch, { start, shim }: Evidence, { now }: Moment): Decision {
  const { state, stopWish } = live.dispatch;
  const mayWait = stopWish === null && Math.abs(now - state.since) < CLAIM_WITHIN_MS;
  const onTheWay = start.kind === 'ordered' || (start.kind === 'under-way' && shim !== 'gone');
  if (onTheWay && mayWait) {
    const young = now - state.since < UNKNOWN_POLL_MS;
    return stay('its shim is on the way', now + (young ? RECORD_POLL_MS : UNKNOWN_POLL_MS));
  }
  return stay('nobody has claimed its start', now + RECORD_POLL_MS, { kind: 'seize-claim' });
}

function claimed(live: LiveDispatch, claim: Claim, evidence: Evidence, moment: Moment): Decision {
  if (claim.by === 'recovery') return neverStarted(live, evidence, moment);
  // A name is there before its content. What becomes of a shim that was ordered, its starter tells.
  if (claim.by === 'nobody-legible' && evidence.start.kind === 'ordered') {
    return stay('its shim is claiming it', moment.now + RECORD_POLL_MS);
  }
  if (evidence.shim === 'gone') return shimDied(live, claim, evidence, moment);
  const because = evidence.shim === 'alive' ? 'its shim has claimed it' : 'cannot see its shim';
  const wished = obeyDespiteShim(
    live,
    evidence.shim,
    `${because} and not recorded the start`,
    moment,
  );
  if (wished !== null) return wished;
  if (!isLate(live, moment.now)) return stay(because, moment.now + RECORD_POLL_MS);
  // Its pid record was destroyed, or finds no room on the disk: nobody would watch the agent.
  const { members } = evidence;
  const process = members.kind === 'seen' ? oldestOf(members.value, evidence) : null;
  if (process === null) return shimAlone(live, because, evidence, moment);
  const why = `${because} and not recorded the start, but a process with its mark lives`;
  return started(live, process, why, evidence, moment);
}

/**
 * A shim that lives and has nobody: it is busy, or somebody stopped it, or what it recorded was destroyed, and it waits for
 * others, who are none of ours. It goes before the next start, and with it nobody who works.
 */
function shimAlone(
  live: LiveDispatch,
  because: string,
  evidence: Evidence,
  moment: Moment,
): Decision {
  const { spec } = live.dispatch;
  const { members, shim } = evidence;
  const isAlone = shim === 'alive' && members.kind === 'seen' && members.value.emptyLooks >= 2;
  if (spec.leftovers === 'keep' || !isAlone || !hadTime(live, evidence, moment, ALONE_MS_MAX)) {
    return stay(because, moment.now + UNKNOWN_POLL_MS);
  }
  const unread = stillReading(live, evidence, because, moment);
  if (unread !== null) return unread;
  const end = endOfLoss(judgementOf(evidence));
  const why = `${because} and recorded nothing more, and only its shim is left`;
  return endLeftovers(live, { end, because: why }, [], moment);
}

/** Has a shim had all the time that it needs, on any machine, to record the start or to leave? */
export function isLate({ dispatch }: LiveDispatch, now: Millis): boolean {
  return Math.abs(now - dispatch.state.since) >= SHIM_LEAVES_MS;
}

/** So much, which is more than any shim needs, and we were there to see it. */
function hadTime(
  { dispatch: { state } }: LiveDispatch,
  { awakeSince }: Evidence,
  { now }: Moment,
  ms: number,
): boolean {
  return Math.abs(now - state.since) >= ms && now - awakeSince >= ms;
}

/** The claim is ours: this fence never ran. It costs no retry, unless the start itself failed. */
function neverStarted(live: LiveDispatch, evidence: Evidence, moment: Moment): Decision {
  const { start, shim } = evidence;
  const alive = startedUnclaimed(live, evidence, moment) ?? shimBehind(live, evidence, moment);
  if (alive !== null) return alive;
  const ended = (end: AttemptEnd, because: string) =>
    endedBy(live, { end, because }, evidence, moment);
  if (live.dispatch.stopWish?.cause === 'cancelled') {
    return ended(endOfStop('cancelled', null), 'stopped before it started');
  }
  // It would be so for everybody, and costs this one nothing: it waits in the queue until there is room.
  if (start.kind === 'exhausted') return ended(endOfStop('superseded', null), start.because);
  if (start.kind === 'failed') {
    return ended(endOfFailedStart(start.because), start.because);
  }
  const mine = start.kind === 'ordered' || start.kind === 'under-way';
  if (mine) {
    const because = `its shim ${shim === 'gone' ? 'ended before it claimed' : 'has not claimed'} the start`;
    return ended(endOfFailedStart(because), because);
  }
  return ended(endOfStop('superseded', null), 'it never started');
}

/**
 * A claim that a person or a disk has destroyed can be seized, while the agent that was started under it works. Whoever
 * lives with this mark was started; a shim that has only lost its claim is gone in a moment.
 *
 * @returns null where nobody lives
 */
function startedUnclaimed(live: LiveDispatch, evidence: Evidence, moment: Moment): Decision | null {
  const { members } = evidence;
  const because = 'it never started';
  if (members.kind !== 'seen') return treeUnseen(because, members, moment);
  const process = oldestOf(members.value, evidence);
  if (process !== null) {
    return adoptUnclaimed(live, process, 'nobody has claimed its start', evidence, moment);
  }
  if (members.value.emptyLooks >= 2) return null;
  return stay(`${because}; looking again`, moment.now + RECORD_POLL_MS);
}

/**
 * A shim that lost the claim leaves in a moment. One that does not was stopped or hangs, and if it held a claim that somebody
 * removed, it will start its agent when it goes on: it goes before anything is said of this start (I2).
 *
 * @returns null where nobody knows of one
 */
function shimBehind(live: LiveDispatch, evidence: Evidence, moment: Moment): Decision | null {
  const { shim } = evidence;
  const { stopWish, spec } = live.dispatch;
  // Of a tree whose background processes are kept, no kill could tell it apart.
  if (shim === 'gone' || (spec.leftovers === 'keep' && stopWish === null)) return null;
  const because = `it never started, and ${shim === 'alive' ? 'its shim has not left' : 'its shim cannot be seen'}`;
  const wished = obeyDespiteShim(live, shim, because, moment);
  if (wished !== null) return wished;
  if (
    stopWish !== null ||
    shim === 'unknown' ||
    !hadTime(live, evidence, moment, CLAIM_WITHIN_MS)
  ) {
    return stay(because, moment.now + UNKNOWN_POLL_MS);
  }
  const failed = 'its shim has not claimed the start';
  return endLeftovers(live, { end: endOfFailedStart(failed), because: failed }, [], moment);
}

/** The process may be a shim, for nobody knows it: one that has lost, or cannot write its claim, leaves in a moment. */
function adoptUnclaimed(
  live: LiveDispatch,
  process: ProcessIdentity,
  why: string,
  evidence: Evidence,
  moment: Moment,
): Decision {
  const because = `${why}, but a process with its mark lives`;
  const { stopWish } = live.dispatch;
  if (!isLate(live, moment.now)) return stay(because, moment.now + RECORD_POLL_MS);
  if (stopWish !== null) return obeyWish(live, stopWish, `${stopWish.because}; ${because}`, moment);
  return started(live, process, because, evidence, moment);
}

/** The oldest of a tree: where nothing is on record it stands for the agent. */
export function oldestOf({ processes }: Members, { bootId }: Evidence): ProcessIdentity | null {
  const [oldest] = processes.toSorted((a, b) => a.startTime - b.startTime || a.pid - b.pid);
  return oldest === undefined ? null : { bootId, pid: oldest.pid, startTime: oldest.startTime };
}

/**
 * The shim claimed and is gone, and left neither a pid nor an exit record. It may have died a moment after it started
 * the agent: a marked process is that agent, and is watched on; only an empty tree, seen twice, proves the loss.
 */
function shimDied(live: LiveDispatch, claim: Claim, evidence: Evidence, moment: Moment): Decision {
  const { members } = evidence;
  const because =
    claim.by === 'shim'
      ? 'its shim died before it recorded anything'
      : 'nobody is left of it, and its record was destroyed';
  if (evidence.goal === 'asking') return awaitGoal(because);
  if (members.kind !== 'seen') {
    const why = members.kind === 'unknown' ? members.because : 'no look yet';
    return stay(
      `its shim is gone and its tree cannot be seen: ${why}`,
      moment.now + UNKNOWN_POLL_MS,
    );
  }
  const process = oldestOf(members.value, evidence);
  if (process !== null) {
    if (claim.by !== 'shim') {
      return adoptUnclaimed(live, process, 'its claim is illegible', evidence, moment);
    }
    const why = 'its shim died, but a process with its mark lives';
    return started(live, process, why, evidence, moment);
  }
  if (members.value.emptyLooks < 2)
    return stay('its shim is gone; looking again', moment.now + RECORD_POLL_MS);
  // It may have started an agent that did its work and is gone as well (I13).
  const unread = stillReading(live, evidence, because, moment);
  if (unread !== null) return unread;
  const end = endOfLoss(judgementOf(evidence));
  return endedAfterGoal(live, { end, because }, evidence, moment);
}

function started(
  live: LiveDispatch,
  process: ProcessIdentity,
  because: string,
  evidence: Evidence,
  moment: Moment,
): Decision {
  const late = begunLate(live, evidence, moment);
  if (late !== null) return late;
  const adopted = evidence.start.kind === 'not-mine';
  return {
    kind: 'change',
    type: adopted ? 'attempt.adopted' : 'attempt.started',
    next: { kind: 'running', since: moment.now, process },
    because: adopted ? `adopted: ${because}` : because,
    data: { pid: process.pid, startTime: process.startTime },
  };
}

/**
 * A deadline is counted from the claim. A supervisor that could not run between that and the start gives the time back, as
 * long as it lives (`moveDeadlines`). Whoever adopts finds in the record when it began, and gives back what is missing: an
 * agent would be ended for time that it never had (I7).
 *
 * @returns null where it has all of its time
 */
function begunLate(
  { dispatch: { spec }, attempt: { deadline } }: LiveDispatch,
  { start, runDir: { writtenAt } }: Evidence,
  { now }: Moment,
): Decision | null {
  if (start.kind !== 'not-mine' || writtenAt === null) return null;
  if (deadline === null || spec.deadlineMs === null) return null;
  const lateMs = Math.min(writtenAt, now) + spec.deadlineMs - deadline.softAt;
  return lateMs < BEGUN_LATE_MS_MIN
    ? null
    : { kind: 'extend', deadline: laterBy(deadline, lateMs) };
}

function laterBy({ softAt, hardAt, extendedCount, extendedMs }: Deadline, byMs: number): Deadline {
  const late = formatDuration(byMs);
  return {
    softAt: softAt + byMs,
    hardAt: hardAt + byMs,
    extendedCount: extendedCount + 1,
    extendedMs: extendedMs + byMs,
    because: `began ${late} after its claim: extended by ${late}`,
  };
}
