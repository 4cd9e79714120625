// Owns waiting for a condition. The bound is for a hang only: nothing is ever concluded from how long something took.
import { setTimeout as pause } from 'node:timers/promises';

const BOUND_MS = 60_000;
const POLL_FIRST_MS = 20;
/** A look may be a command of its own, which costs more than what it looks at. */
const POLL_MAX_MS = 250;

/** Resolves with the first answer that is neither null, undefined nor false. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { boundMs = BOUND_MS }: { boundMs?: number } = {},
): Promise<Exclude<T, null | undefined | false>> {
  const endAt = Date.now() + boundMs;
  for (let pollMs = POLL_FIRST_MS; ; pollMs = Math.min(POLL_MAX_MS, pollMs * 1.5)) {
    const answer = await look();
    if (answer !== null && answer !== undefined && answer !== false) {
      return answer as Exclude<T, null | undefined | false>;
    }
    if (Date.now() > endAt) throw new Error(`waited ${boundMs} ms in vain: ${what}`);
    await pause(pollMs);
  }
}
