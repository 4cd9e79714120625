// Owns the common grid on which attempts are looked at.
import type { Millis } from '../core/dispatch.ts';

/** In less, CPU time is too coarse to tell work from idling (signs.ts). */
export const SAMPLES_APART_MS_MIN = 200;

/** Several samples fit into a stall window; on a common grid, so that one look at the table serves all attempts. */
export function sampleEveryMs(stallMs: number): number {
  return Math.min(10_000, Math.max(SAMPLES_APART_MS_MIN, Math.floor(stallMs / 5)));
}

/** The next look of an attempt that stays as it is: when time may change something, and on the common sampling grid. */
export function nextLookAt(now: Millis, everyMs: number, changesAt: Millis | null): Millis {
  const grid = (Math.floor(now / everyMs) + 1) * everyMs;
  return changesAt === null ? grid : Math.min(grid, Math.max(changesAt, now + 1));
}
