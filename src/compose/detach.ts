// Owns starting a supervisor in a process of its own.
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ContainmentTier } from '../core/dispatch.ts';
import { DroverError } from '../core/error.ts';
import { sameProcess } from '../core/identity.ts';
import { environmentOfNoAttempt } from '../host/agent-environment.ts';
import { readOutput } from '../host/read-output.ts';
import { type Detached, type DetachedProcess, spawnDetached } from '../host/spawn-detached.ts';
import type { StateDirPaths } from '../host/state-dir.ts';
import { describeError } from '../host/system-error.ts';
import { isSupervisorLockHeld } from '../ledger/supervisor-lock.ts';
import type { Clock, Ledger, SupervisorRow } from '../ports.ts';

const UP_WITHIN_MS = 15_000;
const POLL_MS = 20;
const SAID_BYTES_MAX = 2_000;

/** Each of so many others that come and go at once can be quicker. */
const TRIES_MAX = 10;

interface Options {
  readonly until: string;
  readonly containment: ContainmentTier | null;
}

interface Parts {
  readonly paths: StateDirPaths;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/**
 * Returns once a supervisor has announced itself, or holds the lock: it waits for its ledger then. Where another was quicker
 * and is gone by the time that ours has given up, ours is started again.
 *
 * @throws DroverError `NOT_POSSIBLE` with its own last words where it has ended at once
 */
export async function detachSupervisor(
  parts: Parts,
  options: Options,
): Promise<{ readonly pid: number }> {
  for (let tries = 1; ; tries++) {
    const pid = await startOne(parts, options, tries < TRIES_MAX);
    if (pid !== null) return { pid };
  }
}

/** @returns null where its place was taken, and is free again */
async function startOne(
  { paths, ledger, clock }: Parts,
  { until, containment }: Options,
  mayRepeat: boolean,
): Promise<number | null> {
  const tier = containment === null ? [] : ['--containment', containment];
  const log = paths.supervisorLog;
  const saidBefore = sizeOf(log);
  const before = await ledger.supervisor();
  const started = await spawned({
    script: fileURLToPath(new URL('../cli/main.js', import.meta.url)),
    args: ['up', '--quiet', '--until', until, '--state', paths.dir, ...tier],
    cwd: paths.dir,
    environment: environmentOfNoAttempt(),
    logPath: log,
  });
  const untilMs = clock.monotonicMs() + UP_WITHIN_MS;
  for (;;) {
    // In this order: one that has little to do is soon gone.
    const isOver = started.hasEnded() || clock.monotonicMs() > untilMs;
    const row = await ledger.supervisor();
    if (isNew(row, before) && pidOf(row) === started.pid) return started.pid;
    if (isOver) {
      if (isSupervisorLockHeld(paths.lock)) return pidOf(row) ?? started.pid;
      if (mayRepeat && wasTaken(row, before)) return null;
      throw notUp(started, lastWords(log, saidBefore), log);
    }
    await clock.sleep(POLL_MS, new Promise(() => {}));
  }
}

type Row = SupervisorRow | null;

const pidOf = (row: Row) => row?.process.pid ?? null;

/** By its whole identity: in a fresh container the next supervisor has the pid of the one before. */
function isNew(row: Row, before: Row): boolean {
  return row !== null && (before === null || !sameProcess(row.process, before.process));
}

/** Somebody has come, or gone, since then. */
function wasTaken(row: Row, before: Row): boolean {
  return isNew(row, before) || row?.endedBecause !== before?.endedBecause;
}

async function spawned(what: DetachedProcess): Promise<Detached> {
  try {
    return await spawnDetached(what);
  } catch (error) {
    throw new DroverError('NOT_POSSIBLE', {
      message: `no supervisor could be started: ${describeError(error, what.logPath)}`,
      hint: `${what.logPath} has to be a file that you can write: move away what is in its place`,
      cause: error,
    });
  }
}

function notUp({ pid, hasEnded }: Detached, said: string, log: string): DroverError {
  const what = hasEnded()
    ? `ended at once${said === '' ? '' : `: ${said}`}`
    : `did not come up within ${UP_WITHIN_MS / 1_000} s`;
  return new DroverError('NOT_POSSIBLE', {
    message: `the supervisor (pid ${pid}) ${what}`,
    hint: `see ${log}, then try drover up in the foreground`,
  });
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** What it has written since then, as far as a person wants to read that here. */
function lastWords(log: string, since: number): string {
  const { bytes } = readOutput(log, { from: since, bytesMax: SAID_BYTES_MAX });
  return bytes.subarray(0, SAID_BYTES_MAX).toString('utf8').trim();
}
