// Owns the checks of what was made of an agent's words (I5, I13, I15): every line counts, once; what its words say decides.
import type { Attempt, AttemptEnd } from '../../src/core/dispatch.ts';
import { EMPTY_STREAM } from '../../src/core/stream.ts';
import type { Instance } from './instance.ts';
import type { RowChange } from './row-change.ts';
import { type Said, finalState, timeless } from './said.ts';
import type { Stage } from './stage.ts';
import { type AttemptTruth, nameOf } from './truth.ts';

/** From the look to the commit, on a busy machine. */
const DECIDING_MS = 10_000;

/** An attempt with a stream has ended: `closed` is its row. */
export function checkSaid(
  stage: Stage,
  change: RowChange,
  attempt: AttemptTruth,
  closed: Attempt,
): void {
  const { said } = attempt;
  if (said === null || attempt.damaged) return;
  // What only he has read who cut it is lost with him.
  const isTold = said.trimmedBy === null || said.trimmedBy === change.commit.by;
  const unread = isUnread(change, attempt);
  if (isTold && !unread) checkEveryLine(stage, attempt, said, closed);
  if (closed.end === null || attempt.agentStarts === 0) return;
  // Its last word, a limit among them, may be what could not be read: who is lost or was stopped then is no more than that.
  const isConcluded = !['lost', 'stopped'].includes(closed.end.outcome.kind);
  if (unread && !isConcluded) return;
  checkLastWord(stage, change, attempt, closed.end);
  if (!said.mixed) checkClass(stage, change, attempt, closed.end);
}

/** Who is asked to go for good waits for nobody to read what cannot be read. */
function isUnread({ before, commit: { by } }: RowChange, { key }: AttemptTruth): boolean {
  return before.dispatch.stopWish?.cause === 'cancelled' && by?.unread.has(nameOf(key)) === true;
}

function checkEveryLine(
  { judge }: Stage,
  { name, spec, key }: AttemptTruth,
  said: Said,
  { stream }: Attempt,
): void {
  const wrote = timeless(finalState(said, spec), said);
  const read = timeless(stream?.state ?? EMPTY_STREAM, said);
  if (wrote === read) return;
  const message = `${name}/${key.fence} wrote ${wrote}, and was read as ${read}`;
  judge.report('I5 every line counts once', message);
}

/** Its word that its work is done is believed, whatever became of its process, if it was given before we asked it to go. */
function checkLastWord(
  { judge, truth }: Stage,
  { after }: RowChange,
  { name, spec, said, toldToGo, stoppingAt }: AttemptTruth,
  { outcome }: AttemptEnd,
): void {
  if (said === null || spec.doneWhen !== null || outcome.kind === 'succeeded') return;
  if (finalState(said, spec).result?.ok !== true) return;
  // What is written while a stop is being decided may count as before it or as after it; and so may all after a jump.
  const saidAt = said.doneSince ?? Number.POSITIVE_INFINITY;
  const isLate = stoppingAt !== null && saidAt > stoppingAt - DECIDING_MS;
  if (toldToGo && (isLate || truth.jumpedMs > 0)) return;
  const message = `${name} said that it was done, and is ${outcome.kind}: ${after.dispatch.because}`;
  judge.report('I13 its last word counts', message);
}

function checkClass(
  stage: Stage,
  change: RowChange,
  attempt: AttemptTruth,
  { outcome, class: failure }: AttemptEnd,
): void {
  const { judge } = stage;
  const { after } = change;
  const { name, said, spec } = attempt;
  if (said === null || outcome.kind === 'succeeded' || outcome.kind === 'refused') return;
  const { result, limit, error } = finalState(said, spec);
  const isLimit = result?.ok !== true && (limit !== null || error?.class === 'quota');
  const byItself = outcome.kind === 'failed' || outcome.kind === 'lost';
  if (byItself && isLimit !== (failure === 'quota')) {
    const what = isLimit ? 'it ended at a limit' : 'it met no limit';
    const message = `${name}: ${what}, and its class is ${failure}: ${after.dispatch.because}`;
    judge.report('I15 a limit is no failure', message);
  }
  if (failure === 'quota') checkWaits(stage, change, attempt);
  if (failure === 'auth') checkPaused(change, attempt, judge);
}

function checkWaits(
  { judge, truth }: Stage,
  { after, commit: { method, limits, args } }: RowChange,
  { name, key, pool, spec, said }: AttemptTruth,
): void {
  const { state, stopWish, because } = after.dispatch;
  const waits = state.kind === 'parked' && state.for === 'quota';
  if (!waits && state.kind !== 'ended' && stopWish === null) {
    const message = `${name} ended at a limit and is ${state.kind}: ${because}`;
    judge.report('I15 a limit is no failure', message);
  }
  const lifts = method === 'commitPass' ? (args[0] as { lifts: unknown[] }).lifts.length : 0;
  const model = spec.task?.model ?? null;
  const isClosed = limits.after.some(
    (limit) => limit.pool === pool && (limit.model === null || limit.model === model),
  );
  // Somebody was answered after it had met it.
  const liftedAt = truth.liftedAt.get(pool) ?? -1;
  if (isClosed || lifts > 0 || !waits || liftedAt >= (said?.limitSaidAt ?? 0)) return;
  const message = `${nameOf(key)} (${name}) met a limit, and pool ${pool} has none`;
  judge.report('I15 a limit closes its pool', message);
}

function checkPaused(
  { after, commit }: RowChange,
  { name, pool }: AttemptTruth,
  judge: Stage['judge'],
): void {
  // Whom a person has cancelled meanwhile tells nobody: the next one finds out.
  if (commit.paused.has(pool) || after.dispatch.state.kind === 'ended') return;
  const message = `${name} was not let in by its provider, and pool ${pool} goes on`;
  judge.report('I15 a provider that lets nobody in pauses its pool', message);
}

const SEVERAL = {};

/** Nobody drops what he has not read. */
export function checkTrim(
  { disk, truth, judge }: Stage,
  instance: Instance,
  key: AttemptTruth['key'],
  stream: 'stdout' | 'stderr',
): void {
  const attempt = truth.attempt(key);
  const { gap } = disk.get(key)[stream];
  if (attempt === undefined || attempt.said === null || gap === null) return;
  const { said } = attempt;
  said.trimmedBy = said.trimmedBy === null ? instance : SEVERAL;
  const readTo = instance.readTo.get(`${nameOf(key)} ${stream}`) ?? 0;
  if (readTo >= gap.to) return;
  const message = `${attempt.name}: dropped up to ${gap.to} of ${stream}, and read to ${readTo}`;
  judge.report('I5 nothing is dropped unread', message);
}
