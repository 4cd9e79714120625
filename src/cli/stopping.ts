// Owns ending dispatches at a person's wish and waiting for the proof that nothing of them is left.
import type { Dispatch, DispatchId, StopWish } from '../core/dispatch.ts';
import { DroverError } from '../core/error.ts';
import type { DispatchView } from '../ports.ts';
import { type ActEnd, actUntilSettled } from './act.ts';
import type { Herd } from '../compose.ts';
import { type Context, note } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { SURVIVORS_WAIT_MS } from './outlook.ts';
import { nameOf, stateWord, survivorWords } from './render/words.ts';

export interface StopOrder {
  readonly dispatches: readonly Dispatch[];
  readonly cause: StopWish['cause'];
  /** null: the grace of each dispatch */
  readonly graceMs: number | null;
  readonly because: string;
}

export interface StopEnd {
  readonly end: ActEnd;
  /** the rows as they are now, of those that had not ended before */
  readonly views: readonly DispatchView[];
  /** why nobody could carry the wish out; null: somebody could */
  readonly trouble: DroverError | null;
}

/**
 * Wishes the end of what has not ended, and waits until it has: for the longest grace and half a
 * minute, then whatever is left is a survivor and stays `stopping`, with its slot, for all to see.
 */
export async function stopAndWait(
  context: Context,
  herd: Herd,
  { dispatches, cause, graceMs, because }: StopOrder,
): Promise<StopEnd> {
  const open = dispatches.filter(({ state }) => state.kind !== 'ended');
  const ids = open.map(({ id }) => id);
  if (ids.length === 0) return { end: 'settled', views: [], trouble: null };
  await herd.ledger.wishStop(ids, { at: herd.clock.now(), graceMs, cause, because });
  const longestMs = open.reduce((most, { spec }) => Math.max(most, graceMs ?? spec.graceMs), 0);
  let end: ActEnd = 'bound';
  let trouble: DroverError | null = null;
  try {
    end = await actUntilSettled(context, herd, {
      settled: async () => await areStopped(herd, ids, cause),
      boundMs: longestMs + SURVIVORS_WAIT_MS,
    });
  } catch (error) {
    if (!isConfigTrouble(error)) throw error;
    trouble = error;
  }
  return { end, views: await herd.ledger.dispatches({ ids }), trouble };
}

/** Whom config.yaml protects cannot be told: nobody is signalled, and what was wished stands (I9). */
export function isConfigTrouble(error: unknown): error is DroverError {
  return error instanceof DroverError && error.code.startsWith('CONFIG_');
}

/**
 * A cancelled dispatch has ended; one that was only interrupted is back in the queue, which is all
 * that was wished.
 */
async function areStopped(
  herd: Herd,
  ids: readonly DispatchId[],
  cause: StopWish['cause'],
): Promise<boolean> {
  const states =
    cause === 'cancelled'
      ? (['queued', 'parked', 'starting', 'running', 'stopping'] as const)
      : (['starting', 'running', 'stopping'] as const);
  return (await herd.ledger.dispatches({ ids, states })).length === 0;
}

/** Says by identity what is still there, and returns the exit code for it. */
export async function reportStop(
  context: Context,
  herd: Herd,
  { end, views, trouble }: StopEnd,
): Promise<ExitCode> {
  if (end === 'settled') return EXIT.done;
  const left = views.filter(({ dispatch }) => dispatch.state.kind !== 'ended');
  for (const { dispatch } of left) noteStill(context, dispatch);
  if (end === 'interrupted') {
    note(context, 'not waited for the end; the wish stands and is carried out by who supervises');
    return EXIT.interrupted;
  }
  if (trouble !== null) {
    note(context, `nobody was signalled: ${trouble.message}`);
    note(context, 'the wish stands; put that right, and whoever supervises next carries it out');
    return EXIT.survived;
  }
  const row = await herd.ledger.supervisor();
  const who = row === null ? 'nobody' : `the supervisor (pid ${row.process.pid})`;
  note(context, `not ended in time; the slots stay held, ${who} goes on trying`);
  return EXIT.survived;
}

/** What it is, and why: somebody was told to end it. */
export function noteStill(context: Context, dispatch: Dispatch): void {
  note(context, `${nameOf(dispatch)} is still ${stateWord(dispatch.state)}: ${dispatch.because}`);
  for (const line of survivorLines(dispatch)) note(context, line);
}

function survivorLines({ state }: Dispatch): string[] {
  if (state.kind !== 'stopping') return [];
  return state.survivors.map((survivor) => `  survivor: ${survivorWords(survivor)}`);
}
