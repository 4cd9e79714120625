// Owns what was used, summed up from the attempts that told it. What campaigns may use is budgets.ts.
import type { TokenUsage } from '../core/agent-event.ts';
import type { Millis } from '../core/dispatch.ts';
import { DAY_MS } from '../core/duration.ts';
import { addUsage } from '../core/stream.ts';
import type { DayUse, UsageFilter } from '../ports.ts';
import { amountOrNull, text, wholeOrNull } from './columns.ts';
import type { Query, Row } from './driver.ts';
import { LIVE, TOLD } from './schema-1.ts';

export const SUMS = `sum(a.input_tokens) as input_tokens, sum(a.output_tokens) as output_tokens,
  sum(a.cost_usd) as cost_usd`;

/** An ended attempt `a` of `d` that counts: a person who lets it go on after a limit starts from there. */
const COUNTS = `a.ended_at is not null and a.fence > d.waived_fence`;

const BEFORE = `select ${SUMS} from dispatches d join attempts a on a.dispatch = d.id
  where d.id = $1 and ${COUNTS}`;

/** Of the ended attempts of a dispatch together. */
export async function usedBefore(query: Query, dispatch: string): Promise<TokenUsage | null> {
  const [row] = await query(BEFORE, [dispatch]);
  return row === undefined ? null : toUsage(row);
}

const LIVE_BEFORE = `select a.dispatch, ${SUMS} from dispatches d join attempts a on a.dispatch = d.id
  where d.${LIVE} and d.fence > 1 and ${COUNTS} group by a.dispatch`;

/** As `usedBefore`, of every live dispatch that has an ended attempt. */
export async function usedBeforeOfLive(
  query: Query,
): Promise<ReadonlyMap<string, TokenUsage | null>> {
  const rows = await query(LIVE_BEFORE, []);
  return new Map(rows.map((row) => [text(row, 'dispatch'), toUsage(row)]));
}

const OF_POOLS = `select a.pool, ${SUMS} from attempts a where ${TOLD} group by a.pool`;

export async function usedInPools(query: Query): Promise<ReadonlyMap<string, TokenUsage | null>> {
  const rows = await query(OF_POOLS, []);
  return new Map(rows.map((row) => [text(row, 'pool'), toUsage(row)]));
}

/** Counted from the epoch, in UTC. Null while it runs: it counts for the day that it is asked on. */
const DAY = `a.ended_at / ${DAY_MS}`;

const BY_DAY = `select ${DAY} as day, ${SUMS} from attempts a
  where ${TOLD} and (a.ended_at is null or a.ended_at >= $1)`;

/** Those days in which anything was used, the oldest first. An attempt counts as a whole for the day of its end. */
export async function usedByDay(
  query: Query,
  { since, now, campaign }: UsageFilter,
): Promise<readonly DayUse[]> {
  const rows =
    campaign === undefined
      ? await query(`${BY_DAY} group by ${DAY}`, [since])
      : await query(`${BY_DAY} and a.campaign = $2 group by ${DAY}`, [since, campaign]);
  const days = new Map<Millis, TokenUsage>();
  for (const row of rows) {
    const usage = toUsage(row);
    const day = (wholeOrNull(row, 'day') ?? Math.floor(now / DAY_MS)) * DAY_MS;
    if (usage !== null) days.set(day, addUsage(days.get(day) ?? null, usage));
  }
  return [...days].map(([day, usage]) => ({ day, usage })).toSorted((a, b) => a.day - b.day);
}

/** Null where nobody told anything. */
export function toUsage(row: Row): TokenUsage | null {
  const inputTokens = wholeOrNull(row, 'input_tokens');
  const outputTokens = wholeOrNull(row, 'output_tokens');
  const costUsd = amountOrNull(row, 'cost_usd');
  const told = inputTokens !== null || outputTokens !== null || costUsd !== null;
  return told ? { inputTokens, outputTokens, costUsd } : null;
}
