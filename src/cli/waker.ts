// Owns waiting that can be cut short: one sleeper, woken by whatever happens first.
import type { Clock } from '../ports.ts';

export interface Waker {
  /** Ends the sleep that is under way, or the next one before it begins. */
  readonly wake: () => void;
  readonly sleep: (durationMs: number) => Promise<void>;
}

/**
 * Each sleep gets a promise of its own: reactions that pile up on one long-lived promise would grow
 * for as long as a campaign is followed.
 */
export function createWaker(clock: Clock): Waker {
  let woken = false;
  let interrupt: (() => void) | null = null;
  return {
    wake() {
      woken = true;
      interrupt?.();
    },
    async sleep(durationMs) {
      if (!woken) {
        await clock.sleep(
          durationMs,
          new Promise((resolve) => {
            interrupt = resolve;
          }),
        );
        interrupt = null;
      }
      woken = false;
    },
  };
}
