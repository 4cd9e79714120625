// Owns the checks of agents that wait by themselves for a limit of their provider (I15): whoever may, is left alone; whose
// wait is longer than it may keep its slot is ended at once.
import type { Dispatch } from '../../src/core/dispatch.ts';
import type { RowChange } from './row-change.ts';
import { fits, isTooLong } from './said-work.ts';
import type { Stage } from './stage.ts';
import type { AttemptTruth } from './truth.ts';

/** Longer than it takes to have a supervisor again, and two looks of it together. */
const NOTICE_WITHIN_MS = 45_000;
/** Clocks of files tick, and looks take their time. */
const SLACK_MS = 1_000;

/** It is to be ended for its silence, or for a limit. */
export function checkNotWaiting(
  { judge, truth }: Stage,
  { after }: RowChange,
  { name, said, spec, deadlineFrom }: AttemptTruth,
  lookAt: number,
): void {
  const wait = said?.wait ?? null;
  if (wait === null || !fits(wait, spec, deadlineFrom)) return;
  const until = Math.min(wait.until, wait.doubtfulFrom) - truth.driftMs;
  if (lookAt <= wait.from || lookAt >= until) return;
  const leftMs = Math.round(wait.until - lookAt);
  const message = `${name} waits for a limit for ${leftMs} ms more: ${after.dispatch.because}`;
  judge.report('I15 a wait that fits goes on', message);
}

/** @param calmMs for how long nothing has disturbed the world */
export function checkWaitEnds(
  { judge, timeline, disk }: Stage,
  { name, state, because }: Dispatch,
  attempt: AttemptTruth,
  calmMs: number,
): void {
  const { said, agentLives, damaged, key } = attempt;
  if (said === null || said.wait === null || state.kind !== 'running' || !agentLives) return;
  if (damaged || !disk.get(key).exists) return;
  const { from, until, doubtfulFrom } = said.wait;
  if (timeline.now >= Math.min(until, doubtfulFrom) || !isTooLong(said, attempt, SLACK_MS)) return;
  const waitedMs = Math.round(Math.min(calmMs, timeline.now - from));
  if (waitedMs < NOTICE_WITHIN_MS) return;
  const message = `${name} waits for ${waitedMs} ms, and will for too long: ${because}`;
  judge.report('I15 a wait that is too long is ended', message);
}
