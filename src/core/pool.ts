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
