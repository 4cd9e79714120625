// Owns what a shim is told, and how its start can end, whichever of the two shims it is.
import type { ProcessIdentity } from '../core/identity.ts';

export interface ShimOrder {
  /** the run directory; made where it is missing */
  readonly dir: string;
  readonly fence: number;
  /** octal; for the agent */
  readonly umask: string;
  /** which the agent enters before its exec; null: none */
  readonly cgroup: string | null;
  /** absolute; for the agent */
  readonly cwd: string;
  /** one line of JSON, for who finds the record without a ledger */
  readonly about: string;
  /** text of `deadline.json`; null: it has no deadline */
  readonly deadline: string | null;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** whether the shim stays until nobody of its tree is left, where it can tell */
  readonly stays: boolean;
}

/**
 * `running`: it has been started; null where it was gone before it could be identified. `failed`: nothing was started,
 * and it may be tried again. `exhausted`: nor could anything else be. `refused`: nothing was started, and nothing ever can be.
 */
export type ShimStart =
  | { readonly kind: 'running'; readonly shim: ProcessIdentity | null }
  | StartFailure
  | { readonly kind: 'refused'; readonly reason: string };

export interface StartFailure {
  readonly kind: 'failed' | 'exhausted';
  readonly because: string;
}

/**
 * Told of a shim that is there: `exited`: its agent has ended, which is on record, and others of its tree are left.
 * `ended`: it did its work to the end and is gone. `died`: it is gone, or nobody is left who would tell of it.
 */
export type ShimTold = (word: 'exited' | 'ended' | 'died') => void;
