// Owns when something may be started again after this machine had no room for it: descriptors, processes, memory, disk.
import { formatDuration } from '../core/duration.ts';

const FIRST_MS = 1_000;
/** Whoever makes room waits so long at most. */
const MAX_MS = 60_000;

/** Moments are of the monotonic clock. */
export interface Room {
  /** A start has found none. */
  missed(because: string, nowMs: number): void;
  /** How long nothing may be started; 0: it may. */
  heldBackMs(nowMs: number): number;
}

export function createRoom(log: (line: string) => void): Room {
  let waitMs = 0;
  let nextAtMs = Number.NEGATIVE_INFINITY;
  return {
    missed(because, nowMs) {
      // Those that were started together miss it together.
      if (nowMs < nextAtMs) return;
      // Not with the next start that finds room: where one does and three do not, they would be tried again and again.
      const wasThere = nowMs - nextAtMs > waitMs;
      waitMs = wasThere ? FIRST_MS : Math.min(MAX_MS, waitMs * 2);
      nextAtMs = nowMs + waitMs;
      log(`nothing can be started now: ${because}; next try in ${formatDuration(waitMs)}`);
    },
    heldBackMs: (nowMs) => Math.max(0, nextAtMs - nowMs),
  };
}
