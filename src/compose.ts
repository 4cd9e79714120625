// Owns the composition root: the only place where ports meet their implementations. Faces open a herd here and, where
// they must act, become its supervisor here.
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Output, createOutput } from './compose/output.ts';
import type { DispatchId } from './core/dispatch.ts';
import { DroverError } from './core/error.ts';
import type { Sighting } from './core/evidence.ts';
import type { ProcessIdentity } from './core/identity.ts';
import { environmentOfNoAttempt, ownEnvironment } from './host/agent-environment.ts';
import { listen, ring } from './host/bell.ts';
import { createChance } from './host/chance.ts';
import { createClock } from './host/clock.ts';
import { crashPoint } from './host/crash-point.ts';
import { createProcessTable } from './host/process-table.ts';
import { createRunDirs } from './host/run-dirs.ts';
import { spawnDetached } from './host/spawn-detached.ts';
import { type StateDirPaths, prepareStateDir } from './host/state-dir.ts';
import { openLedger } from './ledger/open.ts';
import { isSupervisorLockHeld, takeSupervisorLock } from './ledger/supervisor-lock.ts';
import type { Chance, Clock, Ledger } from './ports.ts';
import type { Until } from './supervisor/supervisor.ts';
import type { World } from './supervisor/world.ts';

export { examine } from './compose/examine.ts';

/** The agent programs that this version can run. */
export const KNOWN_AGENTS: readonly string[] = ['command'];

/** An open herd: its ledger, and the ways to act on it. */
export interface Herd {
  readonly paths: StateDirPaths;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly output: Output;
  newId(): DispatchId;
  sight(process: ProcessIdentity): Sighting;
  /** Tells the supervisor, if there is one, that the ledger has news. A hint only. */
  ring(): void;
  /**
   * Becomes the supervisor of this herd and host.
   *
   * @returns null where another process holds the lock
   */
  supervise(options: SuperviseOptions): Promise<SupervisorHandle | null>;
  /** Starts a supervisor in a process of its own and returns once it, or another, holds the lock. */
  detachSupervisor(options: {
    readonly until: 'idle' | 'told';
    readonly containment: string | null;
  }): Promise<{ readonly pid: number }>;
  /** Is the supervisor's lock held by anybody? */
  supervised(): Promise<boolean>;
  close(): Promise<void>;
}

export interface SuperviseOptions {
  /** `told`: until a wish or a stop. `idle`: until nothing is left. `errand`: recovers and ends, starts nothing new. */
  readonly until: Until;
  readonly containment: string | null;
}

export interface SupervisorHandle {
  /** Resolves when the loop has ended, with the reason. */
  readonly ended: Promise<string>;
  /** Resolves after the next pass; for faces that want to redraw at once. */
  afterPass(): Promise<void>;
  /** Finishes the pass that is under way, leaves agents running, releases the lock. */
  stop(because: string): Promise<void>;
}

const DETACHED_WITHIN_MS = 15_000;
const DETACHED_POLL_MS = 20;
const DISPATCH_ID_LENGTH = 8;

/** @throws DroverError `NOT_FOUND` where there is no herd and `create` is false; and all that an unusable one gives */
export async function openHerd({
  stateDir,
  create,
}: {
  readonly stateDir: string;
  readonly create: boolean;
}): Promise<Herd> {
  if (!create && statSync(stateDir, { throwIfNoEntry: false }) === undefined) {
    throw new DroverError('NOT_FOUND', {
      message: `there is no herd in ${stateDir}`,
      hint: 'drover run FILE makes one; if yours is elsewhere, name it with --state DIR',
    });
  }
  const { paths } = prepareStateDir(stateDir, { create });
  const ledger = await openLedger(paths.ledger, { create });
  const clock = createClock();
  const chance = createChance();
  const processTable = createProcessTable();
  return {
    paths,
    ledger,
    clock,
    output: createOutput(paths.runs),
    newId: () => chance.id(DISPATCH_ID_LENGTH),
    sight: (process) => processTable.sight(process),
    ring: () => ring(paths.bell),
    supervise: async (options) =>
      await supervise({ paths, ledger, clock, chance, processTable }, options),
    detachSupervisor: async (options) => await detach(paths, clock, options),
    supervised: async () => isSupervisorLockHeld(paths.lock),
    close: async () => await ledger.close(),
  };
}

interface Parts {
  readonly paths: StateDirPaths;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly processTable: ReturnType<typeof createProcessTable>;
}

async function supervise(
  parts: Parts,
  { until }: SuperviseOptions,
): Promise<SupervisorHandle | null> {
  const { paths, ledger, clock, chance, processTable } = parts;
  const lock = takeSupervisorLock(paths.lock);
  if (lock === null) return null;
  try {
    const [{ readConfigFile }, { startSupervisor }] = await Promise.all([
      import('./campaign-file/config.ts'),
      import('./supervisor/supervisor.ts'),
    ]);
    const { outputBytesMax } = await readConfigFile(paths.config);
    mkdirSync(paths.runs, { recursive: true, mode: 0o700 });
    const environment = ownEnvironment();
    const world: World = {
      clock,
      chance,
      processes: processTable,
      runDirs: createRunDirs({
        runsDir: paths.runs,
        stateDir: paths.dir,
        processTable,
        clock,
        environment,
      }),
      ledger,
      containment: 'sh',
      outputBytesMax,
      log: (line) => process.stderr.write(`drover: ${line}\n`),
      crashPoint,
    };
    const supervisor = startSupervisor(world, until);
    const bell = listen(paths.bell, () => supervisor.ring());
    const ended = supervisor.ended.finally(() => {
      bell.close();
      lock.release();
    });
    return {
      ended,
      afterPass: async () => await supervisor.afterPass(),
      stop: async (because) => {
        await supervisor.stop(because);
        await ended;
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function detach(
  paths: StateDirPaths,
  clock: Clock,
  { until, containment }: { readonly until: string; readonly containment: string | null },
): Promise<{ readonly pid: number }> {
  const pid = await spawnDetached({
    script: fileURLToPath(new URL('./cli/main.js', import.meta.url)),
    args: [
      'up',
      '--quiet',
      '--until',
      until,
      '--state',
      paths.dir,
      ...(containment === null ? [] : ['--containment', containment]),
    ],
    cwd: paths.dir,
    environment: environmentOfNoAttempt(),
    logPath: paths.supervisorLog,
  });
  const untilMs = clock.monotonicMs() + DETACHED_WITHIN_MS;
  while (!isSupervisorLockHeld(paths.lock)) {
    if (clock.monotonicMs() > untilMs) {
      throw new DroverError('NOT_POSSIBLE', {
        message: `the supervisor (pid ${pid}) did not come up within ${DETACHED_WITHIN_MS / 1_000} s`,
        hint: `see ${paths.supervisorLog}, then try drover up in the foreground`,
      });
    }
    await clock.sleep(DETACHED_POLL_MS, new Promise(() => {}));
  }
  return { pid };
}
