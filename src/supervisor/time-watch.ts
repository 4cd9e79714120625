// Owns noticing that time did something odd: a step of the wall clock, a suspend, or a supervisor that could not run.
import { type ClockReading, readClocks } from '../core/clock-reading.ts';
import type { Clock } from '../ports.ts';

/** A supervisor that wakes this much later than planned was stopped or starved, and has missed what happened meanwhile. */
const LATE_MS_MIN = 5_000;

export interface TimeReading {
  readonly clocks: ClockReading;
  /** how much later than planned we woke, or how long a pass took, by the monotonic clock; 0 where in time */
  readonly lateMs: number;
}

/** Reads both clocks, between calls of which nothing may be late. The first call only begins. */
export function createTimeWatch(clock: Clock) {
  let plannedMs: number | null = null;
  /** what a pass has lost since the last check: it can be stopped in its middle as well */
  let lostMs = 0;
  return {
    /** @param sleepMs how long the caller is about to sleep */
    planSleep(sleepMs: number): void {
      const now = clock.monotonicMs();
      if (plannedMs !== null) lostMs = Math.max(lostMs, now - plannedMs);
      plannedMs = now + sleepMs;
    },
    check(): TimeReading {
      const { monotonicMs, ...clocks } = readClocks(clock);
      const lateMs = plannedMs === null ? 0 : Math.max(lostMs, monotonicMs - plannedMs);
      lostMs = 0;
      plannedMs = monotonicMs;
      return { clocks, lateMs: lateMs >= LATE_MS_MIN ? Math.round(lateMs) : 0 };
    },
  };
}
