// Owns `drover pause`: no new starts in a pool.
import type { Command } from 'commander';
import type { Herd } from '../../compose.ts';
import { withHerd } from '../context.ts';
import type { Bind } from '../options.ts';
import { switchPool } from '../switch-pool.ts';

export function define(command: Command, bind: Bind): void {
  command.argument('<pool>', 'name of the pool');
  bind(command, async (context, [pool = '']) => {
    const pause = async (herd: Herd) => await switchPool(context, herd, pool, true);
    return await withHerd(context, { create: false }, pause);
  });
}
