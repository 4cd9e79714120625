// Owns pausing and resuming a pool: one switch, two commands.
import type { Herd } from '../compose.ts';
import type { PoolUse } from '../core/pool.ts';
import { type Context, hintCommand, printJson, say } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { poolJson } from './json.ts';
import { limitWords } from './render/pool-words.ts';
import { requirePool } from './resolve.ts';

/** @throws DroverError `NOT_FOUND` with near names */
export async function switchPool(
  context: Context,
  herd: Herd,
  name: string,
  paused: boolean,
): Promise<ExitCode> {
  await requirePool(herd.ledger, name);
  await herd.ledger.setPoolPaused(name, paused, herd.clock.now());
  await herd.ring();
  const pool = await herd.ledger.pool(name);
  if (pool === null) throw new Error(`pool ${name} vanished`);
  if (context.json) printJson(context, poolJson(pool));
  else if (paused) say(context, `${name} is paused: ${pool.used} live go on, nothing new starts`);
  else await sayResumed(context, herd, pool);
  return EXIT.done;
}

async function sayResumed(
  context: Context,
  herd: Herd,
  { name, queued, limits }: PoolUse,
): Promise<void> {
  say(context, `${name} starts dispatches again (${queued} queued)`);
  const now = herd.clock.now();
  for (const limit of limits) say(context, `${name} is still ${limitWords(limit, now)}`);
  if (queued > 0 && !(await herd.supervised())) {
    say(context, `no supervisor is running: ${hintCommand(context, 'up --detach')} starts one`);
  }
}
