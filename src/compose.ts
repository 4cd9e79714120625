// Owns the composition root: the only place where ports meet their implementations. Faces open a herd here and, where
// they must act, become its supervisor here. What only some commands need is loaded when they need it.
import { statSync } from 'node:fs';
import type { Reaper } from './compose/reap.ts';
import type { AttemptLook } from './compose/attempt-look.ts';
import type { Cleaned, CleanOrder } from './compose/clean.ts';
import type { Output } from './compose/output.ts';
import type { Attempt, ContainmentTier, DispatchId } from './core/dispatch.ts';
import { DroverError } from './core/error.ts';
import type { ProcessIdentity } from './core/identity.ts';
import { createClock } from './host/clock.ts';
import { type StateDirPaths, prepareStateDir } from './host/state-dir.ts';
import { openLedger } from './ledger/open.ts';
import { writeRefusal } from './ledger/sqlite-file.ts';
import type { Clock, Ledger } from './ports.ts';
import type { Until } from './supervisor/supervisor.ts';

/** The agent programs that this version can run. */
export const KNOWN_AGENTS: readonly string[] = ['command'];

/** An open herd: its ledger, and the ways to act on it. */
export interface Herd {
  readonly paths: StateDirPaths;
  /** What keeps everything from being started. As it was when this was opened. */
  readonly obstacles: readonly string[];
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** What makes ids for new dispatches. */
  newIds(): Promise<() => DispatchId>;
  /** What attempts wrote. */
  output(): Promise<Output>;
  /** What can be seen of the processes of a live attempt. */
  lookAt(attempt: Attempt, agent: ProcessIdentity): Promise<AttemptLook>;
  /** What finds and ends processes that no live attempt owns. It protects these pids too, and writes that nowhere. */
  reaper(protect: readonly number[]): Promise<Reaper>;
  /** Removes what ended dispatches and killed commands have left on the disk. */
  clean(order: CleanOrder): Promise<Cleaned>;
  /** Tells the supervisor, if there is one, that the ledger has news. A hint only. */
  ring(): Promise<void>;
  /**
   * Becomes the supervisor of this herd and host.
   *
   * @returns null where another process holds the lock
   */
  supervise(options: SuperviseOptions): Promise<SupervisorHandle | null>;
  /** Starts a supervisor in a process of its own and returns once it, or another, holds the lock. */
  detachSupervisor(options: {
    readonly until: 'idle' | 'told';
    readonly containment: ContainmentTier | null;
  }): Promise<{ readonly pid: number }>;
  /**
   * Whoever has these pids now gets no signal from anybody who supervises this herd, until it ends.
   *
   * @throws DroverError `USAGE` where a pid is nobody's; `NOT_POSSIBLE` where that cannot be told or not be written down
   */
  protect(pids: readonly number[]): Promise<void>;
  /** Is the supervisor's lock held by anybody? */
  supervised(): Promise<boolean>;
  close(): Promise<void>;
}

export interface SuperviseOptions {
  /** `told`: until a wish or a stop. `idle`: until nothing is left. `errand`: recovers and ends, starts nothing new. */
  readonly until: Until;
  /** the tier for dispatches that name none; null: the best that this machine offers */
  readonly containment: ContainmentTier | null;
  /** one line for people, about trouble; default: to standard error */
  readonly log?: (line: string) => void;
}

export interface SupervisorHandle {
  /** Resolves when the loop has ended, with the reason. */
  readonly ended: Promise<string>;
  /** Resolves after the next pass; for faces that want to redraw at once. */
  afterPass(): Promise<void>;
  /** Finishes the pass that is under way, leaves agents running, releases the lock. */
  stop(because: string): Promise<void>;
}

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
  const { paths, obstacles } = prepareStateDir(stateDir, { create });
  // Who cannot write would keep the supervisor's place from everybody who can.
  const refusal = writeRefusal(paths.ledger);
  const ledger = await openLedger(paths.ledger, { create });
  const clock = createClock();
  return {
    paths,
    obstacles,
    ledger,
    clock,
    newIds,
    output: async () => (await import('./compose/output.ts')).createOutput(paths.runs),
    async lookAt(attempt, agent) {
      const { lookAtAttempt } = await import('./compose/attempt-look.ts');
      return lookAtAttempt({ ledger: ledger.id, runsDir: paths.runs }, attempt, agent);
    },
    async reaper(protect) {
      const { createReaper } = await import('./compose/reap.ts');
      return await createReaper({ paths, ledger, clock }, protect);
    },
    async clean(order) {
      const { clean } = await import('./compose/clean.ts');
      return await clean({ paths, ledger, now: clock.now() }, order);
    },
    ring: async () => (await import('./host/bell.ts')).ring(paths.bell),
    async supervise(options) {
      if (refusal !== null) throw refusal;
      // Perl starts while the rest is loaded.
      const { openStarter } = await import('./host/starter.ts');
      const starting = openStarter();
      const { supervise } = await import('./compose/supervise.ts');
      return await supervise({ paths, ledger, clock, starting }, options);
    },
    async detachSupervisor(options) {
      if (refusal !== null) throw refusal;
      const { detachSupervisor } = await import('./compose/detach.ts');
      return await detachSupervisor({ paths, ledger, clock }, options);
    },
    async protect(pids) {
      if (pids.length === 0) return;
      const { protect } = await import('./compose/protect.ts');
      protect(paths.protect, pids);
    },
    supervised: async () =>
      (await import('./ledger/supervisor-lock.ts')).isSupervisorLockHeld(paths.lock),
    close: async () => await ledger.close(),
  };
}

async function newIds(): Promise<() => DispatchId> {
  const { createChance } = await import('./host/chance.ts');
  const chance = createChance();
  return () => chance.id(DISPATCH_ID_LENGTH);
}
