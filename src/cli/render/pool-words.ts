// Owns how what keeps a pool from starting is said: a person, its provider, limits. Pure.
import type { Millis } from '../../core/dispatch.ts';
import { isClosed, type PoolLimit, type PoolUse } from '../../core/pool.ts';
import type { Colour } from './paint.ts';
import { momentShown } from './time.ts';
import { oneLine } from './width.ts';

/** `blocked until 14:05:00 (limit reached)`; where it stops one model only, that comes first. */
export function limitWords(limit: PoolLimit, now: Millis): string {
  const { model, because } = limit;
  const whom = model === null ? '' : `model ${model} `;
  return `${whom}${limitState(limit, now)} (${oneLine(because)})`;
}

function limitState({ until, probe }: PoolLimit, now: Millis): string {
  if (until > now) return `blocked until ${momentShown(until, now)}`;
  return probe === null ? 'to be probed by the next one' : `being probed by ${probe.dispatch}`;
}

/** `paused by hand`, or why its provider lets nobody in; null: it is not paused. */
export function pauseWords({ paused, pausedBecause }: PoolUse): string | null {
  if (!paused) return null;
  return pausedBecause === null ? 'paused by hand' : `paused: ${oneLine(pausedBecause)}`;
}

/** What a table says of it: `open`, or all that keeps it closed. */
export function poolState(pool: PoolUse, now: Millis): { text: string; colour: Colour | null } {
  const limits = pool.limits.map((limit) => limitWords(limit, now));
  const words = [...[pauseWords(pool)].filter((word) => word !== null), ...limits];
  if (words.length === 0) return { text: 'open', colour: null };
  const closed = pool.paused || pool.limits.some((limit) => isClosed(limit, now));
  return { text: words.join('; '), colour: closed ? 'yellow' : null };
}
