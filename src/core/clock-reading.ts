// Owns what tells a step of the wall clock: how far it is ahead of the clock that never steps, now and before.
import type { Millis } from './dispatch.ts';

export interface ClockReading {
  /** of what the monotonic clock counts: only readings of one origin can be compared */
  readonly origin: string;
  /** wall clock less monotonic clock, whole milliseconds */
  readonly aheadMs: number;
}

/** Between two clocks that are read one after the other their reader can be stopped; then they are read again. */
const READING_MS_MAX = 100;
const READINGS_MAX = 5;

/** Reads both clocks as at one moment. */
export function readClocks(clock: {
  now(): Millis;
  monotonicMs(): number;
  origin(): string;
}): ClockReading & { readonly monotonicMs: number } {
  for (let readings = 1; ; readings++) {
    const beforeMs = clock.monotonicMs();
    const aheadMs = Math.round(clock.now() - beforeMs);
    const monotonicMs = clock.monotonicMs();
    if (monotonicMs - beforeMs <= READING_MS_MAX || readings === READINGS_MAX) {
      return { origin: clock.origin(), aheadMs, monotonicMs };
    }
  }
}

/** Below this the two clocks may drift apart (NTP slewing, coarse timers) without anything having happened. */
const STEP_MS_MIN = 2_000;

/**
 * By how much the wall clock has moved beyond the monotonic one: a step, or a suspend that the monotonic clock does not
 * count. 0 where it has not, and where the two cannot be compared: across a boot nothing lives whose durations could be kept.
 */
export function stepBetween(before: ClockReading, now: ClockReading): number {
  const byMs = now.aheadMs - before.aheadMs;
  return before.origin === now.origin && Math.abs(byMs) >= STEP_MS_MIN ? byMs : 0;
}
