// Owns the test of a pass in which the wall clock steps right after it was looked at: its moments are of before (I7).
import { expect, test } from 'vitest';
import type { ClockReading } from '../../../src/core/clock-reading.ts';
import { startSupervisor } from '../../../src/supervisor/supervisor.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { HOUR, NOW } from '../core/row.ts';
import { answering } from './scene.ts';

test('I7: a step that nobody has followed yet dates nothing', async () => {
  let wall = NOW;
  let isLooking = false;
  const passes: number[] = [];
  const steps: number[] = [];
  const clock = {
    now: () => wall,
    monotonicMs: () => 1_000,
    origin: () => {
      // Both clocks have been read; we are stopped for a moment, and the clock is set back.
      if (isLooking) wall = NOW - HOUR;
      return 'boot-1';
    },
    sleep: async () => {},
    giveWay: async () => {},
  };
  const ledger: Record<string, (...args: never[]) => unknown> = {
    live: () => {
      isLooking = true;
      return [];
    },
    due: (now: number) => {
      passes.push(now);
      return [];
    },
    followClock: (clocks: ClockReading) => {
      steps.push(clocks.aheadMs - (NOW - 1_000));
      return clocks;
    },
  };
  const world = {
    ledger: answering(ledger),
    clock,
    chance: { next: () => 0, id: () => 'x' },
    processes: { self: () => ({ bootId: 'boot-1', pid: 1, startTime: 1 }), bootId: () => 'boot-1' },
    cgroups: { sweep: () => {} },
    log: () => {},
  } as unknown as World;
  const supervisor = startSupervisor(world, 'told');
  await supervisor.afterPass();
  await supervisor.stop('enough');
  expect(passes[0]).toBe(NOW);
  expect(passes.slice(1).every((now) => now === NOW - HOUR)).toBe(true);
  expect(steps.slice(0, 2)).toEqual([0, -HOUR]);
});
