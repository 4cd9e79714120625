// Owns `drover logs`: what an attempt wrote, byte for byte.
import type { Command } from 'commander';
import type { Attempt, Dispatch } from '../../core/dispatch.ts';
import { DroverError } from '../../core/error.ts';
import type { Herd } from '../../compose.ts';
import type { Output } from '../../compose/output.ts';
import { type Context, hintCommand, note, withHerd } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { isLive } from '../../core/dispatch.ts';
import { type Bind, wholeNumberOption } from '../options.ts';
import { RETRY_READ_MS, createPatience } from '../patience.ts';
import { nameOf, stateWord } from '../render/words.ts';
import { resolveDispatch, viewOf } from '../resolve.ts';
import { createWaker } from '../waker.ts';

const FOLLOW_POLL_MS = 200;

type StreamName = Parameters<Output['read']>[1];

interface LogsOptions {
  readonly follow?: boolean;
  readonly attempt?: number;
  readonly stderr?: boolean;
}

export function define(command: Command, bind: Bind): void {
  command
    .argument('<dispatch>', 'id, campaign/name, id prefix or name')
    .option('-f, --follow', 'go on until the dispatch has ended, across its attempts')
    .addOption(
      wholeNumberOption('--attempt <n>', 'of this attempt (default: the newest)', {
        min: 1,
        max: 1_000_000_000,
      }),
    )
    .option('--stderr', 'standard error instead of standard output');
  bind<LogsOptions>(
    command,
    async (context, [reference = ''], options) => await logs(context, reference, options),
  );
}

async function logs(
  context: Context,
  reference: string,
  { follow, attempt, stderr }: LogsOptions,
): Promise<ExitCode> {
  const stream: StreamName = stderr === true ? 'stderr' : 'stdout';
  return await withHerd(context, { create: false }, async (herd) => {
    const dispatch = await resolveDispatch(herd.ledger, reference);
    const position = await startAt(context, herd, { dispatch, number: attempt ?? null });
    if (follow === true) {
      const across = attempt === undefined;
      return await followLogs(context, herd, { dispatch, stream, position, across });
    }
    if (position === null) {
      const state = stateWord(dispatch.state);
      note(context, `${nameOf(dispatch)} has no output yet: it is ${state}, ${dispatch.because}`);
      return EXIT.done;
    }
    await pour(context, herd, { dispatch, stream, position });
    const key = { dispatch: dispatch.id, fence: position.fence };
    if (position.from === 0 && !(await herd.output()).isThere(key)) {
      note(context, `the run directory of ${nameOf(dispatch)} is gone, and its output with it`);
    }
    return EXIT.done;
  });
}

/** Where to go on reading: in the output of which fence, from which byte. */
interface Position {
  fence: number;
  from: number;
}

/**
 * @param number of the attempt; null: the newest
 * @returns null where there is no attempt yet
 * @throws DroverError `NOT_FOUND`
 */
async function startAt(
  context: Context,
  herd: Herd,
  { dispatch, number }: { dispatch: Dispatch; number: number | null },
): Promise<Position | null> {
  const attempts = await herd.ledger.attempts(dispatch.id);
  const chosen = newest(attempts.filter((one) => number === null || one.attempt === number));
  if (chosen !== null) return { fence: chosen.fence, from: 0 };
  if (number === null) return null;
  throw new DroverError('NOT_FOUND', {
    message: `${nameOf(dispatch)} has no attempt ${number}, it has had ${dispatch.attempt}`,
    hint: hintCommand(context, `show ${nameOf(dispatch)}`),
  });
}

/**
 * An attempt that never started hands its number on: of several with one number the last one
 * counts.
 */
function newest(attempts: readonly Attempt[]): Attempt | null {
  return attempts.reduce<Attempt | null>(
    (last, attempt) => (last === null || attempt.fence > last.fence ? attempt : last),
    null,
  );
}

interface Reading {
  readonly dispatch: Dispatch;
  readonly stream: StreamName;
  /** moves along with what was printed */
  readonly position: Position;
}

async function pour(
  context: Context,
  herd: Herd,
  { dispatch, stream, position }: Reading,
): Promise<void> {
  const output = await herd.output();
  for (;;) {
    const key = { dispatch: dispatch.id, fence: position.fence };
    const { bytes, next } = await output.read(key, stream, position.from);
    if (bytes.length > 0) await context.out.pour(bytes);
    if (next === position.from) return;
    position.from = next;
  }
}

interface Following {
  readonly dispatch: Dispatch;
  readonly stream: StreamName;
  readonly position: Position | null;
  /** false: only the attempt that was asked for */
  readonly across: boolean;
}

async function followLogs(
  context: Context,
  herd: Herd,
  { dispatch, stream, position, across }: Following,
): Promise<ExitCode> {
  const waker = createWaker(herd.clock);
  const patience = createPatience({ note: (text) => note(context, text) });
  context.interrupts.listen(waker.wake);
  let current = position;
  for (;;) {
    const interrupt = context.interrupts.take();
    if (interrupt !== null) return interrupt === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
    // The row first, the output after it: what was written before the end is read after the end was
    // seen.
    const row = await patience.read(async () => (await viewOf(herd.ledger, dispatch)).dispatch);
    if (row === null) {
      await waker.sleep(RETRY_READ_MS);
      continue;
    }
    if (current === null && row.fence > 0) current = { fence: row.fence, from: 0 };
    if (current !== null) await pour(context, herd, { dispatch, stream, position: current });
    const more = whereMore(row, current, across);
    if (more === 'nowhere') return EXIT.done;
    const later = more === 'later' ? await nextFence(herd, dispatch, current) : null;
    if (later === null) await waker.sleep(FOLLOW_POLL_MS);
    else current = { fence: later, from: 0 };
  }
}

/**
 * The attempt after the one that is being read; several may have come and gone since the last look.
 */
async function nextFence(
  herd: Herd,
  { id }: Dispatch,
  current: Position | null,
): Promise<number | null> {
  const fences = (await herd.ledger.attempts(id)).map(({ fence }) => fence);
  const later = fences.filter((fence) => fence > (current?.fence ?? 0));
  return later.length === 0 ? null : Math.min(...later);
}

/** Where more output will come from: the attempt that is being read, a later one, or nowhere. */
function whereMore(
  row: Dispatch,
  current: Position | null,
  across: boolean,
): 'here' | 'later' | 'nowhere' {
  const isLater = current !== null && row.fence > current.fence;
  if (!across) return isLater || !isLive(row.state) ? 'nowhere' : 'here';
  if (isLater) return 'later';
  return row.state.kind === 'ended' ? 'nowhere' : 'here';
}
