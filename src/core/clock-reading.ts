// Owns what tells a step of the wall clock: how far it is ahead of the clock that never steps, now and before.
import type { Millis } from './dispatch.ts';

/** Two readings can be compared where they are of one boot, whoever took them. */
export interface ClockReading {
  readonly bootId: string;
  /** wall clock less monotonic clock, whole milliseconds */
  readonly aheadMs: number;
}

/** Between two clocks that are read one after the other their reader can be stopped; then they are read again. */
const READING_MS_MAX = 100;
const READINGS_MAX = 5;

/** Reads both clocks as at one moment. */
export function readClocks(clock: { now(): Millis; monotonicMs(): number }): {
  readonly aheadMs: number;
  readonly monotonicMs: number;
} {
  for (let readings = 1; ; readings++) {
    const beforeMs = clock.monotonicMs();
    const aheadMs = Math.round(clock.now() - beforeMs);
    const monotonicMs = clock.monotonicMs();
    if (monotonicMs - beforeMs <= READING_MS_MAX || readings === READINGS_MAX) {
      return { aheadMs, monotonicMs };
    }
  }
}

/** Below this the two clocks may drift apart (NTP slewing, coarse timers) without anything having happened. */
const STEP_MS_MIN = 2_000;

/**
 * By how much the wall clock has moved beyond the monotonic one: a step, or a suspend that the monotonic clock does not
 * count. 0 where it has not, and across a boot, where nothing lives whose durations could be kept.
 */
export function stepBetween(before: ClockReading, now: ClockReading): number {
  const byMs = now.aheadMs - before.aheadMs;
  return before.bootId === now.bootId && Math.abs(byMs) >= STEP_MS_MIN ? byMs : 0;
}
