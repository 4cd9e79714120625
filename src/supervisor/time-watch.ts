// Owns noticing that time did something odd: a step of the wall clock, a suspend, or a supervisor that could not run.
import type { Millis } from '../core/dispatch.ts';
import type { Clock } from '../ports.ts';

/** Below this the two clocks may drift apart (NTP slewing, coarse timers) without anything having happened. */
const STEP_MS_MIN = 2_000;
/** A supervisor that wakes this much later than planned was stopped or starved, and has missed what happened meanwhile. */
const LATE_MS_MIN = 5_000;

export interface TimeOddity {
  /** by how much the wall clock moved beyond the monotonic one: a step, or a suspend */
  readonly steppedMs: number;
  /** how much later than planned we woke, or how long a pass took, by the monotonic clock; 0 where in time */
  readonly lateMs: number;
}

/** Compares both clocks between calls. The first call only begins. */
export function createTimeWatch(clock: Clock) {
  let wall: Millis | null = null;
  let monotonicMs = 0;
  let plannedMs = 0;
  /** what a pass has lost since the last check: it can be stopped in its middle as well */
  let lostMs = 0;
  return {
    /** @param sleepMs how long the caller is about to sleep */
    planSleep(sleepMs: number): void {
      const now = clock.monotonicMs();
      if (wall !== null) lostMs = Math.max(lostMs, now - plannedMs);
      plannedMs = now + sleepMs;
    },
    check(): TimeOddity {
      const wallNow = clock.now();
      const monotonicNow = clock.monotonicMs();
      const steppedMs = wall === null ? 0 : wallNow - wall - (monotonicNow - monotonicMs);
      const lateMs = wall === null ? 0 : Math.max(lostMs, monotonicNow - plannedMs);
      lostMs = 0;
      wall = wallNow;
      monotonicMs = monotonicNow;
      plannedMs = monotonicNow;
      return {
        steppedMs: Math.abs(steppedMs) >= STEP_MS_MIN ? Math.round(steppedMs) : 0,
        lateMs: lateMs >= LATE_MS_MIN ? Math.round(lateMs) : 0,
      };
    },
  };
}
