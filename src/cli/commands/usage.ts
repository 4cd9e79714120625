// Owns `drover usage`: what was used, by campaign and by day.
import type { Command } from 'commander';
import { DAY_MS } from '../../core/duration.ts';
import type { CampaignUse, DayUse } from '../../ports.ts';
import { type Context, printJson, printTable, say, withHerdIfAny } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { usageJson } from '../json.ts';
import { type Bind, wholeNumberOption } from '../options.ts';
import type { Column } from '../render/table.ts';
import { dayShown } from '../render/time.ts';
import { limitsWords, usageWords } from '../render/usage-words.ts';

const DAYS = 7;
const DAYS_MAX = 3_660;

interface UsageFlags {
  readonly campaign?: string;
  readonly days?: number;
}

interface Used {
  readonly campaigns: readonly CampaignUse[];
  readonly days: readonly DayUse[];
}

export function define(command: Command, bind: Bind): void {
  command.option('--campaign <name>', 'only what this campaign has used').addOption(
    wholeNumberOption('--days <n>', `so many days, with today (default: ${DAYS})`, {
      min: 1,
      max: DAYS_MAX,
    }),
  );
  bind<UsageFlags>(command, async (context, _words, flags) => await usage(context, flags));
}

async function usage(context: Context, { campaign, days = DAYS }: UsageFlags): Promise<ExitCode> {
  const none: Used = { campaigns: [], days: [] };
  const used = await withHerdIfAny(
    context,
    () => none,
    async ({ ledger, clock }): Promise<Used> => {
      if (campaign !== undefined) {
        const { requireCampaign } = await import('../resolve.ts');
        await requireCampaign(ledger, campaign);
      }
      const now = clock.now();
      const since = (Math.floor(now / DAY_MS) - (days - 1)) * DAY_MS;
      const filter = { since, now, ...(campaign === undefined ? {} : { campaign }) };
      return {
        campaigns: await ledger.campaignUse(campaign),
        days: await ledger.usedByDay(filter),
      };
    },
  );
  if (context.json) printJson(context, usedJson(used));
  else print(context, used);
  return EXIT.done;
}

function usedJson({ campaigns, days }: Used) {
  return {
    campaigns: campaigns.map(({ campaign, usage: its, limits, spentBecause }) => ({
      campaign,
      usage: usageJson(its),
      maxTokens: limits.maxTokens,
      maxCostUsd: limits.maxCostUsd,
      spentBecause,
    })),
    days: days.map(({ day, usage: its }) => ({ day: dayShown(day), usage: usageJson(its) })),
  };
}

const CAMPAIGNS: readonly Column[] = [
  { title: 'CAMPAIGN', cellsMin: 12 },
  { title: 'USED' },
  { title: 'LIMITS' },
  { title: 'HALTED', cellsMin: 10 },
];
const DAY: readonly Column[] = [{ title: 'DAY (UTC)' }, { title: 'USED' }];

function print(context: Context, { campaigns, days }: Used): void {
  if (campaigns.length === 0) {
    say(context, 'no agent has told what it uses');
    return;
  }
  printTable(
    context,
    CAMPAIGNS,
    campaigns.map(({ campaign, usage: its, limits, spentBecause }) => [
      campaign,
      usageWords(its) ?? '',
      limitsWords(limits) ?? '',
      spentBecause ?? '',
    ]),
  );
  say(context, '');
  const rows = days.map(({ day, usage: its }) => [dayShown(day), usageWords(its) ?? '']);
  if (rows.length === 0) say(context, 'nothing was used in these days');
  else printTable(context, DAY, rows);
}
