// Owns what campaigns may use, and what they have used: all attempts together, whether ended or live, as far as the ledger
// was told. Nothing of it is stored but the limits and what a person has let go.
import { NO_SPEND_LIMITS } from '../core/campaign.ts';
import { COST_SLACK_USD, type CampaignBudget, spentBudget, spentOf } from '../core/limits.ts';
import type { SpendLimits } from '../core/task.ts';
import type { CampaignUse } from '../ports.ts';
import { amountOrNull, text, whole, wholeOrNull } from './columns.ts';
import type { Query, Row } from './driver.ts';
import { LIVE, TOLD } from './schema-1.ts';
import { SUMS, toUsage } from './usage.ts';
import type { Writing } from './writing.ts';

/** Sums of campaign `c`, less what was waived. */
const TOKENS = `(select coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)), 0) from attempts a
  where a.campaign = c.name and ${TOLD}) - c.waived_tokens`;
const COST = `(select coalesce(sum(cost_usd), 0) from attempts a
  where a.campaign = c.name and ${TOLD}) - c.waived_cost`;

/** Names of campaigns that have broken a limit: `spentBudget` in SQL. Nothing of them starts. */
export const SPENT_CAMPAIGNS = `select c.name from campaigns c
  where (c.max_tokens is not null and ${TOKENS} > c.max_tokens)
    or (c.max_cost is not null and ${COST} > c.max_cost + ${COST_SLACK_USD.toFixed(6)})`;

const LIMITED = `(c.max_tokens is not null or c.max_cost is not null)`;

const BUDGETS = `select c.name, c.max_tokens, c.max_cost, ${TOKENS} as tokens, ${COST} as cost
  from campaigns c where ${LIMITED}`;

/** Of the campaigns that have limits and something that holds a slot. */
export async function budgetsOfLive(query: Query): Promise<ReadonlyMap<string, CampaignBudget>> {
  const sql = `${BUDGETS} and c.name in (select d.campaign from dispatches d where d.${LIVE})`;
  return new Map((await query(sql, [])).map((row) => [text(row, 'name'), toBudget(row)]));
}

function toBudget(row: Row): CampaignBudget {
  const spent = {
    tokens: wholeOrNull(row, 'tokens') ?? 0,
    costUsd: amountOrNull(row, 'cost') ?? 0,
  };
  return { limits: toLimits(row), spent };
}

function toLimits(row: Row): SpendLimits {
  return {
    maxTokens: wholeOrNull(row, 'max_tokens'),
    maxCostUsd: amountOrNull(row, 'max_cost'),
  };
}

/** Why nothing of the campaign starts; null: it is within its limits. */
export async function whySpent(query: Query, campaign: string): Promise<string | null> {
  const [row] = await query(`${BUDGETS} and c.name = $1`, [campaign]);
  return row === undefined ? null : (spentBudget(campaign, toBudget(row))?.because ?? null);
}

/** Without their sums, which are known where this is asked for. */
const LIMITS = `select c.name, c.max_tokens, c.max_cost, c.waived_tokens, c.waived_cost
  from campaigns c where ${LIMITED}`;

const USE = `select a.campaign, ${SUMS} from attempts a where ${TOLD}`;
const OF_EACH = 'group by a.campaign order by a.campaign';

/** Of those campaigns of which anything was told, by name. */
export async function campaignUse(
  query: Query,
  campaign?: string,
): Promise<readonly CampaignUse[]> {
  const rows =
    campaign === undefined
      ? await query(`${USE} ${OF_EACH}`, [])
      : await query(`${USE} and a.campaign = $1 ${OF_EACH}`, [campaign]);
  if (rows.length === 0) return [];
  const limited = new Map((await query(LIMITS, [])).map((row) => [text(row, 'name'), row]));
  return rows.map((row) => {
    const name = text(row, 'campaign');
    const usage = toUsage(row);
    const own = limited.get(name);
    if (own === undefined) {
      return { campaign: name, usage, limits: NO_SPEND_LIMITS, spentBecause: null };
    }
    const { tokens, costUsd } = spentOf(usage);
    const spent = {
      tokens: tokens - whole(own, 'waived_tokens'),
      costUsd: costUsd - (amountOrNull(own, 'waived_cost') ?? 0),
    };
    const budget = { limits: toLimits(own), spent };
    const spentBecause = spentBudget(name, budget)?.because ?? null;
    return { campaign: name, usage, limits: budget.limits, spentBecause };
  });
}

/**
 * A person has seen what the campaign has used: it counts no more. A decision to end one of its attempts that was made
 * before that must fail its compare-and-set.
 *
 * @returns why it had stopped; nothing where it was within its limits, and nothing is waived
 */
export async function waive(writing: Writing, campaign: string): Promise<readonly string[]> {
  const { query, events } = writing;
  const because = await whySpent(query, campaign);
  if (because === null) return [];
  await query(
    `update campaigns as c set waived_tokens = c.waived_tokens + ${TOKENS},
       waived_cost = c.waived_cost + ${COST} where c.name = $1`,
    [campaign],
  );
  await overtakeDecisions(query, campaign);
  const data = { campaign, because: 'a person let it go on', spentBecause: because };
  events.push({ type: 'campaign.resumed', dispatch: null, attempt: null, data });
  return [because];
}

/** Whatever was decided by the old limits of a campaign is decided again. */
async function overtakeDecisions(query: Query, campaign: string): Promise<void> {
  const sql = `update dispatches set revision = revision + 1 where campaign = $1 and ${LIVE}`;
  await query(sql, [campaign]);
}

/** Others than before are looked at at once by whoever supervises. */
export async function setLimits(
  query: Query,
  campaign: string,
  { maxTokens, maxCostUsd }: SpendLimits,
): Promise<void> {
  const [row] = await query('select max_tokens, max_cost from campaigns where name = $1', [
    campaign,
  ]);
  if (row === undefined) return;
  const before = toLimits(row);
  if (before.maxTokens === maxTokens && before.maxCostUsd === maxCostUsd) return;
  await query('update campaigns set max_tokens = $2, max_cost = $3 where name = $1', [
    campaign,
    maxTokens,
    maxCostUsd,
  ]);
  await overtakeDecisions(query, campaign);
}
