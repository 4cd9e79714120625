// Owns what every write has in common: one transaction, its moment, and the events that it leaves behind.
import type { DispatchId, Millis, State } from '../core/dispatch.ts';
import type { NewEvent } from '../core/event.ts';
import { whole } from './columns.ts';
import type { Driver, Query, Value } from './driver.ts';
import { placeholders, STATE_COLUMNS, stateValues } from './rows.ts';

/** One statement for what a dispatch reports of a change; few enough shapes that each stays prepared. */
const EVENTS_PER_STATEMENT = 8;

/** A write transaction under way. */
export interface Writing {
  readonly query: Query;
  readonly now: Millis;
  /** appended to the event log at the end, in this order */
  readonly events: NewEvent[];
}

/** Runs `work` in one write transaction, then appends its events; nothing of either where anything fails. */
export function write<T>(
  driver: Driver,
  now: Millis,
  work: (writing: Writing) => Promise<T>,
): Promise<T> {
  return driver.transaction(async (query) => {
    const events: NewEvent[] = [];
    const result = await work({ query, now, events });
    await appendEvents(query, events, now);
    return result;
  });
}

/**
 * Takes the next `count` numbers of a counter. The row stays locked until the commit, so that numbers have no gaps and
 * follow the order of commits.
 *
 * @returns the first of them
 */
export async function takeNumbers(
  query: Query,
  counter: 'event' | 'position',
  count: number,
): Promise<number> {
  const sql = 'update counters set value = value + $1 where name = $2 returning value';
  const [row] = await query(sql, [count, counter]);
  if (row === undefined) throw new Error(`the ledger has no counter "${counter}"`);
  return whole(row, 'value') - count + 1;
}

async function appendEvents(query: Query, events: readonly NewEvent[], now: Millis): Promise<void> {
  if (events.length === 0) return;
  let seq = await takeNumbers(query, 'event', events.length);
  for (let from = 0; from < events.length; from += EVENTS_PER_STATEMENT) {
    const chunk = events.slice(from, from + EVENTS_PER_STATEMENT);
    const params = chunk.flatMap(({ type, dispatch, attempt, data }): Value[] => {
      return [seq++, now, type, dispatch, attempt, JSON.stringify(data)];
    });
    await query(insertEvents(chunk.length), params);
  }
}

const EVENT_COLUMNS = ['seq', 'at', 'type', 'dispatch', 'attempt', 'data'];

function insertEvents(count: number): string {
  const width = EVENT_COLUMNS.length;
  const rows = Array.from({ length: count }, (_, row) => {
    return `(${placeholders(width, row * width + 1)})`;
  });
  return `insert into events (${EVENT_COLUMNS.join(', ')}) values ${rows.join(', ')}`;
}

const STATE_ASSIGNMENTS = STATE_COLUMNS.map((column, index) => `${column} = $${index + 4}`).join(
  ', ',
);

const SET_STATE = `update dispatches set because = $3, ${STATE_ASSIGNMENTS}, revision = revision + 1
  where id = $1 and revision = $2 returning id`;

/** Moves a dispatch to a state if it still has `revision`; the plain columns follow. */
export async function setState(
  { query }: Writing,
  { id, revision }: { readonly id: DispatchId; readonly revision: number },
  state: State,
  because: string,
): Promise<boolean> {
  const params: readonly Value[] = [id, revision, because, ...stateValues(state)];
  return (await query(SET_STATE, params)).length > 0;
}
