// Owns the planted bugs in what is made of a step of the clock and of a suspend.
import type { ClockReading } from '../../src/core/clock-reading.ts';
import type { World } from '../../src/supervisor/world.ts';
import { type PlantedBug, withLedger } from './planted-bug.ts';

export const BUGS_IN_TIME: readonly PlantedBug[] = [
  {
    name: 'a step of the clock is not noticed',
    caughtBy: 'I7 no time-out before its time',
    faults: ['clock-steps'],
    plant: (world) => ({
      ...world,
      clock: { ...world.clock, monotonicMs: () => world.clock.now() },
    }),
  },
  {
    name: 'a suspend that the monotonic clock counts is not noticed',
    caughtBy: 'I7 no time-out while it works',
    faults: ['suspends'],
    firstSeed: 320,
    notice: (reading) => ({ ...reading, lateMs: 0 }),
  },
  {
    name: 'moments are moved twice for one step of the clock',
    caughtBy: 'I7 no time-out before its time',
    faults: ['clock-steps'],
    plant: (world) =>
      whereItSteps(world, async (reading, byMs, now) => {
        const further = { ...reading, aheadMs: reading.aheadMs + byMs };
        await world.ledger.followClock(further, now);
      }),
  },
  {
    name: 'a step of the clock that nobody saw is followed by nobody',
    caughtBy: 'I7 no time-out before its time',
    faults: ['clock-steps', 'supervisor-killed'],
    firstSeed: 83,
    plant: (world) => {
      let isFirst = true;
      return withLedger(world, {
        followClock: async (reading, now) => {
          if (isFirst) await world.ledger.followClock({ ...reading, origin: 'none' }, now);
          isFirst = false;
          return await world.ledger.followClock(reading, now);
        },
      });
    },
  },
  {
    name: 'a step of the clock is followed once more by whoever supervises next',
    caughtBy: 'I7 no time-out before its time',
    faults: ['clock-steps', 'supervisor-killed'],
    firstSeed: 36,
    plant: (world) =>
      whereItSteps(world, async (reading, byMs, now) => {
        const before = { ...reading, aheadMs: reading.aheadMs - byMs };
        await world.ledger.followClock({ ...before, origin: 'none' }, now);
        await world.ledger.followClock(before, now);
      }),
  },
];

/** @param then what is done after a step was followed rightly */
function whereItSteps(
  world: World,
  then: (reading: ClockReading, byMs: number, now: number) => Promise<void>,
): World {
  let before: ClockReading | null = null;
  return withLedger(world, {
    followClock: async (reading, now) => {
      const told = await world.ledger.followClock(reading, now);
      const byMs = before === null ? 0 : told.aheadMs - before.aheadMs;
      before = told;
      if (byMs !== 0) await then(reading, byMs, now);
      return told;
    },
  });
}
