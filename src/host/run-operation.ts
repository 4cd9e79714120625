// Owns running a command inside an operation lease, for `drover op`.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Clock } from '../ports.ts';
import { createClock } from './clock.ts';
import { type HeldOperation, holdOperation } from './operation-files.ts';
import { describeError, errorCode } from './system-error.ts';

/** The contract allows 30 s between touches. */
const TOUCH_EVERY_MS = 20_000;
/** What somebody sends to us is the command's to answer. */
const PASSED_ON = ['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;
/** A terminal sends these to the whole group, the command included; twice would mean something else. */
const OF_TERMINALS = ['SIGINT', 'SIGQUIT'] as const;
const STATUS_NOT_FOUND = 127;
const STATUS_NOT_EXECUTABLE = 126;

export interface OperationRun {
  /** null: there is no attempt around us, and so no lease */
  readonly runDir: string | null;
  readonly label: string;
  readonly forMs: number;
  readonly argv: readonly [string, ...string[]];
  /** told what could not be done; the command runs all the same */
  readonly note: (text: string) => void;
}

/** @returns the exit status of the command; 128 + n where signal n ended it, as shells say it */
export async function runInOperation(run: OperationRun): Promise<number> {
  const clock = createClock();
  const lease = holdLease(run, clock);
  const [program, ...args] = run.argv;
  const child = spawn(program, args, { stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  const ignore = () => {};
  for (const signal of PASSED_ON) process.on(signal, forward);
  for (const signal of OF_TERMINALS) process.on(signal, process.stdin.isTTY ? ignore : forward);
  const timer = setInterval(() => lease?.touch(), TOUCH_EVERY_MS);
  try {
    return await new Promise<number>((resolve) => {
      child.once('error', (error) => {
        run.note(`cannot run ${program}: ${describeError(error, program)}`);
        resolve(errorCode(error) === 'ENOENT' ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
      });
      child.once('exit', (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  } finally {
    clearInterval(timer);
    for (const signal of [...PASSED_ON, ...OF_TERMINALS]) process.removeAllListeners(signal);
    lease?.release();
  }
}

function holdLease(
  { runDir, label, forMs, note }: OperationRun,
  clock: Clock,
): HeldOperation | null {
  if (runDir === null) {
    note('there is no attempt around this command: it runs without a lease');
    return null;
  }
  try {
    return holdOperation(runDir, { label, forMs }, clock);
  } catch (error) {
    note(`no lease: ${describeError(error, `${runDir}/ops`)}`);
    return null;
  }
}
