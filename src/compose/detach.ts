// Owns starting a supervisor in a process of its own.
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ContainmentTier } from '../core/dispatch.ts';
import { DroverError } from '../core/error.ts';
import { sameProcess } from '../core/identity.ts';
import { environmentOfNoAttempt } from '../host/agent-environment.ts';
import { type Detached, type DetachedProcess, spawnDetached } from '../host/spawn-detached.ts';
import type { StateDirPaths } from '../host/state-dir.ts';
import { describeError } from '../host/system-error.ts';
import { isSupervisorLockHeld } from '../ledger/supervisor-lock.ts';
import type { Clock, Ledger, SupervisorRow } from '../ports.ts';

const UP_WITHIN_MS = 15_000;
const POLL_MS = 20;
const SAID_BYTES_MAX = 2_000;

interface Parts {
  readonly paths: StateDirPaths;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/**
 * Returns once it, or another that was quicker, has announced itself. One that holds the lock and is not heard of in time is
 * up, too: it waits for its ledger.
 *
 * @throws DroverError `NOT_POSSIBLE` with its own last words where it has ended at once
 */
export async function detachSupervisor(
  { paths, ledger, clock }: Parts,
  { until, containment }: { readonly until: string; readonly containment: ContainmentTier | null },
): Promise<{ readonly pid: number }> {
  const tier = containment === null ? [] : ['--containment', containment];
  const saidBefore = sizeOf(paths.supervisorLog);
  const before = await ledger.supervisor();
  const started = await spawned({
    script: fileURLToPath(new URL('../cli/main.js', import.meta.url)),
    args: ['up', '--quiet', '--until', until, '--state', paths.dir, ...tier],
    cwd: paths.dir,
    environment: environmentOfNoAttempt(),
    logPath: paths.supervisorLog,
  });
  const untilMs = clock.monotonicMs() + UP_WITHIN_MS;
  for (;;) {
    // In this order: one that has little to do is soon gone.
    const isOver = started.hasEnded() || clock.monotonicMs() > untilMs;
    const row = await ledger.supervisor();
    if (row !== null && hasCome(row, { before, pid: started.pid })) break;
    if (isOver) {
      const wasThere = row?.endedBecause !== before?.endedBecause;
      if (wasThere || isSupervisorLockHeld(paths.lock)) break;
      throw notUp(started, lastWords(paths.supervisorLog, saidBefore), paths.supervisorLog);
    }
    await clock.sleep(POLL_MS, new Promise(() => {}));
  }
  return { pid: started.pid };
}

/** Ours, or one that was quicker. */
function hasCome(
  { process }: SupervisorRow,
  { before, pid }: { readonly before: SupervisorRow | null; readonly pid: number },
): boolean {
  return process.pid === pid || before === null || !sameProcess(process, before.process);
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
  const fd = openSync(log, 'r');
  try {
    const length = Math.max(0, Math.min(SAID_BYTES_MAX, fstatSync(fd).size - since));
    const bytes = Buffer.alloc(length);
    readSync(fd, bytes, 0, length, since);
    return bytes.toString('utf8').trim();
  } finally {
    closeSync(fd);
  }
}
