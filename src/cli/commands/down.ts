// Owns `drover down`: the end of the supervisor. Agents go on, unless they are to be stopped or
// waited for.
import { type Command, Option } from '../commander.ts';
import { formatDuration } from '../../core/duration.ts';
import type { SupervisorRow } from '../../ports.ts';
import type { Herd } from '../../compose.ts';
import { type Context, hintCommand, note, printJson, say, withHerdIfAny } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Bind, protectOption } from '../options.ts';
import { SURVIVORS_WAIT_MS } from '../outlook.ts';
import { RETRY_READ_MS, createPatience } from '../patience.ts';
import { nameOf } from '../render/words.ts';
import { noteStill, reportStop, stopAndWait } from '../stopping.ts';
import { createWaker } from '../waker.ts';

const POLL_MS = 50;
/**
 * A pass takes milliseconds; one that is longer under way than this is stuck in the machine, and
 * somebody must look.
 */
const LEAVES_WITHIN_MS = 30_000;

type Wish = Exclude<SupervisorRow['wish'], 'run'>;

interface DownOptions {
  readonly drain?: boolean;
  readonly stopAgents?: boolean;
  readonly protect?: readonly number[];
}

export function define(command: Command, bind: Bind): void {
  command
    .option('--drain', 'start nothing new, and end when all that runs has ended')
    .addOption(
      new Option('--stop-agents', 'stop what runs; it goes back to the queue').conflicts('drain'),
    )
    .addOption(protectOption());
  bind<DownOptions>(command, async (context, _words, options) => {
    const nobody = (): ExitCode => EXIT.done;
    return await withHerdIfAny(context, nobody, async (herd) => {
      await herd.protect(options.protect ?? []);
      return await down(context, herd, wishOf(options));
    });
  });
}

function wishOf({ drain, stopAgents }: DownOptions): Wish {
  if (stopAgents === true) return 'stop-agents';
  return drain === true ? 'drain' : 'down';
}

async function down(context: Context, herd: Herd, wish: Wish): Promise<ExitCode> {
  if (!(await herd.supervised())) {
    say(context, 'no supervisor is running');
    return await afterwards(
      context,
      herd,
      wish === 'stop-agents' ? await stopLive(context, herd) : EXIT.done,
    );
  }
  const end = await wishAndWait(context, herd, wish);
  if (end === 'interrupted') {
    note(context, `not waited for; the supervisor is still asked to end (${wish})`);
    return EXIT.interrupted;
  }
  if (end === 'bound') {
    const row = await herd.ledger.supervisor();
    note(context, `the supervisor (pid ${row?.process.pid ?? 'unknown'}) has not ended in time`);
    // It waits for what cannot be ended, or it is stuck itself.
    const live = wish === 'stop-agents' ? await herd.ledger.live() : [];
    for (const { dispatch } of live) noteStill(context, dispatch);
    return EXIT.survived;
  }
  say(context, 'the supervisor has ended');
  return await afterwards(context, herd, EXIT.done);
}

/**
 * The same that a supervisor does at that wish: they were interrupted, not cancelled, and go back
 * to the queue.
 */
async function stopLive(context: Context, herd: Herd): Promise<ExitCode> {
  const stopped = await stopAndWait(context, herd, {
    dispatches: (await herd.ledger.live()).map(({ dispatch }) => dispatch),
    cause: 'superseded',
    graceMs: null,
    because: 'agents were asked to stop',
  });
  return await reportStop(context, herd, stopped);
}

/**
 * Wishes again while the lock is held: a supervisor that has just announced itself begins without a
 * wish.
 */
async function wishAndWait(
  context: Context,
  herd: Herd,
  wish: Wish,
): Promise<'ended' | 'bound' | 'interrupted'> {
  const waker = createWaker(herd.clock);
  const patience = createPatience({ note: (text) => note(context, text) });
  context.interrupts.listen(waker.wake);
  // Wished first, then told: who reads that we wait may rely on it.
  await patience.read(async () => await isSupervised(herd, wish));
  const boundMs = await boundOf(context, herd, wish);
  const startedMs = herd.clock.monotonicMs();
  for (;;) {
    const supervised = await patience.read(async () => await isSupervised(herd, wish));
    if (supervised === false) return 'ended';
    if (context.interrupts.take() !== null) return 'interrupted';
    if (herd.clock.monotonicMs() - startedMs >= boundMs) return 'bound';
    await waker.sleep(supervised === null ? RETRY_READ_MS : POLL_MS);
  }
}

/** @returns whether the lock is still held, by whoever was told of the wish by now */
async function isSupervised(herd: Herd, wish: Wish): Promise<boolean> {
  if (!(await herd.supervised())) return false;
  if ((await herd.ledger.supervisor())?.wish === wish) return true;
  if (await herd.ledger.wishSupervisor(wish, herd.clock.now())) await herd.ring();
  return true;
}

/** A drain takes as long as the agents do. */
async function boundOf(context: Context, herd: Herd, wish: Wish): Promise<number> {
  const live = await herd.ledger.live();
  switch (wish) {
    case 'down':
      return LEAVES_WITHIN_MS;
    case 'drain':
      if (live.length > 0) note(context, `waiting for ${live.length} live to end`);
      return Number.POSITIVE_INFINITY;
    case 'stop-agents': {
      const graceMs = live.reduce((most, { dispatch }) => Math.max(most, dispatch.spec.graceMs), 0);
      note(context, `stopping ${live.length} agents, grace ${formatDuration(graceMs)}`);
      return graceMs + SURVIVORS_WAIT_MS;
    }
  }
}

/** Says what goes on running, because nobody watches it from here on. */
async function afterwards(context: Context, herd: Herd, exitCode: ExitCode): Promise<ExitCode> {
  const live = await herd.ledger.live();
  const names = live.map(({ dispatch }) => nameOf(dispatch));
  if (context.json) printJson(context, { live: live.map(({ dispatch }) => dispatch.id) });
  if (live.length === 0) {
    say(context, 'nothing goes on running');
  } else {
    const shown = names.slice(0, 10).join(', ') + (names.length > 10 ? ', …' : '');
    say(context, `${live.length} go on running, unwatched: ${shown}`);
    say(context, `${hintCommand(context, 'up --detach')} watches them again`);
  }
  return exitCode;
}
