// Owns `drover pause`: no new starts in a pool.
import type { Command } from 'commander';
import type { Bind } from '../options.ts';
import { switchPool } from '../switch-pool.ts';

export function define(command: Command, bind: Bind): void {
  command.argument('<pool>', 'name of the pool');
  bind(command, async (context, [pool = '']) => await switchPool(context, pool, true));
}
