// Owns the life of supervisors in a world: who holds the lock, who starts the next one, and the bundle of ports that each
// of them gets.
import { withCrashPoints } from '../../src/supervisor/crash-points.ts';
import { type Supervisor, type Until, startSupervisor } from '../../src/supervisor/supervisor.ts';
import type { World } from '../../src/supervisor/world.ts';
import { createAgentsPort } from './adapters.ts';
import { Instance } from './instance.ts';
import type { LedgerDesk } from './ledger-desk.ts';
import { createCgroupsPort } from './cgroups-port.ts';
import { createLedgerPort } from './ledger-port.ts';
import { createProcessPort, createProtectionPort } from './process-port.ts';
import { createRunDirsPort } from './run-dirs-port.ts';
import type { Stage } from './stage.ts';
import { mayReadAnew } from './truth.ts';

/** A bug put into the ports of every supervisor of a world; the same world without one otherwise. */
export type Plant = (world: World, stage: Stage) => World;

export interface Running {
  readonly instance: Instance;
  readonly until: Until;
  readonly supervisor: Supervisor;
}

export class Supervisors {
  /** who holds the lock; its kernel lets go of it when the process is gone */
  current: Running | null = null;
  readonly #stage: Stage;
  readonly #desk: LedgerDesk;
  readonly #plant: Plant;
  #count = 0;

  constructor(stage: Stage, desk: LedgerDesk, plant: Plant) {
    this.#stage = stage;
    this.#desk = desk;
    this.#plant = plant;
  }

  /** Somebody becomes the supervisor, unless somebody is. */
  start(until: Until): void {
    const { machine, trace, truth } = this.#stage;
    if (this.current !== null) {
      trace.tell('user', () => `finds ${this.current?.instance.name} in charge`);
      return;
    }
    const process = machine.fork({
      role: 'supervisor',
      parent: this.#stage.shell,
      attempt: null,
      mark: null,
      command: 'drover',
      leads: true,
      reaps: true,
    });
    if (process === null) return;
    const claims = until !== 'errand';
    const instance = new Instance(this.#stage, `supervisor ${++this.#count}`, process, claims);
    mayReadAnew(this.#stage.truth, this.#stage.timeline.now);
    trace.tell(instance.name, () => `starts (${until}), pid ${process.pid}`);
    truth.excuses++;
    this.#stage.disturb();
    process.onEnd = () => this.#gone(instance);
    const world = this.#plant(createWorld(this.#stage, this.#desk, instance), this.#stage);
    const supervisor = startSupervisor(world, until);
    // It may be dead by now: its first call is made at once.
    if (instance.lives) this.current = { instance, until, supervisor };
    void supervisor.ended.then((because) => this.#ended(instance, because));
  }

  /** The machine lost power. */
  forget(): void {
    if (this.current !== null) this.#gone(this.current.instance);
  }

  #ended(instance: Instance, because: string): void {
    if (!instance.lives) return;
    this.#stage.trace.tell(instance.name, () => `ends: ${because}`);
    this.#stage.machine.exit(instance.process, 0);
  }

  #gone(instance: Instance): void {
    this.#stage.listeners.delete(instance);
    this.#stage.readers.delete(instance);
    this.#stage.disturb();
    if (this.current?.instance === instance) this.current = null;
  }
}

function createWorld(stage: Stage, desk: LedgerDesk, instance: Instance): World {
  const { clocks } = stage;
  const chance = stage.chanceOf('chance');
  const world: World = {
    clock: {
      now: () => instance.noteClock(clocks.wall()),
      monotonicMs: () => clocks.monotonicMs(),
      origin: () => stage.machine.bootId,
      sleep: (durationMs, interrupt) => instance.sleep(durationMs, interrupt),
      giveWay: () => instance.giveWay(),
    },
    chance: { next: () => chance.next(), id: (length) => chance.id(length) },
    processes: createProcessPort(stage, instance),
    agents: createAgentsPort(instance),
    protection: createProtectionPort(stage, instance),
    runDirs: createRunDirsPort(stage, instance),
    cgroups: createCgroupsPort(stage, instance),
    worktrees: NO_WORKTREES,
    ledger: createLedgerPort(stage, desk, instance),
    // Whoever supervises next may find no Perl, or find it again.
    containment: stage.chanceOf('tier').pick(['subreaper', 'subreaper', 'cgroup', 'sh'] as const),
    outputBytesMax: 5_000,
    sweepEveryMs: stage.chanceOf('sweep').pick([1_000, 5_000, 10_000]),
    policy: () => ({ brake: stage.brakeRule, reap: 'act' }),
    log: (line) => note(stage, instance, line),
  };
  return withCrashPoints(world, (name) => instance.crashPoint(name));
}

/** Every dispatch of these worlds works where all do. */
const NO_WORKTREES: World['worktrees'] = {
  prepare: async () => ({ kind: 'ready' }),
  cwdOf: (_dispatch, cwd) => cwd,
  remove: async () => ({ kind: 'absent' }),
  list: () => ({ kind: 'seen', value: [] }),
};

/** Trouble that nobody simulated is a bug, even where the loop survives it. */
function note(stage: Stage, instance: Instance, line: string): void {
  // In trouble it looks at nobody until its next try.
  const untilNextMs = Number(/next try in (\d+) ms/.exec(line)?.[1] ?? 0);
  if (untilNextMs > 0) stage.timeline.after(untilNextMs, () => stage.disturb());
  if (!instance.lives) return;
  stage.trace.tell(instance.name, () => line);
  if (!line.includes('trouble') || line.includes('simulated')) return;
  stage.judge.report('I19 no error but the simulated ones', line);
}
