// Owns what a retry opens again: ended dispatches, and what was skipped because of them. One rule holds throughout:
// nothing waits for what has ended without success, for nobody would ever let it go.
import type { AttemptKey, DispatchId } from '../core/dispatch.ts';
import { WAITS_FOR_SLOT, waitsFor } from '../core/needs.ts';
import { text, whole } from './columns.ts';
import type { Row } from './driver.ts';
import { attemptOf } from './dependents.ts';
import { inherit, knownParent } from './parents.ts';
import { setState } from './writing.ts';
import type { Writing } from './writing.ts';

const ENDED = `select d.id, d.name, d.attempt, d.revision from dispatches d
  where d.id = $1 and d.state = 'ended'`;

const SKIPPED_DEPENDENTS = `select d.id, d.name, d.attempt, d.revision
  from dependencies p join dispatches d on d.id = p.dispatch
  where p.needs = $1 and d.state = 'ended' and d.outcome = 'skipped' order by d.position`;

const NEEDS = `select n.id, n.name, n.state, n.outcome
  from dependencies p join dispatches n on n.id = p.needs where p.dispatch = $1 order by n.position`;

type Opened = ReadonlyMap<DispatchId, Row>;

/**
 * Opens ended dispatches: `queued`, or parked where something that they need has still to succeed. What was skipped
 * because of them goes back to waiting, however many steps away. Attempts and their failures stay (I14).
 *
 * @param by the attempt from inside which it is asked; null: from outside
 * @returns those of `ids` that were opened. Left out is what has not ended, and what needs a dispatch that ended
 *   without success and is not opened too
 */
export async function retry(
  writing: Writing,
  ids: readonly DispatchId[],
  by: AttemptKey | null,
): Promise<readonly DispatchId[]> {
  const asked = await openable(writing, ids);
  const opened = new Map(asked);
  // Grows while it is walked: a skipped dispatch that is opened takes along what was skipped after it.
  const frontier = [...asked.keys()];
  for (const id of frontier) {
    for (const dependent of await writing.query(SKIPPED_DEPENDENTS, [id])) {
      const dependentId = text(dependent, 'id');
      if (opened.has(dependentId) || (await needsLost(writing, dependentId, opened))) continue;
      opened.set(dependentId, dependent);
      frontier.push(dependentId);
    }
  }
  for (const [id, row] of opened) await open(writing, row, { opened, asked: asked.has(id) });
  const parent = await knownParent(writing.query, by);
  if (parent !== null) await inherit(writing.query, parent, opened.keys());
  return [...asked.keys()];
}

/** The ended ones among `ids` of which no need is lost, each need that is opened with them counted as open. */
async function openable(
  writing: Writing,
  ids: readonly DispatchId[],
): Promise<Map<DispatchId, Row>> {
  const rows = new Map<DispatchId, Row>();
  for (const id of ids) {
    const [row] = await writing.query(ENDED, [id]);
    if (row !== undefined) rows.set(id, row);
  }
  for (let shrank = true; shrank; ) {
    shrank = false;
    for (const id of rows.keys()) {
      if (!(await needsLost(writing, id, rows))) continue;
      rows.delete(id);
      shrank = true;
    }
  }
  return rows;
}

/** Does it need something that has ended without success, and is not opened? */
async function needsLost({ query }: Writing, id: DispatchId, opened: Opened): Promise<boolean> {
  const needs = await query(NEEDS, [id]);
  return needs.some(
    (need) =>
      text(need, 'state') === 'ended' && !hasSucceeded(need) && !opened.has(text(need, 'id')),
  );
}

function hasSucceeded(need: Row): boolean {
  return need['outcome'] === 'succeeded';
}

async function open(
  writing: Writing,
  row: Row,
  { opened, asked }: { opened: Opened; asked: boolean },
): Promise<void> {
  const { query, events, now } = writing;
  const id = text(row, 'id');
  const key = { id, revision: whole(row, 'revision') };
  // A need that is opened in the same call counts as open, whichever of the two comes first here.
  const names = (await query(NEEDS, [id]))
    .filter((need) => !hasSucceeded(need) || opened.has(text(need, 'id')))
    .map((need) => text(need, 'name'));
  const waits = names.length > 0;
  const because = waits ? waitsFor(names) : WAITS_FOR_SLOT;
  const state = waits
    ? ({ kind: 'parked', since: now, for: 'dependency', until: null } as const)
    : ({ kind: 'queued', since: now } as const);
  if (!(await setState(writing, key, state, because))) return;
  // A wish from before the end was carried out, or came too late: it must not stop the new attempt.
  await query('update dispatches set stop_wish = null where id = $1', [id]);
  events.push({
    type: asked ? 'dispatch.retry-requested' : 'dispatch.parked',
    dispatch: id,
    attempt: attemptOf(row),
    data: { from: 'ended', to: state.kind, because },
  });
}
