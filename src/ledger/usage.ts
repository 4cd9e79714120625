// Owns what was used, summed up from the attempts that told it.
import type { TokenUsage } from '../core/agent-event.ts';
import { amountOrNull, text, wholeOrNull } from './columns.ts';
import type { Query, Row } from './driver.ts';
import { LIVE, TOLD } from './schema-1.ts';

const SUMS = `sum(a.input_tokens) as input_tokens, sum(a.output_tokens) as output_tokens,
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

/** Null where nobody told anything. */
function toUsage(row: Row): TokenUsage | null {
  const inputTokens = wholeOrNull(row, 'input_tokens');
  const outputTokens = wholeOrNull(row, 'output_tokens');
  const costUsd = amountOrNull(row, 'cost_usd');
  const told = inputTokens !== null || outputTokens !== null || costUsd !== null;
  return told ? { inputTokens, outputTokens, costUsd } : null;
}
