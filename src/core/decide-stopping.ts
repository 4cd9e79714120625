// Owns what follows for an attempt that is `stopping`: how a tree that has to go is brought to zero, and what is written
// once zero is proved (I8).
import {
  PROOF_POLL_MS,
  SHIM_LEAVES_MS,
  UNKNOWN_POLL_MS,
  describeExit,
  describeProcess,
  endedAfterGoal,
  treeUnseen,
} from './decide-ending.ts';
import { type ChangeDecision, type Decision, type Moment, stay } from './decision.ts';
import type { LiveDispatch, State, Survivor } from './dispatch.ts';
import type { Evidence } from './evidence.ts';
import { endOfExit, endOfStop } from './retry.ts';

/** Signalled processes need a moment to go; only who outlives this many kills is called a survivor. */
const KILLS_BEFORE_SURVIVORS = 3;
const KILL_BACKOFF_FIRST_MS = 20;
const KILL_BACKOFF_MAX_MS = 30_000;

/** A live dispatch in state `stopping`, narrowed. */
export type Stopping = LiveDispatch & { readonly state: Extract<State, { kind: 'stopping' }> };

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
