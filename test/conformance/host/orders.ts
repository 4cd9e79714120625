// Owns how tests make run directories and orders for them.
import { mkdirSync } from 'node:fs';
import type { DispatchSpec } from '../../../src/core/dispatch.ts';
import { createClock } from '../../../src/host/clock.ts';
import { probeCgroups } from '../../../src/host/cgroup-base.ts';
import { createCgroups, type HostCgroups } from '../../../src/host/cgroups.ts';
import { createRunDirs } from '../../../src/host/run-dirs.ts';
import { runDirPath } from '../../../src/host/run-dir.ts';
import { openStarter } from '../../../src/host/starter.ts';
import type { ContainmentTier } from '../../../src/core/dispatch.ts';
import type { AttemptKey, RunDirs, SpawnOrder, SpawnResult } from '../../../src/ports.ts';
import { type Scratch, table, until } from './scratch.ts';
import { PLAIN_SPEC } from '../../plain-spec.ts';

export interface RunWorld {
  readonly runs: RunDirs;
  readonly cgroups: HostCgroups;
  readonly runsDir: string;
  /** as the port does it, for who does not want to hear of the shim's end */
  spawn(order: SpawnOrder): Promise<SpawnResult>;
  dirOf(key: AttemptKey): string;
  order(run: string[], spec?: Partial<DispatchSpec>, more?: Partial<SpawnOrder>): SpawnOrder;
}

const SPEC: DispatchSpec = {
  ...PLAIN_SPEC,
  run: [],
  cwd: '/',
};

const probe = await openStarter();
const starter = probe.kind === 'ready' ? probe.starter : null;

/** The tiers that this machine offers. */
export const TIERS: readonly ContainmentTier[] = [
  ...(starter === null ? [] : ['subreaper' as const]),
  ...(probeCgroups().kind === 'ready' ? ['cgroup' as const] : []),
  'sh',
];

export function makeRunWorld(
  scratch: Scratch,
  {
    environment = process.env,
    tier = TIERS[0]!,
    cgroups: given,
  }: {
    environment?: Record<string, string | undefined>;
    tier?: ContainmentTier;
    cgroups?: HostCgroups;
  } = {},
): RunWorld {
  const runsDir = `${scratch.dir}/runs`;
  mkdirSync(runsDir, { recursive: true });
  const cgroups = given ?? createCgroups(scratch.ledger, runsDir);
  const runs = createRunDirs({
    runsDir,
    stateDir: scratch.dir,
    processTable: table,
    clock: createClock(),
    environment,
    starter,
    cgroups,
  });
  return {
    runs,
    cgroups,
    runsDir,
    spawn: (order) => {
      // As its claim does.
      runs.make(order);
      return runs.spawn(order, () => {});
    },
    dirOf: (key) => runDirPath(runsDir, key),
    order: (run, spec = {}, more = {}) => ({
      dispatch: 'd1',
      fence: 7,
      attempt: 2,
      mark: scratch.mark(),
      campaign: 'nightly',
      name: 'fix-142',
      deadline: null,
      plan: null,
      refusal: null,
      containment: tier,
      ...more,
      spec: { ...SPEC, cwd: scratch.dir, run, ...spec },
    }),
  };
}

/** Waits for the exit record, as the supervisor would see it. */
export function exitIn(world: RunWorld, key: AttemptKey) {
  return until('an exit is recorded', () => {
    const { exit } = world.runs.look(key);
    return exit.kind === 'seen' && exit.value;
  });
}

export function agentIn(world: RunWorld, key: AttemptKey) {
  return until('an agent is recorded', () => {
    const { agent } = world.runs.look(key);
    return agent.kind === 'seen' && agent.value;
  });
}
