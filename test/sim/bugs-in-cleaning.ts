// Owns the planted bugs of cleaning.
import type { PlantedBug } from './planted-bug.ts';

export const BUGS_IN_CLEANING: readonly PlantedBug[] = [
  {
    name: 'cleaning goes by the record of an end, whatever the ledger says',
    caughtBy: 'I12 the recorded exit stands',
    faults: [],
    plant: (world, stage) => {
      const { fateOf } = stage;
      stage.fateOf = (facts, row, options) =>
        facts.exited ? { kind: 'remove' } : fateOf(facts, row, options);
      return world;
    },
  },
];
