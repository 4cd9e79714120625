// Owns what a planted bug is: the supervisor as it would be with that bug, told as a lie on a port, in the ledger, or in
// the evidence that the decision gets.
import type { Decision, Moment } from '../../src/core/decision.ts';
import type { LiveDispatch } from '../../src/core/dispatch.ts';
import type { Evidence, Look } from '../../src/core/evidence.ts';
import type { Guards, ReapFacts, ReapPlan } from '../../src/core/reap.ts';
import type { Snapshot } from '../../src/core/tree.ts';
import type { Ledger, ProcessRow } from '../../src/ports.ts';
import type { TimeReading } from '../../src/supervisor/time-watch.ts';
import type { World } from '../../src/supervisor/world.ts';
import type { Check } from './judge.ts';
import type { Fault } from './profile.ts';
import type { Stage } from './stage.ts';

export type Table = Look<readonly ProcessRow[]>;

export type Decide = (live: LiveDispatch, evidence: Evidence, moment: Moment) => Decision;

export type PlanReap = (
  snapshot: Snapshot<ProcessRow>,
  facts: ReapFacts,
  guards: Guards<ProcessRow>,
) => ReapPlan;

export interface PlantedBug {
  /** what is wrong, as a sentence */
  readonly name: string;
  /** the check that has to catch it first */
  readonly caughtBy: Check;
  /** The faults of the worlds in which it shows. It does not show without the first of them. */
  readonly faults: readonly Fault[];
  /** where the hunt begins: a world in which it was seen, which saves those before it; default: 1 */
  readonly firstSeed?: number;
  /** some agents of these worlds have a stream; default: none has */
  readonly streams?: boolean;
  readonly plant?: (world: World, stage: Stage) => World;
  readonly plantInLedger?: (ledger: Ledger) => Ledger;
  readonly decide?: (real: Decide) => Decide;
  /** what a reaper plans */
  readonly planReap?: (real: PlanReap) => PlanReap;
  /** what is noticed of time */
  readonly notice?: (reading: TimeReading) => TimeReading;
}

/** A world whose ledger answers some calls differently. */
export function withLedger(world: World, differs: Partial<Ledger>): World {
  return { ...world, ledger: { ...world.ledger, ...differs } };
}

/** Live rows as this supervisor is made to believe them. */
export function livesAs(world: World, differs: (live: LiveDispatch) => LiveDispatch): World {
  return withLedger(world, { live: async () => (await world.ledger.live()).map(differs) });
}

export function withProcesses(world: World, differs: Partial<World['processes']>): World {
  return { ...world, processes: { ...world.processes, ...differs } };
}

/** A process table that shows something else, in whichever way it is read. */
export function withTable(world: World, differs: (table: Table) => Table): World {
  const { scan, scanInTurns } = world.processes;
  return withProcesses(world, {
    scan: (again) => differs(scan(again)),
    scanInTurns: async (scope) => differs(await scanInTurns(scope)),
  });
}

export function withRunDirs(world: World, differs: Partial<World['runDirs']>): World {
  return { ...world, runDirs: { ...world.runDirs, ...differs } };
}

/** Decides on evidence that differs from what was seen. */
export function believing(
  differs: (evidence: Evidence, live: LiveDispatch, moment: Moment) => Partial<Evidence>,
): (real: Decide) => Decide {
  return (real) => (live, evidence, moment) =>
    real(live, { ...evidence, ...differs(evidence, live, moment) }, moment);
}

/** A reaper that finds nobody to end. */
export const reapNobody: (real: PlanReap) => PlanReap =
  (real) =>
  (...args) => ({ ...real(...args), trees: [] });

/** Of a pass that has seen nothing. */
export const NOTHING_NEW = { changes: [], limits: [], lifts: [] } as const;

/** An empty tree, proved. */
export const NOBODY: Evidence['members'] = {
  kind: 'seen',
  value: { processes: [], emptyLooks: 2 },
};

/** Nobody of it is left, and nothing is on record. */
export const ALL_GONE: Partial<Evidence> = { agent: 'gone', shim: 'gone', members: NOBODY };
