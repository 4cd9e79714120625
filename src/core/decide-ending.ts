// Owns the way to the end: when an end is proved, whether the goal was reached, what follows from the policy, and how a
// tree that has to go is brought to zero. A terminal state is written only after the proof (I8).
import { type ChangeDecision, type Decision, type Moment, stay } from './decision.ts';
import type { AttemptEnd, LiveDispatch, State, Survivor } from './dispatch.ts';
import type { Evidence, ExitRecord, Look, Members } from './evidence.ts';
import { LOST, SUCCEEDED, endOfExit, endOfStop, failed, followUp } from './retry.ts';

const UNKNOWN_POLL_MS = 1_000;
const PROOF_POLL_MS = 10;
/** After its record is written a shim has only to exit; one that is still there was stopped or starved. */
const SHIM_LEAVES_MS = 5_000;
/** Signalled processes need a moment to go; only who outlives this many kills is called a survivor. */
const KILLS_BEFORE_SURVIVORS = 3;
const KILL_BACKOFF_FIRST_MS = 20;
const KILL_BACKOFF_MAX_MS = 30_000;

type Stopping = LiveDispatch & { readonly state: Extract<State, { kind: 'stopping' }> };

/** The exit is on record: the end is known, and the tree has to be empty before it may be written. */
export function concludeExit(
  live: LiveDispatch,
  exit: ExitRecord,
  evidence: Evidence,
  moment: Moment,
): Decision {
  const end = endOfExit(exit);
  const because = describeExit(exit);
  if (exit.kind === 'refused') return endedBy(live, end, because, moment);
  if (evidence.shim === 'unknown') {
    return stay(`${because}; cannot see its shim`, moment.now + UNKNOWN_POLL_MS);
  }
  if (evidence.shim === 'alive' && Math.abs(moment.now - exit.at) < SHIM_LEAVES_MS) {
    return stay(`${because}; its shim is leaving`, moment.now + PROOF_POLL_MS);
  }
  return concludeEnd(live, { end, because, looksNeeded: 1 }, evidence, moment);
}

/** Agent and shim are gone and nothing is on record. */
export function concludeLoss(live: LiveDispatch, evidence: Evidence, moment: Moment): Decision {
  const because = 'its agent and its shim are gone, and no exit was recorded';
  return concludeEnd(live, { end: LOST, because, looksNeeded: 2 }, evidence, moment);
}

interface Conclusion {
  readonly end: AttemptEnd;
  readonly because: string;
  readonly looksNeeded: number;
}

function concludeEnd(
  live: LiveDispatch,
  conclusion: Conclusion,
  evidence: Evidence,
  moment: Moment,
): Decision {
  const { end, because } = conclusion;
  const { spec } = live.dispatch;
  if (spec.leftovers === 'keep') return endedAfterGoal(live, conclusion, evidence, moment);
  const { members } = evidence;
  if (members.kind !== 'seen') return treeUnseen(because, members, moment);
  const { processes, emptyLooks } = members.value;
  if (processes.length > 0) {
    return {
      kind: 'change',
      type: 'attempt.stopping',
      next: {
        kind: 'stopping',
        since: moment.now,
        reason: { kind: 'leftovers', end },
        process: live.dispatch.state.kind === 'running' ? live.dispatch.state.process : null,
        killAt: moment.now + spec.leftoverGraceMs,
        survivors: [],
      },
      because: `${because}; ${processes.length} of its processes are still there`,
      data: { leftovers: processes.slice(0, 20).map(describeProcess) },
    };
  }
  if (emptyLooks < conclusion.looksNeeded) {
    return stay(`${because}; looking again`, moment.now + PROOF_POLL_MS);
  }
  return endedAfterGoal(live, conclusion, evidence, moment);
}

function treeUnseen(because: string, members: Look<Members>, { now }: Moment): Decision {
  const why = members.kind === 'unknown' ? members.because : 'no look yet';
  return stay(`${because}; cannot see its tree: ${why}`, now + UNKNOWN_POLL_MS);
}

/** I13: work that reached its goal is `succeeded`, however its process ended. */
function endedAfterGoal(
  live: LiveDispatch,
  { end, because }: Conclusion,
  { goal }: Evidence,
  moment: Moment,
): Decision {
  if (live.dispatch.spec.doneWhen === null) return endedBy(live, end, because, moment);
  switch (goal) {
    case 'unasked':
      return stay(`${because}; asking done_when`, null, { kind: 'ask-goal' });
    case 'asking':
      return stay(`${because}; done_when is being asked`, null);
    case 'reached':
      return endedBy(live, { ...end, ...GOAL_REACHED }, `${because}; done_when holds`, moment);
    case 'missed':
      return end.outcome.kind === 'succeeded'
        ? endedBy(live, failed(0, null, 'agent'), `${because}, but done_when does not hold`, moment)
        : endedBy(live, end, `${because}; done_when does not hold`, moment);
    case 'unknown':
      return endedBy(live, end, `${because}; done_when gave no answer`, moment);
  }
}

const GOAL_REACHED = { outcome: SUCCEEDED.outcome, class: null };

/** The attempt is over: the policy says whether the dispatch is. A person who cancelled wants no retry. */
export function endedBy(
  live: LiveDispatch,
  end: AttemptEnd,
  because: string,
  { now, chance }: Moment,
): ChangeDecision {
  const { spec, stopWish } = live.dispatch;
  const follow = followUp(end, { failures: live.failures, retries: spec.retries, now, chance });
  if (follow.kind === 'requeue') {
    return {
      kind: 'change',
      type: 'dispatch.requeued',
      next: { kind: 'queued', since: now },
      because,
      attemptEnd: end,
      clearStopWish: true,
    };
  }
  if (follow.kind === 'retry' && stopWish?.cause !== 'cancelled') {
    return {
      kind: 'change',
      type: 'dispatch.parked',
      next: { kind: 'parked', since: now, for: 'backoff', until: follow.at },
      because: `${because}; ${follow.because}`,
      attemptEnd: end,
      clearStopWish: true,
    };
  }
  const { outcome, class: failureClass, exitCode } = end;
  return {
    kind: 'change',
    type: 'dispatch.ended',
    next: { kind: 'ended', at: now, outcome, class: failureClass, exitCode },
    because,
    attemptEnd: end,
    clearStopWish: true,
  };
}

/** `stopping`: graceful signal, grace, freeze, kill, and two empty looks in a row before anything is written. */
export function decideStopping(live: Stopping, evidence: Evidence, moment: Moment): Decision {
  const { state } = live;
  const { members } = evidence;
  if (members.kind !== 'seen') return treeUnseen(live.dispatch.because, members, moment);
  if (evidence.agent === 'unknown' || evidence.shim === 'unknown') {
    return stay('cannot see its agent or its shim', moment.now + UNKNOWN_POLL_MS);
  }
  const { processes, emptyLooks } = members.value;
  const treeEmpty = processes.length === 0 && evidence.agent === 'gone';
  if (treeEmpty && evidence.shim === 'gone') {
    if (emptyLooks < 2) return stay('its tree is empty; looking again', moment.now + PROOF_POLL_MS);
    return stopped(live, evidence, moment);
  }
  const wishedKillAt = killMoment(live);
  if (wishedKillAt < state.killAt)
    return { ...asStopping(live), next: { ...state, killAt: wishedKillAt } };
  return treeEmpty ? awaitShim(live, evidence, moment) : endTree(live, evidence, moment);
}

/** Only its shim is left; it records the exit and goes, unless somebody stopped it. */
function awaitShim({ state }: Stopping, { runDir }: Evidence, { now }: Moment): Decision {
  const from =
    runDir.exit.kind === 'seen' ? runDir.exit.value.at : Math.max(state.since, state.killAt);
  if (now >= from + SHIM_LEAVES_MS) {
    return stay('its shim does not leave', now + UNKNOWN_POLL_MS, { kind: 'kill', withShim: true });
  }
  return stay('its tree is empty; its shim is leaving', now + PROOF_POLL_MS);
}

function endTree(live: Stopping, evidence: Evidence, moment: Moment): Decision {
  const { state } = live;
  const { now } = moment;
  const agentLeft = state.reason.kind === 'cause' && evidence.agent === 'gone';
  if (now < state.killAt && !agentLeft) {
    const graceful = state.reason.kind === 'cause' ? ({ kind: 'signal' } as const) : null;
    return stay(live.dispatch.because, state.killAt, graceful);
  }
  const survivors = evidence.members.kind === 'seen' ? evidence.members.value.processes : [];
  if (evidence.killRounds >= KILLS_BEFORE_SURVIVORS && !sameSurvivors(survivors, state.survivors)) {
    return {
      ...asStopping(live),
      type: 'attempt.survived',
      next: { ...state, survivors },
      because: `${survivors.length} of its processes survived ${evidence.killRounds} kills`,
      data: { survivors: survivors.slice(0, 20).map(describeProcess) },
    };
  }
  const backoffMs = KILL_BACKOFF_FIRST_MS * 2 ** Math.min(evidence.killRounds, 16);
  const nextAt = now + Math.min(KILL_BACKOFF_MAX_MS, backoffMs);
  return stay(live.dispatch.because, nextAt, { kind: 'kill', withShim: false });
}

/** A newer wish may shorten the grace, never lengthen it. */
function killMoment({ state, dispatch }: Stopping): number {
  const wish = dispatch.stopWish;
  if (wish === null || wish.graceMs === null || state.reason.kind !== 'cause') return state.killAt;
  return Math.min(state.killAt, wish.at + wish.graceMs);
}

function asStopping(live: Stopping): ChangeDecision {
  return {
    kind: 'change',
    type: 'attempt.stopping',
    next: live.state,
    because: live.dispatch.because,
  };
}

/** Zero is proved. An agent that had ended by itself before we began keeps its own end. */
function stopped(live: Stopping, evidence: Evidence, moment: Moment): Decision {
  const { reason, since } = live.state;
  const exit = evidence.runDir.exit.kind === 'seen' ? evidence.runDir.exit.value : null;
  if (reason.kind === 'leftovers') {
    // A shim whose claim was destroyed counts as a leftover; the record that it wrote meanwhile beats the loss.
    const end = reason.end.outcome.kind === 'lost' && exit !== null ? endOfExit(exit) : reason.end;
    const because = live.dispatch.because;
    return endedAfterGoal(live, { end, because, looksNeeded: 2 }, evidence, moment);
  }
  if (exit !== null && exit.at < since) {
    const because = `${describeExit(exit)}, before it was stopped`;
    return endedAfterGoal(
      live,
      { end: endOfExit(exit), because, looksNeeded: 2 },
      evidence,
      moment,
    );
  }
  const end = endOfStop(reason.cause, exit);
  return endedAfterGoal(
    live,
    { end, because: live.dispatch.because, looksNeeded: 2 },
    evidence,
    moment,
  );
}

function sameSurvivors(a: readonly Survivor[], b: readonly Survivor[]): boolean {
  const keys = (list: readonly Survivor[]) =>
    list
      .map(({ pid, startTime }) => `${pid}@${startTime}`)
      .toSorted()
      .join();
  return keys(a) === keys(b);
}

function describeProcess({ pid, startTime, command }: Survivor): {
  pid: number;
  startTime: number;
  command: string;
} {
  return { pid, startTime, command };
}

function describeExit(exit: ExitRecord): string {
  switch (exit.kind) {
    case 'exited':
      return `exited with code ${exit.exitCode}`;
    case 'signalled':
      return `ended by ${exit.signal}`;
    case 'refused':
      return exit.reason;
  }
}
