// Owns the start of an attempt: its directory, its shim, and the refusal of what can never start.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Deadline } from '../core/dispatch.ts';
import type { Clock, SpawnOrder, SpawnResult } from '../ports.ts';
import { type Environment, planStart } from './agent-environment.ts';
import type { FifoStock } from './fifo-stock.ts';
import type { HostProcessTable } from './host-process-table.ts';
import { replaceFile } from './replace-file.ts';
import { outputPath } from './run-look.ts';
import { readClaim, seizeClaim, writeRefusal } from './run-records.ts';
import { errorCode } from './system-error.ts';

const SHIM = fileURLToPath(new URL('./shim.sh', import.meta.url));

export interface Starting {
  readonly stateDir: string;
  readonly processTable: HostProcessTable;
  readonly clock: Clock;
  /** the supervisor's */
  readonly environment: Environment;
  /** octal; what the user's files shall look like, for the agent. Our own files are private whatever it says. */
  readonly umask: string;
  readonly lifeLines: FifoStock;
  /** told of each shim that was started; the result is called when it has ended */
  readonly shimStarted: () => (wellEnded: boolean) => void;
}

/**
 * Starts the shim in `dir`. Safe to repeat: the claim decides which of two shims may start the agent.
 *
 * @throws errors of the operating system (no processes, memory, descriptors, disk): nothing was started
 */
export async function startAttempt(
  dir: string,
  order: SpawnOrder,
  starting: Starting,
): Promise<SpawnResult> {
  const { stateDir, environment, umask, processTable, shimStarted, lifeLines } = starting;
  describeAttempt(dir, order, starting.clock);
  const planned = planStart(order, environment, { runDir: dir, stateDir });
  if (planned.kind === 'refused') return refuse(dir, order.fence, planned.reason);
  lifeLines.take(`${dir}/life`);
  try {
    const shim = await launchShim({
      argv: [SHIM, dir, String(order.fence), umask, processTable.bootId(), ...order.spec.run],
      cwd: order.spec.cwd,
      environment: planned.environment,
      stdout: outputPath(dir, 'stdout'),
      stderr: outputPath(dir, 'stderr'),
      started: shimStarted,
    });
    return { kind: 'spawned', shim: processTable.identify(shim) };
  } catch (error) {
    if (errorCode(error) !== 'E2BIG') throw error;
    const reason = 'the arguments and the environment together are too long for a program';
    return refuse(dir, order.fence, reason);
  }
}

/**
 * Creates the run directory where it is missing. Never the directory of all runs: where that has vanished (a disk was
 * unmounted), a claim that is made anew in an empty place would prove nothing.
 */
export function makeRunDir(dir: string): void {
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** `deadline.json`, as the agent reads it. */
export function writeDeadlineFile(dir: string, { softAt, hardAt }: Deadline): void {
  const deadline = { softAt: isoTime(softAt), hardAt: isoTime(hardAt) };
  replaceFile(`${dir}/deadline.json`, `${JSON.stringify(deadline)}\n`);
}

/** What people find in the directory, and what recovery finds without a ledger. No environment: it may hold secrets. */
function describeAttempt(dir: string, order: SpawnOrder, clock: Clock): void {
  makeRunDir(`${dir}/output`);
  makeRunDir(`${dir}/ops`);
  if (order.deadline !== null) writeDeadlineFile(dir, order.deadline);
  const { dispatch, campaign, name, attempt, fence, mark, spec } = order;
  const startedAt = isoTime(clock.now());
  const about = { dispatch, campaign, name, attempt, fence, mark, cwd: spec.cwd, startedAt };
  writeFileSync(`${dir}/dispatch.json`, `${JSON.stringify(about)}\n`, { mode: 0o600 });
}

/**
 * Nothing runs and nothing can: written down in the directory before it is told. If a shim has the claim (this call
 * repeats one of before a crash, and a program was removed since), then the attempt was started, and that stands.
 */
function refuse(dir: string, fence: number, reason: string): SpawnResult {
  const seized = seizeClaim(dir, fence);
  if (seized === 'unknown') {
    return { kind: 'failed', because: `${reason}; and it could not be written down in ${dir}` };
  }
  if (seized === 'taken') {
    const claim = readClaim(dir, fence);
    if (claim.kind === 'seen' && claim.value.by === 'shim') {
      return { kind: 'spawned', shim: claim.value.shim };
    }
    if (claim.kind !== 'seen' || claim.value.by !== 'recovery') {
      return { kind: 'failed', because: `${reason}; and the claim in ${dir} is not legible` };
    }
  }
  writeRefusal(dir, fence, reason);
  return { kind: 'refused', reason };
}

interface Launch {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Record<string, string>;
  readonly stdout: string;
  readonly stderr: string;
  readonly started: Starting['shimStarted'];
}

/** @returns the pid of a shim that has begun to run; rejects where the operating system gave none */
function launchShim({ argv, cwd, environment, stdout, stderr, started }: Launch): Promise<number> {
  return new Promise((resolve, reject) => {
    const fds: number[] = [];
    try {
      // Files, never pipes: the agent goes on writing after we are gone. Appending, so that trimming is safe.
      for (const path of [stdout, stderr]) fds.push(openSync(path, 'a', 0o600));
      const child = spawn('/bin/sh', argv, {
        cwd,
        env: environment,
        detached: true,
        stdio: ['ignore', ...fds],
      });
      child.once('error', reject);
      child.unref();
      if (child.pid === undefined) return;
      const ended = started();
      child.once('exit', (code) => ended(code === 0));
      resolve(child.pid);
    } catch (error) {
      reject(error);
    } finally {
      for (const fd of fds) closeSync(fd);
    }
  });
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
