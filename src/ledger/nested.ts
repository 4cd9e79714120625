// Owns which full pools give a slot beyond their cap: those in which all wait for what they have added
// (docs/decisions/0017-slots-of-nested-work.md).
import type { Query } from './driver.ts';
import { LIVE } from './schema-1.ts';

/** A dispatch `d` that a live attempt has added, and so may be waiting for. */
export const NESTED = `d.parent_dispatch is not null and exists (
    select 1 from dispatches o where o.id = d.parent_dispatch and o.fence = d.parent_fence and o.${LIVE})`;

/**
 * A live row of the pool that does not wait: no queued dispatch descends from it, through attempts that are live. Found
 * at once where the first row has added nothing, which is the rule.
 */
const WHO_GOES_ON = `select r.id from dispatches r where r.pool = $1 and r.${LIVE} and not exists (
    with recursive below (id, fence, state) as (
      select c.id, c.fence, c.state from dispatches c
        where c.parent_dispatch = r.id and c.parent_fence = r.fence and c.state <> 'ended'
      union
      select c.id, c.fence, c.state from below b
        join dispatches c on c.parent_dispatch = b.id and c.parent_fence = b.fence
        where b.${LIVE} and c.state <> 'ended')
    select 1 from below where below.state = 'queued')
  limit 1`;

/** Does every row that holds a slot of this full pool wait for a queued dispatch? */
export async function allWait(query: Query, pool: string): Promise<boolean> {
  return (await query(WHO_GOES_ON, [pool])).length === 0;
}
