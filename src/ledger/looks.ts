// Owns everything that is only read: dispatches, attempts, campaigns, pools, events. Each on one snapshot.
import type { Attempt, Dispatch, LiveDispatch, Millis, PoolUse } from '../core/dispatch.ts';
import { LIVE_STATES, OPEN_STATES, type StateKind } from '../core/dispatch.ts';
import type { LedgerEvent } from '../core/event.ts';
import { skipReason } from '../core/needs.ts';
import type { CampaignRow, DispatchFilter, DispatchView, EventQuery } from '../ports.ts';
import { COUNTED, countFailures } from './failures.ts';
import { text, textOrNull, whole, wholeOrNull, word } from './columns.ts';
import type { Query, Row, Value } from './driver.ts';
import {
  ATTEMPT,
  DISPATCH,
  liveState,
  placeholders,
  toAttempt,
  toDispatch,
  toEvent,
  toPool,
} from './rows.ts';
import { ENDED, LIVE, OPEN } from './schema-1.ts';

const LIVE_WITH_ATTEMPT = `select ${DISPATCH}, ${ATTEMPT}
  from dispatches d join attempts a on a.dispatch = d.id and a.fence = d.fence
  where ${LIVE} order by d.position`;

const LIVE_FAILURES = `select a.dispatch, a.class, count(*) as n
  from dispatches d join attempts a on a.dispatch = d.id
  where ${LIVE} and d.fence > 1 and ${COUNTED} group by a.dispatch, a.class`;

export async function live(query: Query): Promise<readonly LiveDispatch[]> {
  const rows = await query(LIVE_WITH_ATTEMPT, []);
  const dispatchRows = rows.map(toDispatch);
  // Most have no earlier attempt; then nobody has to be asked about failures.
  const again = dispatchRows.some(({ fence }) => fence > 1);
  const failures = new Map<string, Row[]>();
  for (const row of again ? await query(LIVE_FAILURES, []) : []) {
    const id = text(row, 'dispatch');
    const known = failures.get(id);
    if (known === undefined) failures.set(id, [row]);
    else known.push(row);
  }
  return rows.flatMap((row, index) => {
    const dispatch = dispatchRows[index]!;
    const state = liveState(dispatch.state);
    if (state === null) return [];
    const attempt = toAttempt(row);
    return [
      {
        dispatch: { ...dispatch, state },
        attempt,
        failures: countFailures(failures.get(dispatch.id) ?? []),
      },
    ];
  });
}

const DUE = `select ${DISPATCH} from dispatches d
  where d.state = 'parked' and d.until_at is not null and d.until_at <= $1 order by d.position`;

const WISHED = `select ${DISPATCH} from dispatches d
  where d.stop_wish is not null and d.state in ('queued', 'parked') order by d.position`;

export async function due(query: Query, now: Millis): Promise<readonly Dispatch[]> {
  const wished = (await query(WISHED, [])).map(toDispatch);
  const ids = new Set(wished.map(({ id }) => id));
  const lifted = (await query(DUE, [now])).map(toDispatch).filter(({ id }) => !ids.has(id));
  return [...wished, ...lifted];
}

export async function nextDueAt(query: Query): Promise<Millis | null> {
  const sql = `select min(until_at) as at from dispatches where state = 'parked' and until_at is not null`;
  const [row] = await query(sql, []);
  return row === undefined ? null : wholeOrNull(row, 'at');
}

/** Engines bound the number of parameters of a statement; SQLite at 32,766. */
const IDS_PER_QUERY = 500;

/** The filter as conditions on `d`, split where there are more ids than one statement takes. */
function conditions(filter: DispatchFilter): readonly { where: string; params: Value[] }[] {
  const { campaign, states, ids } = filter;
  const params: Value[] = [];
  const terms: string[] = [];
  if (campaign !== undefined) terms.push(`d.campaign = $${params.push(campaign)}`);
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

export async function count(query: Query, filter: Omit<DispatchFilter, 'limit'>): Promise<number> {
  if (filter.states?.length === 0) return 0;
  let found = 0;
  for (const { where, params } of conditions(filter)) {
    const sql = `select count(*) as n from dispatches d where ${where}`;
    for (const row of await query(sql, params)) found += whole(row, 'n');
  }
  return found;
}

export async function attempts(query: Query, dispatch: string): Promise<readonly Attempt[]> {
  const sql = `select ${ATTEMPT} from attempts a where a.dispatch = $1 order by a.fence`;
  return (await query(sql, [dispatch])).map(toAttempt);
}

/** More matches than this tell a person nothing but "ambiguous". */
const MATCHES_MAX = 10;

export async function find(query: Query, reference: string): Promise<readonly Dispatch[]> {
  const select = async (where: string, params: readonly Value[]) => {
    const sql = `select ${DISPATCH} from dispatches d where ${where} order by d.position limit $1`;
    return (await query(sql, [MATCHES_MAX, ...params])).map(toDispatch);
  };
  if (reference === '') return [];
  const slash = reference.indexOf('/');
  if (slash >= 0) {
    const named = [reference.slice(0, slash), reference.slice(slash + 1)];
    return select('d.campaign = $2 and d.name = $3', named);
  }
  const exact = await select('d.id = $2', [reference]);
  if (exact.length > 0) return exact;
  // Not "like": an underscore or a capital letter in the reference would match what it is not.
  return select('substr(d.id, 1, $2) = $3', [reference.length, reference]);
}

const CAMPAIGNS = 'select name, on_failure, file from campaigns';

export async function campaignNamed(query: Query, name: string): Promise<CampaignRow | null> {
  const [row] = await query(`${CAMPAIGNS} where name = $1`, [name]);
  return row === undefined ? null : toCampaign(query, row);
}

export async function campaigns(query: Query): Promise<readonly CampaignRow[]> {
  const rows: CampaignRow[] = [];
  for (const row of await query(`${CAMPAIGNS} order by name`, [])) {
    rows.push(await toCampaign(query, row));
  }
  return rows;
}

async function toCampaign(query: Query, row: Row): Promise<CampaignRow> {
  const name = text(row, 'name');
  const onFailure = word(row, 'on_failure', ['continue', 'halt']);
  const haltedBecause = onFailure === 'halt' ? await whyHalted(query, name) : null;
  return { name, onFailure, file: textOrNull(row, 'file'), haltedBecause };
}

async function whyHalted(query: Query, name: string): Promise<string | null> {
  const sql = `select ${DISPATCH} from dispatches d
    where d.campaign = $1 and d.class = 'agent' order by d.ended_at limit 1`;
  const [first] = (await query(sql, [name])).map(toDispatch);
  if (first?.state.kind !== 'ended') return null;
  return skipReason(first.name, first.state.outcome);
}

const POOLS = `select p.name, p.slots, p.paused, p.blocked_until, p.blocked_because,
    (select count(*) from dispatches where pool = p.name and ${LIVE}) as used,
    (select count(*) from dispatches where pool = p.name and state = 'queued') as queued
  from pools p`;

export async function pools(query: Query): Promise<readonly PoolUse[]> {
  return (await query(`${POOLS} order by p.name`, [])).map(toPoolUse);
}

export async function poolNamed(query: Query, name: string): Promise<PoolUse | null> {
  const [row] = await query(`${POOLS} where p.name = $1`, [name]);
  return row === undefined ? null : toPoolUse(row);
}

function toPoolUse(row: Row): PoolUse {
  return { ...toPool(row), used: whole(row, 'used'), queued: whole(row, 'queued') };
}

export async function events(
  query: Query,
  { since, limit, dispatch }: EventQuery,
): Promise<readonly LedgerEvent[]> {
  const columns = 'seq, at, type, dispatch, attempt, data';
  const rows =
    dispatch === undefined
      ? await query(`select ${columns} from events where seq > $1 order by seq limit $2`, [
          since,
          limit,
        ])
      : await query(
          `select ${columns} from events where dispatch = $3 and seq > $1 order by seq limit $2`,
          [since, limit, dispatch],
        );
  return rows.map(toEvent);
}

export async function lastSeq(query: Query): Promise<number> {
  const [row] = await query(`select value from counters where name = 'event'`, []);
  return row === undefined ? 0 : whole(row, 'value');
}
