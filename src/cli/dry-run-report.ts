// Owns `drover run --dry-run`: reads what the plan needs, changes nothing, prints the plan.
import type { Campaign } from '../core/campaign.ts';
import { OPEN_STATES } from '../core/dispatch.ts';
import type { PoolUse } from '../core/pool.ts';
import { DEFAULT_POOL } from '../core/campaign.ts';
import { DroverError } from '../core/error.ts';
import { type Context, printJson, printTable, say } from './context.ts';
import { type DryRunInput, type PlanLine, planDryRun } from './dry-run.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { oneLine } from './render/width.ts';

/** @throws DroverError `CAMPAIGN_CHANGED`, as the submission itself would */
export async function dryRun(
  context: Context,
  campaign: Campaign,
  retryFailed: boolean,
): Promise<ExitCode> {
  const known = await readLedger(context, campaign.name);
  const lines = planDryRun({ campaign, retryFailed, ...known });
  if (context.json) printJson(context, { campaign: campaign.name, dispatches: lines });
  else print(context, campaign.name, lines);
  return EXIT.done;
}

type Known = Pick<DryRunInput, 'rows' | 'pools' | 'halted' | 'now'>;

/** Where there is no herd yet the plan is that of an empty one; nothing is created for it. */
async function readLedger(context: Context, campaign: string): Promise<Known> {
  const { openHerd } = await import('../compose.ts');
  try {
    const herd = await openHerd({ stateDir: context.stateDir, create: false });
    try {
      const open = await herd.ledger.dispatches({ states: OPEN_STATES });
      const own = await herd.ledger.dispatches({ campaign, states: ['ended'] });
      const rows = [...own, ...open].map(({ dispatch }) => dispatch);
      const campaigns = await herd.ledger.campaigns();
      const halted = campaigns.flatMap(({ name, haltedBecause }) =>
        haltedBecause === null ? [] : [[name, haltedBecause] as const],
      );
      const pools = await herd.ledger.pools();
      return { rows, pools, halted: new Map(halted), now: herd.clock.now() };
    } finally {
      await herd.close();
    }
  } catch (error) {
    if (!(error instanceof DroverError) || error.code !== 'NOT_FOUND') throw error;
    return { rows: [], pools: [EMPTY_DEFAULT_POOL], halted: new Map(), now: 0 };
  }
}

const EMPTY_DEFAULT_POOL: PoolUse = {
  ...DEFAULT_POOL,
  paused: false,
  pausedBecause: null,
  limits: [],
  usage: null,
  used: 0,
  queued: 0,
};

function print(context: Context, campaign: string, lines: readonly PlanLine[]): void {
  const starting = lines.filter(({ would }) => would === 'start').length;
  say(context, `${campaign}: ${starting} of ${lines.length} would start now; nothing was changed`);
  const rows = lines.map(({ order, name, would, because }) => [
    order === null ? '' : String(order),
    name,
    would,
    oneLine(because),
  ]);
  printTable(
    context,
    [
      { title: 'ORDER', align: 'right' },
      { title: 'DISPATCH', cellsMin: 12 },
      { title: 'WOULD' },
      { title: 'BECAUSE', cellsMin: 10 },
    ],
    rows,
  );
}
