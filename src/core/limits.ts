// Owns which limit of use an attempt breaks. Nobody has a limit who did not ask for one, and what could not be looked at
// breaks none (I4).
import type { TokenUsage } from './agent-event.ts';
import type { LiveDispatch, StopCause } from './dispatch.ts';
import type { SpendLimits, UseLimits } from './task.ts';
import type { Evidence } from './evidence.ts';
import { formatSize } from './size.ts';

export interface BrokenLimit {
  readonly cause: Extract<
    StopCause,
    'max-output' | 'max-memory' | 'max-processes' | 'max-tokens' | 'max-cost'
  >;
  /** with the figures */
  readonly because: string;
}

/** The first limit that was seen to be exceeded; null: none. To use exactly as much as is allowed is allowed. */
export function brokenLimit(
  { maxOutputBytes, maxMemoryBytes, maxProcesses }: UseLimits,
  { usage, runDir: { outputBytes } }: Pick<Evidence, 'usage' | 'runDir'>,
): BrokenLimit | null {
  if (maxOutputBytes !== null && outputBytes.kind === 'seen') {
    const bytes = outputBytes.value;
    if (bytes > maxOutputBytes) {
      const because = `it has written ${exceeding(bytes, maxOutputBytes, 'max_output')}`;
      return { cause: 'max-output', because };
    }
  }
  if (usage.kind !== 'seen') return null;
  const { rssBytes, processes } = usage.value;
  if (maxMemoryBytes !== null && rssBytes > maxMemoryBytes) {
    const because = `its tree uses ${exceeding(rssBytes, maxMemoryBytes, 'max_memory')}`;
    return { cause: 'max-memory', because };
  }
  if (maxProcesses !== null && processes > maxProcesses) {
    const because = `its tree has ${processes} processes, more than its max_processes of ${maxProcesses}`;
    return { cause: 'max-processes', because };
  }
  return null;
}

/** What was spent, as far as programs have told it. */
export interface Spent {
  /** read and written together */
  readonly tokens: number;
  readonly costUsd: number;
}

/** What a campaign may spend, and has spent. */
export interface CampaignBudget {
  readonly limits: SpendLimits;
  /** by all its attempts as the ledger was told, less what a person has let go */
  readonly spent: Spent;
}

/** Sums of fractions are a little beside what they should be: less than this many dollars is no difference. */
export const COST_SLACK_USD = 0.000_001;

/** What is not told is not counted. */
export function spentOf(usage: TokenUsage | null | undefined): Spent {
  const { inputTokens = null, outputTokens = null, costUsd = null } = usage ?? {};
  return { tokens: (inputTokens ?? 0) + (outputTokens ?? 0), costUsd: costUsd ?? 0 };
}

/** @param who has spent it: the sentence begins so */
export function spentLimit(
  { maxTokens, maxCostUsd }: SpendLimits,
  { tokens, costUsd }: Spent,
  who = 'it',
): BrokenLimit | null {
  if (maxTokens !== null && tokens > maxTokens) {
    const because = `${who} has used ${tokens} tokens, more than its max_tokens of ${maxTokens}`;
    return { cause: 'max-tokens', because };
  }
  if (maxCostUsd !== null && costUsd > maxCostUsd + COST_SLACK_USD) {
    const cost = Number(costUsd.toFixed(6));
    const because = `${who} has cost ${cost} US dollars, more than its max_cost of ${maxCostUsd}`;
    return { cause: 'max-cost', because };
  }
  return null;
}

/** The limit that a campaign as a whole has broken. */
export function spentBudget(
  campaign: string,
  { limits, spent }: CampaignBudget,
): BrokenLimit | null {
  return spentLimit(limits, spent, `campaign ${campaign}`);
}

/**
 * The same, with the newest word of one of its attempts in the place of the last one that the ledger was told. Ends only
 * who speaks: what a silent program uses is nobody's knowledge, and to end it saves nothing that was counted.
 */
export function spentWith(
  { dispatch: { campaign }, attempt, budget }: LiveDispatch,
  { stream }: Pick<Evidence, 'stream'>,
): BrokenLimit | null {
  if (budget === null || stream.kind !== 'seen') return null;
  const noted = spentOf(attempt.stream?.state.usage);
  const now = spentOf(stream.value.state.usage);
  const tokens = budget.spent.tokens - noted.tokens + now.tokens;
  const costUsd = budget.spent.costUsd - noted.costUsd + now.costUsd;
  return spentBudget(campaign, { ...budget, spent: { tokens, costUsd } });
}

/** Both would read the same where little is missing: then in bytes. */
function exceeding(bytes: number, maxBytes: number, key: string): string {
  const limit = formatSize(maxBytes);
  const used = formatSize(bytes) === limit ? `${bytes} bytes` : formatSize(bytes);
  return `${used}, more than its ${key} of ${limit}`;
}
