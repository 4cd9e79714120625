// Owns what a simulated agent is going to do: written once per attempt from the seed, performed by agent.ts.
import type { DispatchSpec } from '../../src/core/dispatch.ts';
import type { Random } from './random.ts';
import { evidentIoMs, sampleMs } from './work.ts';

export type Phase =
  | { readonly kind: 'output'; readonly everyMs: number; readonly durationMs: number }
  | { readonly kind: 'cpu'; readonly share: number; readonly durationMs: number }
  | { readonly kind: 'quiet'; readonly durationMs: number }
  /** silent, under an operation lease, for longer than any silence may last; `abandoned`: its holder has died in it */
  | { readonly kind: 'operation'; readonly durationMs: number; readonly abandoned: boolean }
  /** reads and writes, and nothing else is seen of it */
  | { readonly kind: 'io'; readonly bytesPerMs: number; readonly durationMs: number }
  /** writes to the log of its session alone */
  | { readonly kind: 'file'; readonly everyMs: number; readonly durationMs: number }
  /** adds dispatches and waits for their end in silence, for so long at most */
  | { readonly kind: 'wait'; readonly durationMs: number };

export type ChildKind =
  /** in the agent's session */
  | 'helper'
  /** a tool shell in a session of its own */
  | 'tool'
  /** forked twice: no parent of ours, a session of its own, the mark kept */
  | 'daemon'
  /** cleared its environment */
  | 'shedder'
  /** cleared its environment and left session and parent: lost for tier sh, its shim's child at tier subreaper */
  | 'escapee'
  /** a shared daemon that opted out (`DROVER_MARK=off`) */
  | 'opted-out'
  /** carries the mark of another herd */
  | 'nested'
  /** forks while it is killed */
  | 'forker'
  /** hops from pid to pid */
  | 'hopper'
  /** carries the mark, and is protected by the word of its owner, as its children are not (tier.ts) */
  | 'broker';

export interface ChildPlan {
  readonly kind: ChildKind;
  readonly atMs: number;
  /** null: for ever */
  readonly lifeMs: number | null;
  readonly ignoresTerm: boolean;
  readonly busy: boolean;
}

/** From then on it holds so much memory. */
export interface MemoryStep {
  readonly atMs: number;
  readonly bytes: number;
}

export interface Program {
  readonly phases: readonly Phase[];
  readonly children: readonly ChildPlan[];
  readonly memory: readonly MemoryStep[];
  /** null: it hangs, silently, when its phases are over */
  readonly exitCode: number | null;
  /** `loop`: the phases begin again, for ever */
  readonly endless: boolean;
  /** share of its phases after which the goal is reached; null: never */
  readonly goalAfter: number | null;
  readonly onTerm:
    | { readonly kind: 'dies' }
    | { readonly kind: 'ignores' }
    | { readonly kind: 'leaves'; readonly afterMs: number; readonly exitCode: number };
}

/** `spec.run[0]` of a dispatch whose program does not exist. */
export const MISSING_PROGRAM = 'no-such-program';

export const MIB = 1024 * 1024;

/** An endless program with shorter rounds would cost a world its time and show nothing more. */
const ROUND_MS_MIN = 2_000;

const EXIT_CODES = [0, 0, 0, 0, 0, 0, 1, 2, 42, 127, 143, 145, 255] as const;

/** What faults make of agents: chances in [0, 1]. */
export interface Temper {
  /** it ignores SIGTERM */
  readonly ignoring: number;
  /** it works as little as still counts: who does not look for a while sees nothing of that */
  readonly sparse: number;
  /** it hangs from the beginning */
  readonly hanging: number;
  /** it may add dispatches of its own */
  readonly adds: boolean;
}

export function writeProgram(
  random: Random,
  spec: DispatchSpec,
  { ignoring, sparse, hanging, adds }: Temper,
): Program {
  const ordinary: Kind = random.pick([
    'quick',
    'quick',
    'worker',
    'worker',
    'worker',
    'long',
    'sparse',
    'hang',
  ]);
  const usual = random.chance(sparse) ? 'sparse' : ordinary;
  const kind = random.fork('hanging').chance(hanging) ? 'hang' : usual;
  const endless = spec.deadlineMs !== null && random.chance(0.15);
  const phases = writePhases(random, spec, kind);
  if (kind === 'quick' && random.chance(0.5)) {
    phases.push({ kind: 'output', everyMs: 20, durationMs: random.int(1, 300) });
  }
  const operation = random.fork('operation');
  if (kind === 'long' && operation.chance(0.5)) {
    const durationMs = Math.floor(spec.stallMs * (1.2 + operation.next()));
    const abandoned = operation.chance(0.3);
    phases.splice(operation.int(0, phases.length), 0, { kind: 'operation', durationMs, abandoned });
  }
  addTransfer(random.fork('io'), spec, kind, phases);
  addThought(random.fork('file'), spec, kind, phases);
  if (adds) addWait(random.fork('wait'), spec, kind, phases);
  const hangs = kind === 'hang' || (kind !== 'quick' && random.chance(0.05));
  return {
    phases,
    children: [...writeChildren(random, phases), ...writeBroker(random.fork('broker'), phases)],
    memory: writeMemory(random.fork('memory'), phases),
    exitCode: hangs ? null : random.pick(EXIT_CODES),
    endless: endless && durationOf(phases) >= ROUND_MS_MIN,
    goalAfter: random.chance(0.6) ? random.next() : null,
    onTerm: onTermOf(random, spec, ignoring),
  };
}

export function durationOf(phases: readonly Phase[]): number {
  return phases.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

type Kind = 'quick' | 'worker' | 'long' | 'sparse' | 'hang';

function writePhases(random: Random, spec: DispatchSpec, kind: Kind): Phase[] {
  switch (kind) {
    case 'quick':
      return [];
    case 'sparse':
      return writeBursts(random, spec);
    case 'worker':
    case 'hang':
      return writeMixed(random, spec, 4);
    case 'long':
      return writeMixed(random, spec, 8);
  }
}

/** For longer than any silence may last and than it takes to be seen; or for a moment, after which much has been read. */
function addTransfer(random: Random, spec: DispatchSpec, kind: Kind, phases: Phase[]): void {
  if (kind === 'quick' || kind === 'sparse' || !random.chance(0.3)) return;
  const longMs = Math.floor(spec.stallMs * (1.1 + random.next())) + evidentIoMs(spec);
  const durationMs = random.chance(0.5) ? longMs : random.int(300, 3_000);
  const bytesPerMs = random.int(1_100, 100_000);
  phases.splice(random.int(0, phases.length), 0, { kind: 'io', bytesPerMs, durationMs });
}

/** Where nobody looks at the log of its session it would be silence. */
function addThought(random: Random, spec: DispatchSpec, kind: Kind, phases: Phase[]): void {
  if (kind === 'quick' || kind === 'sparse' || spec.evidenceFiles.length === 0) return;
  if (!random.chance(0.5)) return;
  const everyMs = random.int(100, Math.max(200, spec.stallMs * 0.6));
  const durationMs = Math.floor(spec.stallMs * (1.1 + random.next())) + 5_000;
  phases.splice(random.int(0, phases.length), 0, { kind: 'file', everyMs, durationMs });
}

function addWait(random: Random, spec: DispatchSpec, kind: Kind, phases: Phase[]): void {
  if (kind === 'quick' || kind === 'sparse' || !random.chance(0.3)) return;
  const durationMs = Math.floor(spec.stallMs * (1 + random.next())) + random.int(2_000, 200_000);
  phases.splice(random.int(0, phases.length), 0, { kind: 'wait', durationMs });
}

/** As little work as still counts, as seldom as is still enough. */
function writeBursts(random: Random, spec: DispatchSpec): Phase[] {
  const burst = { kind: 'cpu', share: 0.35, durationMs: sampleMs(spec) * 0.13 + 50 } as const;
  return Array.from({ length: random.int(1, 4) }, () => [
    burst,
    { kind: 'quiet', durationMs: spec.stallMs * 0.9 } as const,
  ]).flat();
}

function writeMixed(random: Random, spec: DispatchSpec, most: number): Phase[] {
  const intervalMs = sampleMs(spec);
  return Array.from({ length: random.int(1, most) }, (): Phase => {
    switch (random.pick(['output', 'cpu', 'quiet'] as const)) {
      case 'output':
        return {
          kind: 'output',
          everyMs: random.int(100, Math.max(200, spec.stallMs * 0.6)),
          durationMs: random.int(300, 12_000),
        };
      case 'cpu':
        // Enough CPU time for a sample to tell it from idling, wherever the grid cuts it (signs.ts).
        return {
          kind: 'cpu',
          share: 0.3 + 0.7 * random.next(),
          durationMs: random.int(intervalMs * 0.5, intervalMs * 3) + 200,
        };
      case 'quiet':
        return { kind: 'quiet', durationMs: random.int(10, spec.stallMs * 0.85) };
    }
  });
}

function writeChildren(random: Random, phases: readonly Phase[]): ChildPlan[] {
  const totalMs = durationOf(phases);
  const count = random.pick([0, 0, 0, 1, 1, 2]);
  return Array.from({ length: count }, (): ChildPlan => {
    const kind = random.pick([
      'helper',
      'helper',
      'tool',
      'daemon',
      'shedder',
      'escapee',
      'opted-out',
      'nested',
      'forker',
      'hopper',
    ] as const);
    const forEver = random.chance(0.2);
    return {
      kind,
      atMs: random.int(0, Math.max(1, Math.floor(totalMs * 0.9))),
      lifeMs: forEver ? null : random.int(5, 12_000),
      ignoresTerm: random.chance(0.2),
      // What works must end, or nothing ever stalls.
      busy: !forEver && random.chance(0.3),
    };
  });
}

function writeBroker(random: Random, phases: readonly Phase[]): ChildPlan[] {
  if (!random.chance(0.15)) return [];
  const atMs = random.int(0, Math.max(1, Math.floor(durationOf(phases) * 0.5)));
  const lifeMs = random.chance(0.5) ? null : random.int(500, 60_000);
  return [{ kind: 'broker', atMs, lifeMs, ignoresTerm: random.chance(0.5), busy: false }];
}

/** It grows, and sometimes shrinks. */
function writeMemory(random: Random, phases: readonly Phase[]): MemoryStep[] {
  const totalMs = Math.floor(durationOf(phases));
  const steps = Array.from({ length: random.pick([0, 0, 1, 3]) }, () => ({
    atMs: random.int(0, totalMs),
    bytes: random.int(20, 600) * MIB,
  }));
  return [{ atMs: 0, bytes: random.int(20, 100) * MIB }, ...steps];
}

function onTermOf(random: Random, spec: DispatchSpec, ignoring: number): Program['onTerm'] {
  if (random.chance(ignoring)) return { kind: 'ignores' };
  if (random.chance(0.5)) return { kind: 'dies' };
  const afterMs = random.int(1, Math.max(2, Math.floor(spec.graceMs * 1.2)));
  return { kind: 'leaves', afterMs, exitCode: random.pick([0, 1, 130, 143]) };
}
