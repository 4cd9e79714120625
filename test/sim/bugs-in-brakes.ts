// Owns the planted bugs of the brake: it must not be got round, and what it holds back must not be forgotten.
import { NO_KILLS } from '../../src/core/brake.ts';
import { type PlantedBug, withLedger } from './planted-bug.ts';

export const BUGS_IN_BRAKES: readonly PlantedBug[] = [
  {
    name: 'each pass counts its kills afresh',
    caughtBy: 'I17 the brake is kept',
    faults: [],
    firstSeed: 20,
    plant: (world) =>
      withLedger(world, {
        brake: async () => ({ ...NO_KILLS, revision: (await world.ledger.brake()).revision }),
      }),
  },
  {
    name: 'who is held back is judged by nobody any more, whatever a person confirms',
    caughtBy: 'I6 the silent are stopped',
    faults: [],
    firstSeed: 19,
    decide: (real) => (live, evidence, moment) => {
      const decision = real(live, evidence, moment);
      const { state } = live.dispatch;
      const isHeld = state.kind === 'running' && state.held !== undefined;
      if (!isHeld || decision.kind !== 'change') return decision;
      return { kind: 'stay', because: 'held', act: null, nextAt: null };
    },
  },
];
