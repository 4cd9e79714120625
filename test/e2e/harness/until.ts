// Owns waiting for a condition. The bound is for a hang only: nothing is ever concluded from how long something took.
import { setTimeout as pause } from 'node:timers/promises';

const BOUND_MS = 60_000;
const POLL_MS = 25;

/** Resolves with the first answer that is neither null, undefined nor false. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { boundMs = BOUND_MS }: { boundMs?: number } = {},
): Promise<Exclude<T, null | undefined | false>> {
  const endAt = Date.now() + boundMs;
  for (;;) {
    const answer = await look();
    if (answer !== null && answer !== undefined && answer !== false) {
      return answer as Exclude<T, null | undefined | false>;
    }
    if (Date.now() > endAt) throw new Error(`waited ${boundMs} ms in vain: ${what}`);
    await pause(POLL_MS);
  }
}
