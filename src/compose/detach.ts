// Owns starting a supervisor in a process of its own.
import { fileURLToPath } from 'node:url';
import type { ContainmentTier } from '../core/dispatch.ts';
import { DroverError } from '../core/error.ts';
import { environmentOfNoAttempt } from '../host/agent-environment.ts';
import { spawnDetached } from '../host/spawn-detached.ts';
import type { StateDirPaths } from '../host/state-dir.ts';
import { isSupervisorLockHeld } from '../ledger/supervisor-lock.ts';
import type { Clock, Ledger } from '../ports.ts';

const UP_WITHIN_MS = 15_000;
const POLL_MS = 20;

interface Parts {
  readonly paths: StateDirPaths;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** Returns once it, or another, holds the lock; or has held it, for one that has little to do is soon gone. */
export async function detachSupervisor(
  { paths, ledger, clock }: Parts,
  { until, containment }: { readonly until: string; readonly containment: ContainmentTier | null },
): Promise<{ readonly pid: number }> {
  const tier = containment === null ? [] : ['--containment', containment];
  const pid = await spawnDetached({
    script: fileURLToPath(new URL('../cli/main.js', import.meta.url)),
    args: ['up', '--quiet', '--until', until, '--state', paths.dir, ...tier],
    cwd: paths.dir,
    environment: environmentOfNoAttempt(),
    logPath: paths.supervisorLog,
  });
  const untilMs = clock.monotonicMs() + UP_WITHIN_MS;
  while (!isSupervisorLockHeld(paths.lock) && !(await hasAnnounced(ledger, pid))) {
    if (clock.monotonicMs() > untilMs) {
      throw new DroverError('NOT_POSSIBLE', {
        message: `the supervisor (pid ${pid}) did not come up within ${UP_WITHIN_MS / 1_000} s`,
        hint: `see ${paths.supervisorLog}, then try drover up in the foreground`,
      });
    }
    await clock.sleep(POLL_MS, new Promise(() => {}));
  }
  return { pid };
}

async function hasAnnounced(ledger: Ledger, pid: number): Promise<boolean> {
  return (await ledger.supervisor())?.process.pid === pid;
}
