// Owns the checks at the end of an attempt: is it over in truth, and does the ledger say how (I4, I8, I12, I13, I14, I16)?
import type { AttemptEnd } from '../../src/core/dispatch.ts';
import { RETRY_CLASSES } from '../../src/core/dispatch.ts';
import { checkSaid } from './checks-streams.ts';
import type { RowChange } from './row-change.ts';
import { type Said, finalState } from './said.ts';
import type { Stage } from './stage.ts';
import { hidesFromOneLook, visibleTree } from './tier.ts';
import { type AttemptTruth, type Truth, nameOf } from './truth.ts';

export function checkEnd(stage: Stage, change: RowChange): void {
  const { attempt, after, commit } = change;
  if (attempt === null) return;
  checkAgentIsDead(stage, change, attempt);
  checkTreeIsEmpty(stage, change, attempt);
  const newest = after.attempt?.fence === attempt.key.fence ? after.attempt : null;
  const closed = newest ?? commit.overtaken.get(attempt.key.dispatch);
  const end = closed?.end ?? null;
  if (closed === undefined || end === null) {
    const message = `${nameOf(attempt.key)} left its slot without an end`;
    stage.judge.report('I14 attempts are append-only', message);
    return;
  }
  checkSaid(stage, change, attempt, closed);
  checkExit(stage, attempt, end);
  checkLoss(stage, change, attempt, end);
  checkSuccess(stage, attempt, end);
  checkGoal(stage, change, attempt, end);
  checkCause(stage, change, attempt, end);
  checkBudget(stage, change, attempt, end);
  checkGate(stage, change, attempt, end);
}

/** Whoever set that limit decides whether it goes on. Somebody may have cancelled it meanwhile. */
function checkGate(
  { judge }: Stage,
  { before, after }: RowChange,
  { name }: AttemptTruth,
  { outcome }: AttemptEnd,
): void {
  if (outcome.kind !== 'stopped' || outcome.cause !== 'max-tokens') return;
  const { state, because } = after.dispatch;
  if (state.kind === 'parked' && state.for === 'gate') return;
  if (state.kind === 'ended' && before.dispatch.stopWish?.cause === 'cancelled') return;
  const message = `${name} has used up its tokens and is ${state.kind}: ${because}`;
  judge.report('I18 who has used up its tokens waits for a person', message);
}

function checkAgentIsDead({ judge }: Stage, { after }: RowChange, attempt: AttemptTruth): void {
  if (!attempt.agentLives) return;
  const message = `${attempt.name} became ${after.dispatch.state.kind} while its agent lives: ${after.dispatch.because}`;
  judge.report('I4 no end while its agent lives', message);
}

function checkTreeIsEmpty(stage: Stage, { before, after }: RowChange, attempt: AttemptTruth): void {
  const { state } = before.dispatch;
  const wasStopped = state.kind === 'stopping';
  if (attempt.spec.leftovers === 'keep' && !(wasStopped && state.reason.kind !== 'leftovers'))
    return;
  const { judge, machine } = stage;
  const [left] = visibleTree(machine, attempt).filter(
    (process) => wasStopped || !hidesFromOneLook(process),
  );
  if (left === undefined) return;
  const message = `${attempt.name} became ${after.dispatch.state.kind} while ${left.pid} (${left.command}) lives: ${after.dispatch.because}`;
  judge.report('I8 no end while its tree lives', message);
}

function checkExit({ judge }: Stage, attempt: AttemptTruth, end: AttemptEnd): void {
  if (attempt.recordedAt === null || attempt.damaged || end.exitCode === attempt.status) return;
  if (end.outcome.kind !== 'succeeded' && end.outcome.kind !== 'failed') return;
  // A goal that was reached may overrule the outcome, never the code.
  const message = `${attempt.name}: its shim recorded ${attempt.status}, the ledger says ${end.exitCode}`;
  judge.report('I12 the recorded exit stands', message);
}

function checkLoss(
  { judge }: Stage,
  { before }: RowChange,
  attempt: AttemptTruth,
  end: AttemptEnd,
): void {
  if (end.outcome.kind !== 'lost' || attempt.damaged) return;
  // Adopted was whoever had its mark: a shim that hangs may lose the claim later.
  if (!attempt.claimed && before.dispatch.state.kind === 'starting') {
    judge.report('I12 no loss of what never began', `${attempt.name} is lost, and never began`);
  }
  if (attempt.recordedAt !== null) {
    judge.report('I12 the recorded exit stands', `${attempt.name} is lost, and its exit recorded`);
  }
  if (attempt.shimLives && attempt.agentStarts > 0) {
    const message = `${attempt.name} is lost while its shim can still record its exit`;
    judge.report('I12 no loss before its shim is gone', message);
  }
}

function checkSuccess({ judge, truth }: Stage, attempt: AttemptTruth, end: AttemptEnd): void {
  if (end.outcome.kind !== 'succeeded') return;
  const reached = truth.dispatch(attempt.key.dispatch).goalReachedAt !== null;
  const { said, spec, status } = attempt;
  // Of an agent that says how it ended, its exit code says nothing.
  const done = said === null ? status === 0 : isDone(truth, attempt, said);
  const proved = spec.doneWhen === null ? done : reached;
  // A goal that was asked without an answer leaves that as the only witness.
  if (proved || (attempt.lastGoal === 'unknown' && done)) return;
  const message = `${attempt.name} succeeded with status ${status}, goal reached: ${reached}, done: ${done}`;
  judge.report('I12 no success without proof', message);
}

/** What it says after we have asked it to go may be about work that was cut. */
function isDone(
  { jumpedMs }: Truth,
  { spec, toldToGo, signalled }: AttemptTruth,
  said: Said,
): boolean {
  if (said.doneBefore) return true;
  if (finalState(said, spec).result?.ok !== true) return false;
  // After a jump nobody can tell which was first.
  return !toldToGo || !signalled || jumpedMs > 0;
}

function checkGoal(
  { judge, truth }: Stage,
  { after }: RowChange,
  attempt: AttemptTruth,
  { outcome }: AttemptEnd,
): void {
  if (attempt.spec.doneWhen === null || outcome.kind === 'succeeded') return;
  const { goalReachedAt } = truth.dispatch(attempt.key.dispatch);
  if (goalReachedAt === null || attempt.agentStarts === 0 || attempt.lastGoal === 'unknown') return;
  const message = `${attempt.name} reached its goal and is ${outcome.kind}: ${after.dispatch.because}`;
  judge.report('I13 a reached goal is success', message);
}

/** I16: what we stopped is not a failure of its own, unless it had ended before we began. */
function checkCause(
  { judge, truth }: Stage,
  { before, after }: RowChange,
  attempt: AttemptTruth,
  { outcome }: AttemptEnd,
): void {
  const { state } = before.dispatch;
  if (state.kind !== 'stopping' || state.reason.kind !== 'cause' || attempt.damaged) return;
  if (outcome.kind === 'succeeded' || outcome.kind === 'stopped') return;
  const { stoppingAt, agentEndedAt } = attempt;
  // File times are coarse, and an end while the stop was being committed may be read either way.
  if (agentEndedAt === null || stoppingAt === null || agentEndedAt <= stoppingAt + 10) return;
  // The record has the time of the file system, which a small step can move to before the stop, and any step that comes
  // between it and whoever reads it.
  if (truth.jumpedAt >= stoppingAt) return;
  if (attempt.recordedAt !== null && truth.steppedAt >= attempt.recordedAt) return;
  const message = `${attempt.name} was stopped (${state.reason.cause}) and is ${outcome.kind}: ${after.dispatch.because}`;
  judge.report('I16 a stop keeps its cause', message);
}

function checkBudget(
  { judge, truth }: Stage,
  { after }: RowChange,
  attempt: AttemptTruth,
  end: AttemptEnd,
): void {
  const dispatch = truth.dispatch(attempt.key.dispatch);
  if (end.outcome.kind === 'stopped' && end.outcome.cause === 'superseded') {
    if (attempt.foundNoRoom) return;
    dispatch.superseded++;
    if (dispatch.superseded <= truth.excuses) return;
    const message = `${attempt.name} was withdrawn ${dispatch.superseded} times, with ${truth.excuses} occasions`;
    judge.report('I14 withdrawals have an occasion', message);
    return;
  }
  const retryClass = RETRY_CLASSES.find((one) => one === end.class);
  if (retryClass === undefined) return;
  if (attempt.foundNoRoom && end.outcome.kind === 'refused') {
    const message = `${attempt.name} found no room to start and is refused: ${after.dispatch.because}`;
    judge.report('I14 no room costs no retry', message);
  }
  const used = (dispatch.failures[retryClass] ?? 0) + 1;
  dispatch.failures[retryClass] = used;
  const allowed = attempt.spec.retries[retryClass] + 1 + dispatch.retriesAsked;
  if (used <= allowed) return;
  const message = `${attempt.name} failed ${used} times as ${retryClass}, ${allowed} are allowed: ${after.dispatch.because}`;
  judge.report('I14 budgets are kept', message);
}
