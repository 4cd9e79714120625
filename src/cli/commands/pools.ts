// Owns `drover pools`: slots used and free, and what blocks them until when.
import type { Command } from 'commander';
import type { Millis } from '../../core/dispatch.ts';
import type { PoolUse } from '../../core/pool.ts';
import { type Context, printJson, printTable, withHerdIfAny } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { poolJson } from '../json.ts';
import type { Bind } from '../options.ts';
import type { Column } from '../render/table.ts';
import { momentShown } from '../render/time.ts';
import { oneLine } from '../render/width.ts';

export function define(command: Command, bind: Bind): void {
  bind(command, async (context) => await listPools(context));
}

async function listPools(context: Context): Promise<ExitCode> {
  const empty = (): ExitCode => {
    if (context.json) printJson(context, []);
    return EXIT.done;
  };
  return await withHerdIfAny(context, empty, async ({ ledger, clock }) => {
    const rows = await ledger.pools();
    if (context.json) printJson(context, rows.map(poolJson));
    else printPools(context, rows, clock.now());
    return EXIT.done;
  });
}

const COLUMNS: readonly Column[] = [
  { title: 'POOL' },
  { title: 'SLOTS', align: 'right' },
  { title: 'USED', align: 'right' },
  { title: 'FREE', align: 'right' },
  { title: 'QUEUED', align: 'right' },
  { title: 'BLOCKED BY', cellsMin: 10 },
];

function printPools(context: Context, pools: readonly PoolUse[], now: Millis): void {
  const rows = pools.map((pool) => [
    pool.name,
    String(pool.slots),
    String(pool.used),
    String(Math.max(0, pool.slots - pool.used)),
    String(pool.queued),
    { text: blockedBy(pool, now), colour: 'yellow' as const },
  ]);
  printTable(context, COLUMNS, rows);
}

function blockedBy(pool: PoolUse, now: Millis): string {
  const reasons: string[] = [];
  if (pool.paused) reasons.push('paused by hand');
  if (pool.blockedUntil !== null && pool.blockedUntil > now) {
    const because = oneLine(pool.blockedBecause ?? 'an observed limit');
    reasons.push(`${because}, until ${momentShown(pool.blockedUntil, now)}`);
  }
  return reasons.join('; ');
}
