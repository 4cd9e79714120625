// Owns how it is said what was used, and what may be.
import type { TokenUsage } from '../../core/agent-event.ts';
import type { SpendLimits } from '../../core/task.ts';
import { addUsage } from '../../core/stream.ts';
import type { CampaignUse } from '../../ports.ts';

/** `12.3k tokens, $0.42`; null: nothing was told. */
export function usageWords(usage: TokenUsage | null): string | null {
  if (usage === null) return null;
  const { inputTokens, outputTokens, costUsd } = usage;
  const tokens = (inputTokens ?? 0) + (outputTokens ?? 0);
  const counted = inputTokens === null && outputTokens === null ? [] : [`${short(tokens)} tokens`];
  const cost = costUsd === null || costUsd === 0 ? [] : [`$${costUsd.toFixed(2)}`];
  const words = [...counted, ...cost];
  return words.length === 0 ? null : words.join(', ');
}

function short(count: number): string {
  if (count < 10_000) return String(count);
  return count < 10_000_000
    ? `${(count / 1_000).toFixed(1)}k`
    : `${(count / 1_000_000).toFixed(1)}M`;
}

/** `max 50.0k tokens, $2.50`; null: no limit. */
export function limitsWords({ maxTokens, maxCostUsd }: SpendLimits): string | null {
  const words = usageWords({ inputTokens: maxTokens, outputTokens: null, costUsd: maxCostUsd });
  return words === null ? null : `max ${words}`;
}

/** More than this are for `drover usage`. */
const CAMPAIGNS_MAX = 10;

/**
 * One line for each of the campaigns that have used anything, and one for all of them where there are several.
 *
 * @param shown names of the campaigns that are worth a line
 */
export function usageLines(
  all: readonly CampaignUse[],
  shown: ReadonlySet<string>,
  hint: (command: string) => string,
): string[] {
  const own = all.filter(({ campaign }) => shown.has(campaign));
  const lines = own.slice(0, CAMPAIGNS_MAX).flatMap((one) => lineOf(one, hint));
  const sum = all.reduce<TokenUsage | null>(
    (before, { usage }) => (usage === null ? before : addUsage(before, usage)),
    null,
  );
  const words = usageWords(sum);
  if (all.length > 1 && words !== null) lines.push(`all ${all.length} campaigns: ${words} used`);
  return lines;
}

function lineOf(
  { campaign, usage, limits, spentBecause }: CampaignUse,
  hint: (command: string) => string,
): string[] {
  const words = usageWords(usage);
  if (words === null) return [];
  const limit = limitsWords(limits);
  const used = `${campaign}: ${words} used${limit === null ? '' : ` (${limit})`}`;
  if (spentBecause === null) return [used];
  return [`${used}; nothing of it starts: ${hint(`resume ${campaign}`)} lets it go on`];
}
