// Owns lists of dispatches and their number, by any filter: what most commands ask for, and `drover ps` hardly anything else.
import { LIVE_STATES, OPEN_STATES, type StateKind } from '../core/dispatch.ts';
import type { DispatchFilter, DispatchView } from '../ports.ts';
import { whole } from './columns.ts';
import type { Query, Value } from './driver.ts';
import { ATTEMPT, DISPATCH, placeholders, toAttempt, toDispatch } from './rows.ts';
import { ENDED, LIVE, OPEN, TOLD } from './schema-1.ts';

/** Engines bound the number of parameters of a statement; SQLite at 32,766. */
const IDS_PER_QUERY = 500;

/** The filter as conditions on `d`, split where there are more ids than one statement takes. */
function conditions(filter: DispatchFilter): readonly { where: string; params: Value[] }[] {
  const { campaign, states, ids, parent } = filter;
  const params: Value[] = [];
  const terms: string[] = [];
  if (campaign !== undefined) terms.push(`d.campaign = $${params.push(campaign)}`);
  if (parent !== undefined) {
    const dispatch = params.push(parent.dispatch);
    const fence = params.push(parent.fence);
    terms.push(`d.parent_dispatch = $${dispatch} and d.parent_fence = $${fence}`);
  }
  if (states !== undefined) terms.push(...stateTerms(states, params));
  if (ids === undefined) return [{ where: terms.join(' and ') || '1 = 1', params }];
  const chunks: { where: string; params: Value[] }[] = [];
  const unique = [...new Set(ids)];
  for (let from = 0; from < unique.length; from += IDS_PER_QUERY) {
    const chunk = unique.slice(from, from + IDS_PER_QUERY);
    const term = `d.id in (${placeholders(chunk.length, params.length + 1)})`;
    chunks.push({ where: [...terms, term].join(' and '), params: [...params, ...chunk] });
  }
  return chunks;
}

/** The words of the partial indexes that hold certain states, and nothing else. */
const INDEXED: readonly (readonly [term: string, states: readonly StateKind[]])[] = [
  [LIVE, LIVE_STATES],
  [OPEN, OPEN_STATES],
  [ENDED, ['ended']],
];

/**
 * States as conditions, beginning with that of the smallest index that holds all of them. States that are just those of
 * an index are not listed besides: then each of its rows would be looked up in the table to compare them.
 */
function stateTerms(states: readonly StateKind[], params: Value[]): readonly string[] {
  const asked = new Set(states);
  const index = INDEXED.find(([, held]) => states.every((state) => held.includes(state)));
  if (index !== undefined && asked.size === index[1].length) return [index[0]];
  const listed = `d.state in (${placeholders(states.length, params.length + 1)})`;
  params.push(...states);
  return index === undefined ? [listed] : [index[0], listed];
}

/** With their newest attempt, in the order of submission. */
export async function dispatches(
  query: Query,
  filter: DispatchFilter,
): Promise<readonly DispatchView[]> {
  if (filter.states?.length === 0) return [];
  const views: DispatchView[] = [];
  const chunks = conditions(filter);
  const limit = filter.limit === undefined ? '' : ` limit ${Math.trunc(filter.limit)}`;
  for (const { where, params } of chunks) {
    const sql = `select ${DISPATCH}, ${ATTEMPT}
      from dispatches d left join attempts a on a.dispatch = d.id and a.fence = d.fence
      where ${where} order by d.position${limit}`;
    for (const row of await query(sql, params)) {
      const attempt = row['attempt'] === null ? null : toAttempt(row);
      views.push({ dispatch: toDispatch(row), attempt });
    }
  }
  if (chunks.length > 1) views.sort((a, b) => a.dispatch.position - b.dispatch.position);
  return filter.limit === undefined ? views : views.slice(0, filter.limit);
}

/** Has any agent told what it uses? Where none has, nothing need be loaded that adds it up. */
export async function isUseTold(query: Query): Promise<boolean> {
  const sql = `select a.fence from attempts a where ${TOLD} limit 1`;
  return (await query(sql, [])).length > 0;
}

export async function count(query: Query, filter: Omit<DispatchFilter, 'limit'>): Promise<number> {
  if (filter.states?.length === 0) return 0;
  let found = 0;
  for (const { where, params } of conditions(filter)) {
    const sql = `select count(*) as n from dispatches d where ${where}`;
    for (const row of await query(sql, params)) found += whole(row, 'n');
  }
  return found;
}
