// Owns the real clock: the only place where time is read and waited for.
import { readlinkSync } from 'node:fs';
import type { Clock } from '../ports.ts';
import { readBootId } from './boot-id.ts';
import { giveWay } from './turns.ts';

/** The longest wait that a timer of Node can hold, in milliseconds (2^31 - 1); a longer one would fire at once. */
const TIMER_MAX_MS = 2_147_483_647;

export function createClock(): Clock {
  let origin: string | null = null;
  return {
    origin: () => (origin ??= `${readBootId()}${timeNamespace()}`),

    now: () => Date.now(),

    // hrtime and not performance.now(): its zero is the boot, not the start of this process, so that two processes of
    // one boot can compare.
    monotonicMs: () => {
      const [seconds, nanoseconds] = process.hrtime();
      return seconds * 1_000 + nanoseconds / 1_000_000;
    },

    /**
     * `durationMs` beyond 24 days is cut to 24 days: who sleeps that long looks again anyway. `interrupt` may also
     * reject; a failed interrupt interrupts.
     */
    sleep: (durationMs, interrupt) =>
      new Promise((resolve) => {
        if (durationMs <= 0) {
          setImmediate(resolve);
          return;
        }
        const timer = setTimeout(resolve, Math.min(durationMs, TIMER_MAX_MS));
        const wake = () => {
          clearTimeout(timer);
          resolve();
        };
        interrupt.then(wake, wake);
      }),

    giveWay,
  };
}

/** Whoever is in another one (a restored container) has a monotonic clock of its own, in the same boot. */
function timeNamespace(): string {
  try {
    return ` ${readlinkSync('/proc/self/ns/time')}`;
  } catch {
    return '';
  }
}
