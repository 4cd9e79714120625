// Owns the checks at the moment of a signal: whose process it hits, and whether that one may be hit (I3, I9).
import { isMarkOf, isWard } from './tier.ts';
import type { SignalName } from '../../src/ports.ts';
import type { SimProcess } from './processes.ts';
import type { Stage } from './stage.ts';
import type { AttemptTruth } from './truth.ts';

/** `signal` is about to take effect on `target`, sent by a supervisor. */
export function checkSignal(stage: Stage, target: SimProcess, signal: SignalName): void {
  const { judge } = stage;
  const what = `${signal} to ${target.pid} (${target.role}, ${target.command})`;
  if (isProtected(target)) {
    judge.report('I9 protected get no signal', what);
    return;
  }
  const { attempt } = target;
  if (attempt === null) {
    judge.report('I3 only its own are signalled', `${what}, which is a stranger`);
    return;
  }
  if (!attempt.signalled && attempt.agentLives) beginsToGo(attempt);
  const state = stateOf(stage, attempt);
  if (state === 'stopping') return;
  // A subreaper that waits for strangers, or is still about to claim, is let go when its attempt is over; and so is whom the
  // last look at its tree has missed, unless its owner keeps what is left.
  if (isOver(stage, attempt) && (target.role === 'shim' || attempt.spec.leftovers === 'end'))
    return;
  if (hasNumberOfStopped(stage, target)) return;
  const message = `${what} of ${attempt.name}, which is ${state} and not to be stopped`;
  judge.report('I3 only its own are signalled', message);
}

/** What it has said by now it has said unasked. */
function beginsToGo(attempt: AttemptTruth): void {
  attempt.signalled = true;
  if (attempt.said !== null) attempt.said.doneBefore ||= attempt.said.state.result?.ok === true;
}

/** Longer than any look takes, and shorter than pids last on a real machine (tree.ts). */
const NUMBERS_LAST_MS = 30_000;

/**
 * Its session or group has the number of one that was of an agent which is being stopped and has just ended, and whoever led
 * it since has ended as well, unseen: only in so small a space of pids can a number come back that soon.
 */
function hasNumberOfStopped(stage: Stage, { session, group, mark }: SimProcess): boolean {
  if (mark !== null) return false;
  const { truth, timeline } = stage;
  return [...truth.attempts.values()].some(({ key, agentEndedAt }) => {
    const state = truth.rows.get(key.dispatch)?.dispatch.state;
    if (state?.kind !== 'stopping' || state.process === null || agentEndedAt === null) return false;
    const { pid } = state.process;
    return (pid === session || pid === group) && timeline.now - agentEndedAt < NUMBERS_LAST_MS;
  });
}

function isProtected(target: SimProcess): boolean {
  switch (target.role) {
    case 'init':
    case 'shell':
    case 'supervisor':
      return true;
    case 'shim':
      return isShimAtWork(target);
    case 'agent':
    case 'child':
    case 'goal':
    case 'stranger':
      return isWard(target) || (target.mark !== null && isForeignMark(target));
  }
}

/** A shim has something to record while its agent lives. Where its records were destroyed nobody can know it. */
function isShimAtWork({ attempt }: SimProcess): boolean {
  return attempt !== null && attempt.agentLives && !attempt.damaged;
}

function isForeignMark({ mark, attempt }: SimProcess): boolean {
  return attempt !== null && !isMarkOf(mark, attempt);
}

/** It has no slot, and never will have one again. */
export function isOver(stage: Stage, attempt: AttemptTruth): boolean {
  const state = stateOf(stage, attempt);
  return state !== 'starting' && state !== 'running' && state !== 'stopping';
}

/** The state in the ledger; `over` where another fence is current. */
function stateOf({ truth }: Stage, { key }: AttemptTruth): string {
  const dispatch = truth.rows.get(key.dispatch)?.dispatch;
  if (dispatch === undefined || dispatch.fence !== key.fence) return 'over';
  return dispatch.state.kind;
}
