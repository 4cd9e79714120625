// Owns whose children dispatches are: the attempt from inside which they were added, or asked for again.
import type { AttemptKey, DispatchId } from '../core/dispatch.ts';
import type { Query } from './driver.ts';

/** An environment may name an attempt of another time: nobody is the child of what this ledger does not know. */
export async function knownParent(
  query: Query,
  parent: AttemptKey | null,
): Promise<AttemptKey | null> {
  if (parent === null) return null;
  const sql = 'select 1 as one from attempts where dispatch = $1 and fence = $2';
  return (await query(sql, [parent.dispatch, parent.fence])).length === 0 ? null : parent;
}

/**
 * A new attempt that asks again for what one before it has added waits for it now. Ended ones too: they may be opened by
 * the same command, and nobody waits for them before.
 */
export async function inherit(
  query: Query,
  parent: AttemptKey,
  children: Iterable<DispatchId>,
): Promise<void> {
  for (const id of children) {
    await query(
      `update dispatches set parent_fence = $3
       where id = $1 and parent_dispatch = $2 and parent_fence < $3`,
      [id, parent.dispatch, parent.fence],
    );
  }
}
