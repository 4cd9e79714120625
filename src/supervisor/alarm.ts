// Owns waking the loop: a sleep that a ring cuts short, and never a ring that gets lost between two sleeps.
import type { Clock } from '../ports.ts';

/** One waiter, many ringers. A ring while nobody sleeps makes the next sleep return at once. */
export function createAlarm() {
  let rung = false;
  let wakeUp: () => void = () => {};
  return {
    ring(): void {
      rung = true;
      wakeUp();
    },
    async sleep(clock: Clock, durationMs: number): Promise<void> {
      if (!rung && durationMs > 0) {
        const interrupt = new Promise<void>((resolve) => {
          wakeUp = resolve;
        });
        await clock.sleep(durationMs, interrupt);
      }
      rung = false;
    },
  };
}

/** Everybody who waits is told of the next emission. */
export function createSignal() {
  let resolveNext: () => void = () => {};
  let promise = new Promise<void>((resolve) => {
    resolveNext = resolve;
  });
  return {
    next: () => promise,
    emit(): void {
      resolveNext();
      promise = new Promise<void>((resolve) => {
        resolveNext = resolve;
      });
    },
  };
}
