// Owns the two clocks of a world and what can happen to them: steps of the wall clock, and suspends. True time
// (timeline.ts) counts only while machines are awake.
import type { Timeline } from './timeline.ts';

/** 2026-11-05 12:00 UTC: any moment will do, and none near zero, where a missing time would look like a real one. */
const WALL_START = 1_793_880_000_000;

export class Clocks {
  readonly #timeline: Timeline;
  #wallAheadMs = 0;
  #monotonicAheadMs = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Milliseconds since the epoch, as a person would read them. */
  wall(): number {
    return Math.floor(WALL_START + this.#timeline.now + this.#wallAheadMs);
  }

  /** Milliseconds since the machine booted, of the clock that never steps back. */
  monotonicMs(): number {
    return this.#timeline.now + this.#monotonicAheadMs;
  }

  /** The machine boots: its monotonic clock begins again. */
  boot(): void {
    this.#monotonicAheadMs = -this.#timeline.now;
  }

  /** Somebody, or NTP, sets the wall clock. */
  step(byMs: number): void {
    this.#wallAheadMs += byMs;
  }

  /** The lid is closed. Some systems count the sleep in their monotonic clock, some do not (ports.ts allows both). */
  suspend(durationMs: number, countedByMonotonic: boolean): void {
    this.#wallAheadMs += durationMs;
    if (countedByMonotonic) this.#monotonicAheadMs += durationMs;
  }
}
