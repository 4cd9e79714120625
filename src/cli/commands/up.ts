// Owns `drover up`: a supervisor that stays, in the foreground or detached.
import { type Command, Option } from '../commander.ts';
import type { Herd, SupervisorHandle } from '../../compose.ts';
import type { ContainmentTier } from '../../core/dispatch.ts';
import { DroverError } from '../../core/error.ts';
import {
  type Context,
  hintCommand,
  note,
  peopleScreen,
  printJson,
  say,
  withHerd,
} from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { noteContainment, requireTier } from '../containment.ts';
import { type Bind, containmentOption, protectOption } from '../options.ts';
import { createPatience } from '../patience.ts';
import { createLineView } from '../progress-view.ts';
import { type HerdProgress, followHerd } from '../progress.ts';
import { nameOf } from '../render/words.ts';
import { createWaker } from '../waker.ts';

/**
 * Lines for people need not be newer than this, and looking for them costs an idle herd next to
 * nothing.
 */
const LINES_MS = 500;

interface UpOptions {
  readonly detach?: boolean;
  readonly containment?: ContainmentTier;
  readonly until: 'told' | 'idle';
  readonly quiet?: boolean;
  readonly protect?: readonly number[];
}

export function define(command: Command, bind: Bind): void {
  command
    .option('--detach', 'leave it running in the background and return')
    .addOption(containmentOption())
    .addOption(protectOption())
    .addOption(
      new Option('--until <when>', 'told: stay; idle: end when nothing is left to do')
        .choices(['told', 'idle'])
        .default('told'),
    )
    .option('--quiet', 'print the start and the end only, not each change');
  bind<UpOptions>(command, async (context, _words, options) => {
    await requireTier(context, options.containment);
    return await withHerd(context, { create: true }, async (herd) => {
      await herd.protect(options.protect ?? []);
      return options.detach === true
        ? await detach(context, herd, options)
        : await stay(context, herd, options);
    });
  });
}

async function detach(
  context: Context,
  herd: Herd,
  { until, containment }: UpOptions,
): Promise<ExitCode> {
  const running = await herd.supervised();
  const pid = running
    ? await pidOfSupervisor(herd)
    : (await herd.detachSupervisor({ until, containment: containment ?? null })).pid;
  if (running) noteContainment(context, containment);
  if (context.json) printJson(context, { pid, started: !running });
  const known = pid === null ? '' : ` (pid ${pid})`;
  say(context, running ? `a supervisor is running already${known}` : `supervising${known}`);
  if (!running) say(context, `it writes to ${herd.paths.supervisorLog}`);
  return EXIT.done;
}

/** null: it holds the lock and has not written its row yet. */
async function pidOfSupervisor(herd: Herd): Promise<number | null> {
  const row = await herd.ledger.supervisor();
  return row === null || row.endedBecause !== null ? null : row.process.pid;
}

async function stay(context: Context, herd: Herd, options: UpOptions): Promise<ExitCode> {
  const { until, containment = null, quiet } = options;
  const since = await herd.ledger.lastSeq();
  const handle = await herd.supervise({ until, containment });
  if (handle === null) throw await alreadyRunning(context, herd);
  say(context, `supervising ${herd.paths.dir} (pid ${process.pid}); agents outlive me`);
  const progress = quiet === true ? null : followHerd(herd.ledger, since);
  return await untilEnded(context, herd, { handle, progress });
}

async function alreadyRunning(context: Context, herd: Herd): Promise<DroverError> {
  const pid = await pidOfSupervisor(herd);
  return new DroverError('NOT_POSSIBLE', {
    message: `a supervisor is running already${pid === null ? '' : ` (pid ${pid})`}`,
    hint: `${hintCommand(context, 'down')} ends it; agents go on`,
  });
}

async function untilEnded(
  context: Context,
  herd: Herd,
  { handle, progress }: { handle: SupervisorHandle; progress: HerdProgress | null },
): Promise<ExitCode> {
  const waker = createWaker(herd.clock);
  const patience = createPatience({ note: (text) => note(context, text) });
  const lines = progress === null ? null : createLineView(peopleScreen(context), progress, nameOf);
  const over = watchEnd(handle, waker.wake);
  context.interrupts.listen(waker.wake);
  for (;;) {
    const interrupt = context.interrupts.take();
    if (interrupt !== null) await handle.stop(`ended by ${interrupt}`);
    if (lines !== null && progress !== null) {
      lines.show((await patience.read(progress.refresh)) ?? []);
    }
    if (interrupt !== null) {
      say(context, `ended by ${interrupt}; agents go on`);
      return interrupt === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
    }
    const because = over();
    if (because !== null) {
      say(context, `ended: ${because}`);
      return EXIT.done;
    }
    await waker.sleep(LINES_MS);
  }
}

/** @returns a function that says why it has ended; null: it has not */
function watchEnd(handle: SupervisorHandle, onEnded: () => void): () => string | null {
  let because: string | null = null;
  const notice = async (): Promise<void> => {
    because = await handle.ended;
    onEnded();
  };
  void notice();
  return () => because;
}
