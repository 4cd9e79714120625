// Owns `drover pools`: slots used, what blocks them until when, and what was used.
import type { Command } from 'commander';
import type { Millis } from '../../core/dispatch.ts';
import type { PoolUse } from '../../core/pool.ts';
import { type Context, printJson, printTable, withHerdIfAny } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { poolJson } from '../json.ts';
import type { Bind } from '../options.ts';
import { poolState } from '../render/pool-words.ts';
import type { Column } from '../render/table.ts';
import { usageWords } from '../render/usage-words.ts';

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
  { title: 'WAITING', align: 'right' },
  { title: 'STATE', cellsMin: 10 },
  { title: 'USED' },
];

function printPools(context: Context, pools: readonly PoolUse[], now: Millis): void {
  const rows = pools.map((pool) => [
    pool.name,
    `${pool.used}/${pool.slots}`,
    String(pool.queued),
    poolState(pool, now),
    usageWords(pool.usage) ?? '',
  ]);
  printTable(context, COLUMNS, rows);
}
