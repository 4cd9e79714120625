// Owns what checks mean by a change of a row.
import { LIVE_STATES, type State } from '../../src/core/dispatch.ts';
import type { DispatchView } from '../../src/ports.ts';
import type { Commit } from './ledger-desk.ts';
import type { AttemptTruth } from './truth.ts';

/** One dispatch before and after a commit; `attempt` is the truth of the one that was live before. */
export interface RowChange {
  readonly before: DispatchView;
  readonly after: DispatchView;
  readonly attempt: AttemptTruth | null;
  readonly commit: Commit;
}

export function isLive({ kind }: State): boolean {
  return LIVE_STATES.some((live) => live === kind);
}

/** Does the attempt that was live hold its slot no more? */
export function leavesSlot({ before, after }: RowChange): boolean {
  const fenceMoved = after.dispatch.fence !== before.dispatch.fence;
  return isLive(before.dispatch.state) && (fenceMoved || !isLive(after.dispatch.state));
}
