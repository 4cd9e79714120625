// Owns what is only read beside lists of dispatches (list.ts): what a pass looks at, attempts, campaigns, pools, events.
// Each on one snapshot. Loaded by the first who asks for any of it.
import type { Attempt, Dispatch, LiveDispatch, Millis } from '../core/dispatch.ts';
import type { TokenUsage } from '../core/agent-event.ts';
import { limitFor, type PoolUse } from '../core/pool.ts';
import { EVENT_TYPES, type LedgerEvent } from '../core/event.ts';
import { skipReason } from '../core/needs.ts';
import type { CampaignRow, EventQuery } from '../ports.ts';
import { budgetsOfLive, whySpent } from './budgets.ts';
import { COUNTED, countFailures } from './failures.ts';
import { json, text, textOrNull, whole, wholeOrNull, word } from './columns.ts';
import type { Query, Row, Value } from './driver.ts';
import { allLimits } from './limits.ts';
import { ATTEMPT, DISPATCH, liveState, toAttempt, toDispatch, toPool } from './rows.ts';
import { LIVE } from './schema-1.ts';
import { usedBeforeOfLive, usedInPools } from './usage.ts';

export { usedByDay } from './usage.ts';
export { brake } from './brake.ts';
export { supervisor } from './supervisor-row.ts';

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
  const usage = again ? await usedBeforeOfLive(query) : new Map<string, TokenUsage | null>();
  const limits = rows.length === 0 ? [] : await allLimits(query);
  const budgets = rows.length === 0 ? new Map<string, never>() : await budgetsOfLive(query);
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
        usedBefore: usage.get(dispatch.id) ?? null,
        budget: budgets.get(dispatch.campaign) ?? null,
        limit: limitFor(limits, dispatch.pool, dispatch.spec.task?.model ?? null),
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

const NEXT_PARKED = `select min(until_at) as at from dispatches
  where state = 'parked' and until_at is not null`;

/** `limits` are few: one for each pool and model. */
const NEXT_LIMIT = `select min(l.until_at) as at from limits l
  where l.until_at > $1 and l.probe_dispatch is null and exists (
    select 1 from dispatches d where d.pool = l.pool and d.state = 'queued'
      and (l.model = '' or l.model = d.model))`;

export async function nextDueAt(query: Query, now: Millis): Promise<Millis | null> {
  const found = [...(await query(NEXT_PARKED, [])), ...(await query(NEXT_LIMIT, [now]))];
  const moments = found.map((row) => wholeOrNull(row, 'at') ?? Number.POSITIVE_INFINITY);
  const first = Math.min(...moments);
  return Number.isFinite(first) ? first : null;
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
  const haltedBecause =
    (onFailure === 'halt' ? await whyHalted(query, name) : null) ?? (await whyHeld(query, name));
  return { name, onFailure, file: textOrNull(row, 'file'), haltedBecause };
}

async function whyHeld(query: Query, name: string): Promise<string | null> {
  const spent = await whySpent(query, name);
  return spent === null ? null : `${spent}; drover resume ${name} lets it go on`;
}

async function whyHalted(query: Query, name: string): Promise<string | null> {
  const sql = `select ${DISPATCH} from dispatches d
    where d.campaign = $1 and d.class = 'agent' order by d.ended_at limit 1`;
  const [first] = (await query(sql, [name])).map(toDispatch);
  if (first?.state.kind !== 'ended') return null;
  return skipReason(first.name, first.state.outcome);
}

const POOLS = `select p.name, p.slots, p.paused, p.paused_because,
    (select count(*) from dispatches where pool = p.name and ${LIVE}) as used,
    (select count(*) from dispatches where pool = p.name and state = 'queued') as queued
  from pools p`;

export async function pools(query: Query): Promise<readonly PoolUse[]> {
  return toPoolUses(query, await query(`${POOLS} order by p.name`, []));
}

export async function poolNamed(query: Query, name: string): Promise<PoolUse | null> {
  const [pool] = await toPoolUses(query, await query(`${POOLS} where p.name = $1`, [name]));
  return pool ?? null;
}

async function toPoolUses(query: Query, rows: readonly Row[]): Promise<readonly PoolUse[]> {
  const limits = await allLimits(query);
  const usage = await usedInPools(query);
  return rows.map((row) => {
    const pool = toPool(row);
    return {
      ...pool,
      limits: limits.filter((limit) => limit.pool === pool.name),
      usage: usage.get(pool.name) ?? null,
      used: whole(row, 'used'),
      queued: whole(row, 'queued'),
    };
  });
}

const parseData = (value: string): LedgerEvent['data'] => JSON.parse(value);

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

function toEvent(row: Row): LedgerEvent {
  return {
    seq: whole(row, 'seq'),
    at: whole(row, 'at'),
    type: word(row, 'type', EVENT_TYPES),
    dispatch: textOrNull(row, 'dispatch'),
    attempt: wholeOrNull(row, 'attempt'),
    data: json(row, 'data', parseData),
  };
}

export async function lastSeq(query: Query): Promise<number> {
  const [row] = await query(`select value from counters where name = 'event'`, []);
  return row === undefined ? 0 : whole(row, 'value');
}
