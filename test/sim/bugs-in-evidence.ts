// Owns the planted bugs in what counts as evidence of work, and for whom (I5): results of whoever lingers, I/O, child
// dispatches, named files.
import type { Sign } from '../../src/core/sign.ts';
import type { AttemptKey } from '../../src/ports.ts';
import {
  type PlantedBug,
  believing,
  withLedger,
  withProcesses,
  withRunDirs,
  withTable,
} from './planted-bug.ts';
import type { Stage } from './stage.ts';
import { nameOf } from './truth.ts';

/** Appended to the mark of an attempt (src/core/identity.ts). */
const HELPER = /helper$/;

/** The stage of the world that runs now. */
let stage: Stage | null = null;
/** What was believed of each attempt when its result was found, in that world. */
let lingerers = new Map<string, { signs: readonly Sign[]; watchedSince: number }>();

/** Does anybody run whom this attempt has added? */
function hasRunningChild(key: AttemptKey): boolean {
  for (const { dispatch } of stage?.truth.rows.values() ?? []) {
    const { parent, state } = dispatch;
    if (parent === null || nameOf(parent) !== nameOf(key)) continue;
    if (state.kind === 'running') return true;
  }
  return false;
}

const BUGS_IN_LINGERING: readonly PlantedBug[] = [
  {
    name: 'what done_when does counts as work',
    caughtBy: 'I5 evidence is its own',
    faults: [],
    firstSeed: 40,
    plant: (world) =>
      withTable(world, (table) => {
        if (table.kind !== 'seen') return table;
        const value = table.value.map((row) =>
          row.mark === null ? row : { ...row, mark: row.mark.replace(HELPER, '') },
        );
        return { kind: 'seen', value };
      }),
  },
  {
    name: 'a result is believed of whoever has a done_when and is silent',
    caughtBy: 'I12 no success without proof',
    faults: [],
    decide: believing((_, { dispatch: { spec } }) =>
      spec.doneWhen === null ? {} : { result: 'there' },
    ),
  },
  {
    name: 'the result of whoever is silent is never asked for',
    caughtBy: 'I6 the silent are stopped',
    faults: [],
    decide: (real) => (live, evidence, moment) => {
      const decision = real(live, evidence, moment);
      const asks = decision.kind === 'stay' && decision.act?.kind === 'ask-result';
      return asks ? { ...decision, act: null } : decision;
    },
  },
  {
    name: 'whoever lingered once lingers, however much it works again',
    caughtBy: 'I6 only the silent are stalled',
    faults: [],
    firstSeed: 91,
    plant: (world) => {
      lingerers = new Map();
      return world;
    },
    decide: believing(({ result, signs, watchedSince }, { dispatch: { id, fence } }) => {
      const name = nameOf({ dispatch: id, fence });
      const then = lingerers.get(name);
      if (then !== undefined) return { ...then, result: 'there' };
      if (result === 'there') lingerers.set(name, { signs, watchedSince });
      return {};
    }),
  },
];

const BUGS_IN_IO: readonly PlantedBug[] = [
  {
    name: 'the first sample of I/O is growth from zero',
    caughtBy: 'I5 evidence is its own',
    faults: [],
    plant: (world, { machine }) => {
      /** of each attempt; it reads the leases of its operations in every sample, before it asks for I/O in some */
      const samples = new Map<string, number>();
      const askedIn = new Map<number, number>();
      const counting = withRunDirs(world, {
        operations: (key) => {
          samples.set(nameOf(key), (samples.get(nameOf(key)) ?? 0) + 1);
          return world.runDirs.operations(key);
        },
      });
      return withProcesses(counting, {
        ioBytes: (row) => {
          const key = machine.get(row.pid)?.attempt?.key;
          const sample = key === undefined ? 0 : (samples.get(nameOf(key)) ?? 0);
          const isFirst = askedIn.get(row.pid) !== sample - 1;
          askedIn.set(row.pid, sample);
          return isFirst ? 0 : world.processes.ioBytes(row);
        },
      });
    },
  },
  {
    name: 'I/O that cannot be told is none so far',
    caughtBy: 'I5 evidence is its own',
    faults: ['io-unknown'],
    firstSeed: 120,
    plant: (world) => withProcesses(world, { ioBytes: (row) => world.processes.ioBytes(row) ?? 0 }),
  },
  {
    name: 'I/O is never looked at',
    caughtBy: 'I6 only the silent are stalled',
    faults: [],
    plant: (world) => withProcesses(world, { ioBytes: () => null }),
  },
];

const BUGS_IN_FAMILIES: readonly PlantedBug[] = [
  {
    name: 'a child counts for whoever added it as long as it runs',
    caughtBy: 'I6 the silent are stopped',
    faults: [],
    firstSeed: 104,
    plant: (world, its) => {
      stage = its;
      return world;
    },
    decide: believing(({ signs }, { attempt }, { now }) =>
      hasRunningChild(attempt)
        ? {
            signs: [...signs, { kind: 'child', at: now, since: now, detail: 'its child is there' }],
          }
        : {},
    ),
  },
  {
    name: 'a child counts for every attempt of the dispatch that added it',
    caughtBy: 'I5 evidence is its own',
    faults: [],
    firstSeed: 31,
    plant: (world) =>
      withLedger(world, {
        live: async () => {
          const lives = await world.ledger.live();
          const fences = new Map(lives.map(({ dispatch: { id, fence } }) => [id, fence]));
          return lives.map((live) => {
            const { parent } = live.dispatch;
            if (parent === null) return live;
            const fence = fences.get(parent.dispatch) ?? parent.fence;
            return { ...live, dispatch: { ...live.dispatch, parent: { ...parent, fence } } };
          });
        },
      }),
  },
  {
    name: 'a child is no evidence for whoever waits for it',
    caughtBy: 'I6 only the silent are stalled',
    faults: [],
    plant: (world) =>
      withLedger(world, {
        live: async () =>
          (await world.ledger.live()).map((live) => ({
            ...live,
            dispatch: { ...live.dispatch, parent: null },
          })),
      }),
  },
];

const BUGS_IN_FILES: readonly PlantedBug[] = [
  {
    name: 'named files are never looked at',
    caughtBy: 'I6 only the silent are stalled',
    faults: [],
    plant: (world) => withRunDirs(world, { evidenceFiles: async () => ({ kind: 'absent' }) }),
  },
];

export const BUGS_IN_EVIDENCE: readonly PlantedBug[] = [
  ...BUGS_IN_LINGERING,
  ...BUGS_IN_IO,
  ...BUGS_IN_FAMILIES,
  ...BUGS_IN_FILES,
];
