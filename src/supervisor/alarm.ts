// Owns waking the loop: a sleep that a ring cuts short, and never a ring that gets lost between two sleeps.
import type { Clock } from '../ports.ts';

/**
 * One waiter, many ringers. A ring while nobody sleeps makes the next sleep as short as can be. It is still a sleep: a
 * loop that never sleeps keeps everybody else in this process from running, those included that it waits for.
 */
export function createAlarm() {
  let rung = false;
  let wakeUp: () => void = () => {};
  return {
    ring(): void {
      rung = true;
      wakeUp();
    },
    async sleep(clock: Clock, durationMs: number): Promise<void> {
      const interrupt = new Promise<void>((resolve) => {
        wakeUp = resolve;
      });
      await clock.sleep(rung ? 0 : Math.max(0, durationMs), interrupt);
      rung = false;
    },
  };
}

/** A sleep that nothing cuts short. A promise for all of them would keep something of each, for weeks. */
export async function pause(clock: Clock, durationMs: number): Promise<void> {
  await clock.sleep(durationMs, new Promise<void>(() => {}));
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
