// Owns the planted bugs in how silence is counted: timers that reset each other, first looks that prove too much.
import type { Evidence } from '../../src/core/evidence.ts';
import { FRESH_MS } from '../../src/core/verdict.ts';
import { type PlantedBug, believing, withTable } from './planted-bug.ts';

const sign = (kind: 'cpu' | 'output', at: number): Pick<Evidence, 'signs'> => ({
  signs: [{ kind, at, since: at, detail: 'planted' }],
});

export const BUGS_IN_SILENCE: readonly PlantedBug[] = [
  {
    name: 'each look that finds nobody stalled begins the window anew',
    caughtBy: 'I6 the silent are stopped',
    faults: [],
    decide: believing(({ watchedSince }, { dispatch: { spec } }, { now }) =>
      now - watchedSince < spec.stallMs ? {} : { watchedSince: now, signs: [] },
    ),
  },
  {
    name: 'an extension of the deadline counts as work',
    caughtBy: 'I7 only evidence extends',
    faults: [],
    firstSeed: 158,
    decide: believing((_, { attempt: { deadline } }, { now }) =>
      deadline === null || deadline.extendedCount === 0 ? {} : sign('cpu', now),
    ),
  },
  {
    name: 'the first sample of a supervisor counts as growth',
    caughtBy: 'I5 evidence is its own',
    faults: [],
    plant: (world) => {
      const seen = new Set<number>();
      return withTable(world, (table) => {
        if (table.kind !== 'seen') return table;
        const value = table.value.map((row) => {
          const isFirst = !seen.has(row.pid);
          seen.add(row.pid);
          return isFirst ? { ...row, cpuMs: -1_000_000 } : row;
        });
        return { kind: 'seen', value };
      });
    },
  },
  {
    name: 'whoever was first observed a moment ago works',
    caughtBy: 'I7 only evidence extends',
    faults: [],
    decide: believing(({ watchedSince }, _, { now }) =>
      now - watchedSince < FRESH_MS ? sign('output', now) : {},
    ),
  },
];
