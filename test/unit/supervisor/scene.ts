// Owns the scenes of a look: a world that shows one, and writes down in which order it was looked at.
import { NO_KILLS } from '../../../src/core/brake.ts';
import type { LiveDispatch } from '../../../src/core/dispatch.ts';
import type { Evidence, Look, RunDirLook, Sighting } from '../../../src/core/evidence.ts';
import type { ReadOperation } from '../../../src/core/operation.ts';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import type { Change, EvidenceNote, ProcessRow } from '../../../src/ports.ts';
import { gather, type Others } from '../../../src/supervisor/gather.ts';
import { createMemory } from '../../../src/supervisor/memory.ts';
import { pass } from '../../../src/supervisor/pass.ts';
import type { Surroundings } from '../../../src/supervisor/perform.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { AGENT, NOW, type RowSpec, SHIM, row } from '../core/row.ts';
import { NO_AGENTS } from '../../no-agents.ts';

const SELF = { bootId: 'boot-1', pid: 50, startTime: 500 };
export const EIO = { kind: 'unknown', because: 'EIO' } as const;

export function process(pid: number, differs: Partial<ProcessRow> = {}): ProcessRow {
  const where = { parent: 1, group: 1, session: 1, zombie: false, mark: null, command: 'node' };
  return { pid, startTime: pid * 10, cpuMs: 0, rssBytes: 0, ...where, ...differs };
}

export interface Scene {
  readonly table?: Look<readonly ProcessRow[]>;
  /** whom the owner protects; default: nobody */
  readonly protection?: ReturnType<World['protection']['look']>;
  readonly sightings?: Readonly<Record<number, Sighting>>;
  /** pids that hold the life line; each started at its tenfold */
  readonly holders?: readonly number[] | 'unknown';
  /** what the run directory says at each look, the last one for ever */
  readonly runDirs?: readonly RunDirLook[];
  readonly operations?: Look<readonly ReadOperation[]>;
  /** how long it takes until the table has been read */
  readonly lastsMs?: number;
  /** what others do whenever they have a turn */
  readonly giveWay?: () => Promise<void> | void;
}

/** A world that shows one scene and writes down in which order it was looked at. */
export function show(scene: Scene) {
  const { table = { kind: 'seen', value: [process(50)] }, sightings = {}, runDirs = [] } = scene;
  const order: string[] = [];
  let looks = 0;
  const ordinary = row({}).evidence.runDir;
  const world = {
    ledger: { id: 'led' },
    clock: {
      giveWay: async () => await scene.giveWay?.(),
      monotonicMs: () => (order.includes('table') ? (scene.lastsMs ?? 0) : 0),
    },
    processes: {
      bootId: () => SELF.bootId,
      self: () => SELF,
      bookmark: () => null,
      ioBytes: () => null,
      scanInTurns: async () => {
        order.push('table');
        await scene.giveWay?.();
        return table;
      },
      sight: ({ pid }: { pid: number }) => {
        order.push(`sight ${pid}`);
        return sightings[pid] ?? 'alive';
      },
    },
    protection: { look: () => scene.protection ?? { kind: 'absent' } },
    runDirs: {
      look: () => {
        order.push('records');
        return runDirs[Math.min(looks++, runDirs.length - 1)] ?? ordinary;
      },
      writeDeadline: () => {},
      operations: () => scene.operations ?? { kind: 'absent' },
      lifeHolders: () => {
        order.push('life line');
        return holdersOf(scene);
      },
    },
    agents: NO_AGENTS,
  } as unknown as World;
  return { world, order };
}

function holdersOf({ holders }: Scene): Look<readonly ProcessIdentity[]> {
  if (holders === 'unknown') return EIO;
  if (holders === undefined) return { kind: 'absent' };
  const value = holders.map((pid) => ({ bootId: 'boot-1', pid, startTime: pid * 10 }));
  return { kind: 'seen', value };
}

/** What a supervisor remembers of attempts that it started at NOW itself. */
export function dueOf(...lives: readonly LiveDispatch[]) {
  const memory = createMemory();
  return lives.map((live) => {
    const its = memory.of(live, NOW);
    Object.assign(its, { outputBytes: 0, cpuMs: new Map() });
    return { live, memory: its };
  });
}

/** A look at `now`, of attempts that have added nothing. */
export function othersAt(now: number): Others {
  return {
    shims: () => [SHIM],
    childrenOf: () => [],
    unseenChildOf: () => null,
    isNeeded: () => false,
    now,
  };
}

/** One look at each, `laterMs` after it was first heard of. */
export async function lookAt(lives: readonly LiveDispatch[], scene: Scene, laterMs = 0) {
  const { world, order } = show(scene);
  const due = dueOf(...lives);
  const looked = await gather(world, due, othersAt(NOW + laterMs));
  return { evidence: looked.map((one) => one.evidence), order, due };
}

export async function evidenceOf(spec: RowSpec, scene: Scene, laterMs = 0): Promise<Evidence> {
  return (await lookAt([row(spec).live], scene, laterMs)).evidence[0]!;
}

/**
 * A supervisor that passes over one running attempt, by a clock of the test.
 *
 * @param take what the ledger does with notes of evidence
 * @param spec of the attempt
 */
export function passing(
  scene: Scene,
  take: (notes: readonly EvidenceNote[]) => void = () => {},
  spec: RowSpec = {},
) {
  const { live } = row(spec);
  const changes: Change[] = [];
  let now = NOW;
  const { world, order } = show({
    table: { kind: 'seen', value: [process(50), process(AGENT.pid)] },
    ...scene,
  });
  const complete = {
    ...world,
    clock: { ...world.clock, now: () => now },
    chance: { next: () => 0 },
    outputBytesMax: Number.POSITIVE_INFINITY,
    policy: () => ({ brake: { max: 5, share: 0 } }),
    ledger: {
      ...world.ledger,
      live: async () => [live],
      due: async () => [],
      nextDueAt: async () => null,
      append: async () => {},
      brake: async () => NO_KILLS,
      commitPass: async (made: { readonly changes: readonly Change[] }) => {
        changes.push(...made.changes);
        return { committed: new Set(), claimed: [] };
      },
      noteEvidence: async (notes: readonly EvidenceNote[]) => take(notes),
    },
  } as unknown as World;
  const surroundings = {
    shims: () => [],
    wake: () => {},
    noticeTime: async () => false,
    now: () => now,
    background: () => {},
  } as unknown as Surroundings;
  const memory = createMemory();
  const passAt = async (laterMs: number) => {
    now = NOW + laterMs;
    return await pass(complete, memory, surroundings, 'no');
  };
  return { passAt, its: memory.of(live, NOW), order, changes };
}

/** A ledger that answers what it is given, and everything else with null. */
export function answering(
  given: Readonly<Record<string, (...args: never[]) => unknown>>,
): World['ledger'] {
  return new Proxy(given, {
    get:
      (all, name: string) =>
      async (...args: never[]) =>
        all[name]?.(...args) ?? null,
  }) as unknown as World['ledger'];
}
