// Owns what follows for an attempt that is `stopping`: how a tree that has to go is brought to zero (I8). What is written then
// is decide-stopped.ts.
import {
  PROOF_POLL_MS,
  SHIM_LEAVES_MS,
  UNKNOWN_POLL_MS,
  awaitGoal,
  describeProcess,
  shimMayStillLeave,
  shimStays,
} from './decide-ending.ts';
import { cannotSee, seenAgain } from './decide-unseen.ts';
import { type ChangeDecision, type Decision, type Moment, stay } from './decision.ts';
import type {
  AttemptEnd,
  LiveDispatch,
  Millis,
  State,
  StopCause,
  StopReason,
  StopWish,
} from './dispatch.ts';
import type { Evidence, Members, Sighting } from './evidence.ts';
import { stopped } from './decide-stopped.ts';
import { sameSurvivors, sparedAgent, survivorsOf } from './survivors.ts';

/** Signalled processes need a moment to go; only who outlives this many kills is called a survivor. */
const KILLS_BEFORE_SURVIVORS = 3;
/** So that the kill itself, when it is due, has to read only what has changed of a table that was read as a whole. */
const LOOK_BEFORE_KILL_MS = 100;
const KILL_BACKOFF_FIRST_MS = 20;
const KILL_BACKOFF_MAX_MS = 30_000;
/** What began later than now began before the clock was set back; less may be drift (time-watch.ts). */
const CLOCK_BACK_MS_MIN = 2_000;

/** A live dispatch in state `stopping`, narrowed. */
export type Stopping = LiveDispatch & { readonly state: Extract<State, { kind: 'stopping' }> };

/** From here on the tree is ended; nothing is signalled before this is committed. */
export function beginStopping(
  live: LiveDispatch,
  { cause, graceMs, because }: { cause: StopCause; graceMs: number; because: string },
  moment: Moment,
): ChangeDecision {
  const reason = { kind: 'cause', cause } as const;
  return { ...stoppingFor(live, reason, graceMs, moment), because, data: { cause, graceMs } };
}

/** Its result is there and it does not leave: the tree is ended, and the attempt as what its result says. */
export function beginLeaving(
  live: LiveDispatch,
  { end, because }: { end: AttemptEnd; because: string },
  moment: Moment,
): ChangeDecision {
  const { graceMs } = live.dispatch.spec;
  const reason = { kind: 'lingering', end } as const;
  const data = { lingering: end.outcome.kind, graceMs };
  return { ...stoppingFor(live, reason, graceMs, moment), because, data };
}

function stoppingFor(
  { dispatch: { state } }: LiveDispatch,
  reason: StopReason,
  graceMs: number,
  { now }: Moment,
): Pick<ChangeDecision, 'kind' | 'type' | 'next'> {
  const process = state.kind === 'running' ? state.process : null;
  return {
    kind: 'change',
    type: 'attempt.stopping',
    next: { kind: 'stopping', since: now, reason, process, killAt: now + graceMs, survivors: [] },
  };
}

export function obeyWish(
  live: LiveDispatch,
  wish: StopWish,
  because: string,
  moment: Moment,
): ChangeDecision {
  const graceMs = wish.graceMs ?? live.dispatch.spec.graceMs;
  return beginStopping(live, { cause: wish.cause, graceMs, because }, moment);
}

/**
 * A shim writes its records within milliseconds, so a wish waits for them: an end that is about to be recorded is better
 * than one that we cause. A shim that somebody stopped, or a full disk, must not outlast the wish.
 *
 * @returns null while there is no wish, or it may still wait, or the shim cannot be seen
 */
export function obeyDespiteShim(
  live: LiveDispatch,
  shim: Sighting,
  why: string,
  moment: Moment,
): Decision | null {
  const { stopWish } = live.dispatch;
  if (stopWish === null || shim !== 'alive' || moment.now < stopWish.at + SHIM_LEAVES_MS)
    return null;
  return obeyWish(live, stopWish, `${stopWish.because}; ${why}`, moment);
}

/** `stopping`: graceful signal, grace, freeze, kill, and two empty looks in a row before anything is written. */
export function decideStopping(live: Stopping, evidence: Evidence, moment: Moment): Decision {
  const { members } = evidence;
  const { unseen } = live.state;
  if (evidence.goal === 'asking') return awaitGoal(live.dispatch.because);
  if (members.kind !== 'seen') return cannotSee(live, evidence, moment);
  if (unseen !== undefined) return seenAgain(live, unseen);
  if (evidence.agent === 'unknown' || evidence.shim === 'unknown') {
    return stay('cannot see its agent or its shim', moment.now + UNKNOWN_POLL_MS);
  }
  return bringToZero(live, evidence, members.value, moment);
}

function bringToZero(
  live: Stopping,
  evidence: Evidence,
  { processes, emptyLooks }: Members,
  moment: Moment,
): Decision {
  const treeEmpty = processes.length === 0 && evidence.agent === 'gone';
  if (treeEmpty && (evidence.shim === 'gone' || shimWaitsForOthers(live, evidence, moment))) {
    if (emptyLooks < 2) return stay('its tree is empty; looking again', moment.now + PROOF_POLL_MS);
    return stopped(live, evidence, moment);
  }
  const moved = moveKill(live, moment);
  if (moved !== null) return moved;
  return treeEmpty ? awaitShim(live, evidence, moment) : endTree(live, evidence, moment);
}

/** @returns null where it is killed when it was to be */
function moveKill(live: Stopping, { now }: Moment): ChangeDecision | null {
  const { state, dispatch } = live;
  const { since, killAt } = state;
  // Where nobody watched, nobody has moved its moments along: its grace would last for as long as the step back was (I7).
  if (now < since - CLOCK_BACK_MS_MIN) {
    return { ...asStopping(live), next: { ...state, since: now, killAt: now + (killAt - since) } };
  }
  const wishedKillAt = killMoment(state, dispatch.stopWish);
  if (wishedKillAt >= killAt) return null;
  return { ...asStopping(live), next: { ...state, killAt: wishedKillAt } };
}

/** The end is on record, and whoever the shim still waits for is none of ours. */
function shimWaitsForOthers(live: Stopping, { runDir }: Evidence, { now }: Moment): boolean {
  const { exit } = runDir;
  return shimStays(live) && exit.kind === 'seen' && !shimMayStillLeave(live, exit.value, now);
}

/** Only its shim is left; it records the exit and goes, unless somebody stopped it. */
function awaitShim(live: Stopping, { runDir }: Evidence, { now }: Moment): Decision {
  const { state } = live;
  const leaving =
    runDir.exit.kind === 'seen'
      ? shimMayStillLeave(live, runDir.exit.value, now)
      : now < Math.max(state.since, state.killAt) + SHIM_LEAVES_MS;
  if (leaving) return stay('its tree is empty; its shim is leaving', now + PROOF_POLL_MS);
  return stay('its shim does not leave', now + UNKNOWN_POLL_MS, { kind: 'kill', withShim: true });
}

function endTree(live: Stopping, evidence: Evidence, moment: Moment): Decision {
  const { state } = live;
  const { now } = moment;
  // Who ended by himself and left others behind gives them their grace.
  const byUs = state.reason.kind !== 'leftovers';
  const agentLeft = byUs && evidence.agent === 'gone';
  if (now < state.killAt && !agentLeft) {
    const graceful = byUs && sparedAgent(live, evidence) === null;
    const lookAt = state.killAt - LOOK_BEFORE_KILL_MS;
    const nextAt = now < lookAt ? lookAt : state.killAt;
    return stay(live.dispatch.because, nextAt, graceful ? { kind: 'signal' } : null);
  }
  const survivors = survivorsOf(live, evidence);
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
export function killMoment(state: Stopping['state'], wish: StopWish | null): Millis {
  if (wish === null || wish.graceMs === null || state.reason.kind === 'leftovers')
    return state.killAt;
  // The one that began this stop has its grace from when we began: it may have waited long for a supervisor.
  if (wish.at <= state.since) return state.killAt;
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
