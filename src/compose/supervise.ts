// Owns becoming the supervisor: the lock, the real world, the bell.
import type { SuperviseOptions, SupervisorHandle } from '../compose.ts';
import type { ContainmentTier } from '../core/dispatch.ts';
import { listen } from '../host/bell.ts';
import { probeCgroups } from '../host/cgroup-base.ts';
import type { Starter, StarterProbe } from '../host/starter.ts';
import { type StateDirPaths, makeRuns } from '../host/state-dir.ts';
import { describeTrouble } from '../core/error.ts';
import { createHostWorld } from './host-world.ts';
import { loadAhead } from './load-ahead.ts';
import { takeSupervisorLock } from '../ledger/supervisor-lock.ts';
import type { Clock, Ledger } from '../ports.ts';
import { startSupervisor } from '../supervisor/supervisor.ts';
import type { World } from '../supervisor/world.ts';
import { watchConfig } from './config-watch.ts';

/** A command that supervises what it was given has that to begin with first. */
const LOAD_AHEAD_AFTER_MS = 1_000;

interface Parts {
  readonly paths: StateDirPaths;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** on its way */
  readonly starting: Promise<StarterProbe>;
}

/** @returns null where another process holds the lock */
export async function supervise(
  parts: Parts,
  options: SuperviseOptions,
): Promise<SupervisorHandle | null> {
  const lock = takeSupervisorLock(parts.paths.lock);
  if (lock === null) {
    await (await starterOf(parts.starting))?.close();
    return null;
  }
  try {
    // Where this machine has no subreapers `drover doctor` says why.
    const starter = await starterOf(parts.starting);
    const world = await realWorld(parts, options, starter);
    // Who is told to stay does nothing before he has all that he may need.
    if (options.until === 'told') await loadAhead();
    const supervisor = startSupervisor(world, options.until);
    if (options.until === 'idle') void loadAheadSoon(world, supervisor.ended);
    const bell = listen(parts.paths.bell, () => supervisor.ring());
    const end = async (): Promise<string> => {
      const because = await supervisor.ended;
      bell.close();
      lock.release();
      await starter?.close();
      return because;
    };
    const ended = end();
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
    await (await starterOf(parts.starting))?.close();
    throw error;
  }
}

/** Never rejects. */
async function loadAheadSoon({ clock, log }: World, ended: Promise<string>): Promise<void> {
  let isOver = false;
  const over = async (): Promise<void> => {
    await ended;
    isOver = true;
  };
  await clock.sleep(LOAD_AHEAD_AFTER_MS, over());
  if (isOver) return;
  await loadAhead().catch((error: unknown) => log(describeTrouble(error)));
}

async function starterOf(starting: Promise<StarterProbe>): Promise<Starter | null> {
  const probe = await starting;
  return probe.kind === 'ready' ? probe.starter : null;
}

function toStandardError(line: string): void {
  process.stderr.write(`drover: ${line}\n`);
}

/** docs/decisions/0013 says why a subreaper comes first. */
function bestTier(starter: Starter | null): ContainmentTier {
  if (starter !== null) return 'subreaper';
  return probeCgroups().kind === 'ready' ? 'cgroup' : 'sh';
}

async function realWorld(
  { paths, ledger, clock }: Parts,
  { containment, log = toStandardError }: SuperviseOptions,
  starter: Starter | null,
): Promise<World> {
  const { config, latest, protect } = await watchConfig(paths.config, clock);
  makeRuns(paths);
  const world = await createHostWorld(
    paths,
    { ledger, clock },
    {
      protect,
      starter,
      containment: containment ?? bestTier(starter),
      outputBytesMax: config.outputBytesMax,
      sweepEveryMs: config.sweepEveryMs,
      policy: latest,
      log,
    },
  );
  // A pid stands for whoever has it now: the first look must not wait for the first dispatch.
  const named = world.protection.look();
  if (named.kind === 'unknown') {
    log(`cannot tell whom to protect: ${named.because}; nothing is ended before that is known`);
  }
  return world;
}
