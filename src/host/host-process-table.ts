// Owns what the host adds to the port ProcessTable for its own use.
import type { Look } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { ProcessTable } from '../ports.ts';

export interface HostProcessTable extends ProcessTable {
  /** The identity of whoever has this pid now; only for a child that cannot have been waited for yet. null: not known. */
  identify(pid: number): ProcessIdentity | null;
  /** Whoever has this pid now, whether or not it is ours. `absent`: nobody who lives, or nobody whom we may see. */
  occupant(pid: number): Look<ProcessIdentity>;
}
