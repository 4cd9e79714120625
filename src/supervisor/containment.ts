// Owns what every containment tier answers: who is in an attempt's tree, and how that tree is brought down.
import type { LiveDispatch } from '../core/dispatch.ts';
import type { Look } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { ProcessRow } from '../ports.ts';
import type { AttemptMemory } from './memory.ts';
import type { TableLook } from './table-look.ts';
import type { World } from './world.ts';

/** What one look finds in the hands of a tier. */
export interface Held {
  readonly rows: readonly ProcessRow[];
  /**
   * CPU time that the tree has used so far by the books of what holds it, milliseconds, with those that nobody waited for;
   * null: there are none, or others are in them.
   */
  readonly cpuMs: number | null;
  /** what holds the tree says, by itself, that nobody is left */
  readonly isEmptied: boolean;
}

/** An attempt whose tree has to go. */
export interface Doomed {
  readonly live: LiveDispatch;
  readonly memory: AttemptMemory;
}

export interface Containment {
  /** Finds the members in this snapshot, and remembers what proves membership later. */
  members(world: World, live: LiveDispatch, memory: AttemptMemory, table: TableLook): Look<Held>;
  /**
   * Kills these trees, from looks that they share. Nothing is concluded here; the looks that follow say what is left.
   *
   * @param shims protected ones; that of an attempt is left out of them once it has nothing left to record
   * @returns how many processes were killed, or why nobody, or not everybody, could be signalled
   */
  end(world: World, doomed: readonly Doomed[], shims: readonly ProcessIdentity[]): Look<number>;
}
