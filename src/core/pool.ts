// Owns what a pool is: its slots, and what keeps them closed.
import type { TokenUsage } from './agent-event.ts';
import type { AttemptKey, Millis } from './dispatch.ts';

/**
 * An observed limit of the provider behind a pool (I15). While `until` has not come nothing starts that it stops; after
 * that one attempt probes it, and the rest follows once that one was answered.
 */
export interface PoolLimit {
  readonly pool: string;
  /** whom it stops: those who use this model; null: everybody */
  readonly model: string | null;
  readonly since: Millis;
  readonly until: Millis;
  /** times in a row that it was met without a known reset */
  readonly tries: number;
  readonly because: string;
  /** where the message was read, and of which dispatch */
  readonly source: string;
  /** the attempt that met it */
  readonly by: AttemptKey;
  /** null: nobody was let through yet */
  readonly probe: AttemptKey | null;
}

export interface Pool {
  readonly name: string;
  readonly slots: number;
  /** by a person (`drover pause`), or because its provider lets nobody in */
  readonly paused: boolean;
  /** null: by a person, or not at all */
  readonly pausedBecause: string | null;
}

export interface PoolUse extends Pool {
  readonly limits: readonly PoolLimit[];
  /** of all attempts in it */
  readonly usage: TokenUsage | null;
  /** counted from the live rows */
  readonly used: number;
  readonly queued: number;
}

/** Does it stop those who use this model? Null: the program's own choice, of which nothing is known. */
export function appliesTo(limit: PoolLimit, model: string | null): boolean {
  return limit.model === null || limit.model === model;
}

/** The limit of a pool that a dispatch is under; that of everybody goes before that of its model. */
export function limitFor(
  limits: readonly PoolLimit[],
  pool: string,
  model: string | null,
): PoolLimit | null {
  const over = limits.filter((limit) => limit.pool === pool && appliesTo(limit, model));
  return over.find((limit) => limit.model === null) ?? over[0] ?? null;
}

/** Nobody whom it stops may start: it is in force, or its probe has no answer yet. */
export function isClosed(limit: PoolLimit, now: Millis): boolean {
  return limit.until > now || limit.probe !== null;
}

/**
 * Does what was seen now change what is on record? A limit that lasts longer does, and so does whatever its probe met:
 * that is the answer for which everybody waits.
 */
export function replaces(seen: PoolLimit, known: PoolLimit | null): boolean {
  if (known === null || seen.until > known.until) return true;
  return known.probe !== null && isSameAttempt(known.probe, seen.by);
}

export function isSameAttempt(one: AttemptKey, other: AttemptKey): boolean {
  return one.dispatch === other.dispatch && one.fence === other.fence;
}
