// Owns the world of a supervisor, or of whoever reaps without one, on this host: each port with its real implementation.
import { ownEnvironment } from '../host/agent-environment.ts';
import { createCgroups } from '../host/cgroups.ts';
import { createChance } from '../host/chance.ts';
import { crashPoint, mayCrash } from '../host/crash-point.ts';
import { createGit } from '../host/git.ts';
import { createProcessTable } from '../host/process-table.ts';
import { type ProtectionParts, createProtection } from '../host/protection.ts';
import { createRunDirs } from '../host/run-dirs.ts';
import type { Starter } from '../host/starter.ts';
import type { StateDirPaths } from '../host/state-dir.ts';
import { createWorktrees } from '../host/worktrees.ts';
import type { Clock, Ledger } from '../ports.ts';
import type { World } from '../supervisor/world.ts';
import { createAgents } from './agents.ts';

/** What each of them decides for himself. */
type Choices = Pick<World, 'containment' | 'outputBytesMax' | 'sweepEveryMs' | 'policy' | 'log'> & {
  /** whom config.yaml protects, and whoever was named for this run alone; who was named by hand is on record */
  readonly protect: ProtectionParts['rules'];
  /** null: containment tier subreaper is not available here, or nothing is started */
  readonly starter: Starter | null;
};

export async function createHostWorld(
  paths: StateDirPaths,
  { ledger, clock }: { readonly ledger: Ledger; readonly clock: Clock },
  { starter, protect, ...choices }: Choices,
): Promise<World> {
  const environment = ownEnvironment();
  const processTable = createProcessTable();
  const cgroups = createCgroups(ledger.id, paths.runs);
  const protection = createProtection({
    rules: protect,
    namedDir: paths.protect,
    table: processTable,
  });
  const runDirs = createRunDirs({
    runsDir: paths.runs,
    stateDir: paths.dir,
    processTable,
    clock,
    environment,
    starter,
    cgroups,
  });
  const chance = createChance();
  const worktrees = createWorktrees({
    dir: paths.worktrees,
    git: createGit(environment),
    crashPoint,
  });
  const world: World = {
    clock,
    chance,
    processes: processTable,
    protection,
    agents: createAgents(environment, clock),
    runDirs,
    cgroups,
    worktrees,
    ledger,
    ...choices,
  };
  if (!mayCrash) return world;
  const { withCrashPoints } = await import('../supervisor/crash-points.ts');
  return withCrashPoints(world, crashPoint);
}
