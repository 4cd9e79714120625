// Owns starting a supervisor in a process of its own.
import { fileURLToPath } from 'node:url';
import type { ContainmentTier } from '../core/dispatch.ts';
import { DroverError } from '../core/error.ts';
import { environmentOfNoAttempt } from '../host/agent-environment.ts';
import { spawnDetached } from '../host/spawn-detached.ts';
import type { StateDirPaths } from '../host/state-dir.ts';
import { isSupervisorLockHeld } from '../ledger/supervisor-lock.ts';
import type { Clock } from '../ports.ts';

const UP_WITHIN_MS = 15_000;
const POLL_MS = 20;

/** Returns once it, or another, holds the lock. */
export async function detachSupervisor(
  paths: StateDirPaths,
  clock: Clock,
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
  while (!isSupervisorLockHeld(paths.lock)) {
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
