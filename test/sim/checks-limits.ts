// Owns the checks of limits of use: nobody is ended for one that he does not break, and who breaks one is ended (I4, I18).
import type { Dispatch, LiveDispatch, State } from '../../src/core/dispatch.ts';
import type { UseLimits } from '../../src/core/task.ts';
import type { Usage } from '../../src/core/evidence.ts';
import type { SimProcess } from './processes.ts';
import type { RowChange } from './row-change.ts';
import type { Stage } from './stage.ts';
import { visibleTree } from './tier.ts';
import { finalState } from './said.ts';
import { type AttemptTruth, type Truth, nameOf } from './truth.ts';

/** Longer than it takes to have a supervisor again, and two looks of it (10 s apart at most) together. */
const NOTICE_WITHIN_MS = 45_000;

const NOTHING: Usage = { rssBytes: 0, processes: 0 };

/** By name of attempt: the most that a look at the table can find of each, whatever holds its tree. */
export type MostUsed = Map<string, Usage>;

/** A look at the table has found this process. */
export function countUse(used: MostUsed, { attempt, role, zombie, mark, rssBytes }: SimProcess) {
  if (attempt === null || role === 'shim' || zombie) return;
  if (mark !== null && mark !== attempt.mark) return;
  const name = nameOf(attempt.key);
  const before = used.get(name) ?? NOTHING;
  const processes = before.processes + 1;
  used.set(name, { rssBytes: before.rssBytes + rssBytes, processes });
}

/** A sweep may look at the table while a pass does: the most that either has found counts. */
export function mergeUse(most: MostUsed, used: MostUsed) {
  for (const [name, { rssBytes, processes }] of used) {
    const before = most.get(name) ?? NOTHING;
    most.set(name, {
      rssBytes: Math.max(before.rssBytes, rssBytes),
      processes: Math.max(before.processes, processes),
    });
  }
}

type LimitCause = 'max-output' | 'max-memory' | 'max-processes';

/** What an attempt uses of each, and what it may: a limit that is not set is never reached. */
function measures(
  { maxOutputBytes, maxMemoryBytes, maxProcesses }: UseLimits,
  { rssBytes, processes }: Usage,
  outputBytes: number,
): Record<LimitCause, readonly [used: number, most: number]> {
  return {
    'max-output': [outputBytes, maxOutputBytes ?? Infinity],
    'max-memory': [rssBytes, maxMemoryBytes ?? Infinity],
    'max-processes': [processes, maxProcesses ?? Infinity],
  };
}

export function checkBroken(
  stage: Stage,
  { after, commit }: RowChange,
  attempt: AttemptTruth,
  cause: LimitCause,
): void {
  const seen = commit.by?.mostUsed.get(nameOf(attempt.key)) ?? NOTHING;
  const { outputBytes } = stage.disk.get(attempt.key);
  const [used, most] = measures(attempt.spec, seen, outputBytes)[cause];
  // Without its claim nobody who comes later can tell its shim from its tree.
  if (used > most || attempt.damaged) return;
  const message = `${attempt.name} uses ${used} of ${most} (${cause}): ${after.dispatch.because}`;
  stage.judge.report('I18 only who breaks a limit is ended for it', message);
}

/**
 * What its dispatch has used so far, as far as its agents have said so.
 *
 * @param counts whose word does
 */
function tokensOf(
  truth: Truth,
  { key }: AttemptTruth,
  counts: (one: AttemptTruth) => boolean = () => true,
): number {
  const { waivedFence } = truth.dispatch(key.dispatch);
  let sum = 0;
  for (const one of truth.attempts.values()) {
    const { key: its, said, spec } = one;
    if (its.dispatch !== key.dispatch || said === null || !counts(one)) continue;
    if (its.fence <= waivedFence || its.fence > key.fence) continue;
    const { usage } = finalState(said, spec);
    sum += (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
  }
  return sum;
}

export function checkSpent(
  { truth, judge }: Stage,
  { after }: RowChange,
  attempt: AttemptTruth,
): void {
  const most = attempt.spec.maxTokens ?? Infinity;
  const used = tokensOf(truth, attempt);
  // What it has told is committed with its stop.
  if (used > most || truth.budgets.isSpent(after.dispatch.campaign)) return;
  const message = `${attempt.name} has used ${used} of ${most} tokens: ${after.dispatch.because}`;
  judge.report('I18 only who breaks a limit is ended for it', message);
}

/** What was told in the same commit was told before. */
export function checkBudgets({ truth, judge }: Stage, claimed: readonly LiveDispatch[]): void {
  for (const { dispatch } of claimed) {
    if (!truth.budgets.isSpent(dispatch.campaign)) continue;
    const message = `${dispatch.name} starts, and ${dispatch.campaign} has used up its tokens`;
    judge.report('I18 nothing starts of a campaign that has used up its tokens', message);
  }
}

/** @param calmMs for how long nothing has disturbed the world */
export function checkKept(
  stage: Stage,
  { name, state, because, campaign }: Dispatch,
  attempt: AttemptTruth,
  calmMs: number,
): void {
  if (!isBeyond(stage, state, attempt, campaign)) {
    attempt.beyondSince = null;
    return;
  }
  attempt.beyondSince ??= stage.timeline.now;
  const beyondMs = Math.min(calmMs, stage.timeline.now - attempt.beyondSince);
  if (beyondMs < NOTICE_WITHIN_MS) return;
  const message = `${name} is beyond a limit for ${Math.round(beyondMs)} ms: ${because}`;
  stage.judge.report('I18 a limit is kept', message);
}

function isBeyond(
  { machine, disk, truth }: Stage,
  state: State,
  attempt: AttemptTruth,
  campaign: string,
): boolean {
  // Without its records somebody else of its tree may be watched in its place, and its output is seen by nobody.
  if (state.kind !== 'running' || !attempt.agentLives || attempt.damaged) return false;
  const { maxTokens } = attempt.spec;
  // What was in a directory that somebody removed before the end of its attempt, nobody may have read and told in time.
  const isKept = ({ key, damaged }: AttemptTruth) => !(damaged && disk.get(key).wasRemoved);
  if (maxTokens !== null && tokensOf(truth, attempt, isKept) > maxTokens) return true;
  if (attempt.said !== null && truth.budgets.isSpent(campaign)) return true;
  const tree = visibleTree(machine, attempt);
  const rssBytes = tree.reduce((sum, process) => sum + process.rssBytes, 0);
  const { outputBytes } = disk.get(attempt.key);
  const all = measures(attempt.spec, { rssBytes, processes: tree.length }, outputBytes);
  return Object.values(all).some(([used, most]) => used > most);
}
