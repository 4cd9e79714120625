// Owns pausing and resuming a pool: one switch, two commands.
import type { Herd } from '../compose.ts';
import { type Context, hintCommand, printJson, say, withHerd } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { poolJson } from './json.ts';
import { requirePool } from './resolve.ts';

/** @throws DroverError `NOT_FOUND` with near names */
export async function switchPool(
  context: Context,
  name: string,
  paused: boolean,
): Promise<ExitCode> {
  return await withHerd(context, { create: false }, async (herd) => {
    await requirePool(herd.ledger, name);
    await herd.ledger.setPoolPaused(name, paused, herd.clock.now());
    await herd.ring();
    const pool = (await herd.ledger.pools()).find((one) => one.name === name);
    if (pool === undefined) throw new Error(`pool ${name} vanished`);
    if (context.json) printJson(context, poolJson(pool));
    else if (paused) say(context, `${name} is paused: ${pool.used} live go on, nothing new starts`);
    else await sayResumed(context, herd, { name, queued: pool.queued });
    return EXIT.done;
  });
}

async function sayResumed(
  context: Context,
  herd: Herd,
  { name, queued }: { name: string; queued: number },
): Promise<void> {
  say(context, `${name} starts dispatches again (${queued} queued)`);
  if (queued > 0 && !(await herd.supervised())) {
    say(context, `no supervisor is running: ${hintCommand(context, 'up --detach')} starts one`);
  }
}
