// Owns the test of a supervisor whose ledger has failed: what it decided is as old as the trouble, and nobody is ended for it.
import { expect, test } from 'vitest';
import { NO_KILLS } from '../../../src/core/brake.ts';
import { type Supervisor, startSupervisor } from '../../../src/supervisor/supervisor.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { AGENT, MINUTE, NOW, row } from '../core/row.ts';
import { answering, process, show } from './scene.ts';

test('I6: a commit that has failed begins the silence anew: on a full disk no shim can record an end', async () => {
  let wall = NOW;
  const stops: number[] = [];
  const { live } = row({ spec: { stallMs: MINUTE } });
  // Its agent is gone; its shim lives, and has recorded nothing.
  const { world } = show({
    table: { kind: 'seen', value: [process(50)] },
    sightings: { [AGENT.pid]: 'gone' },
  });
  const ledger: Record<string, (...args: never[]) => unknown> = {
    live: () => [live],
    due: () => [],
    followClock: (clocks: unknown) => clocks,
    brake: () => NO_KILLS,
    commitPass: ({ changes }: { changes: readonly unknown[] }) => {
      if (changes.length === 0) return { committed: new Set(), claimed: [] };
      stops.push(wall - NOW);
      if (stops.length === 2) void supervisor.stop('enough');
      throw new Error('no space left on device');
    },
  };
  const complete = {
    ...world,
    ledger: answering(ledger),
    clock: {
      now: () => wall,
      monotonicMs: () => wall - NOW,
      origin: () => 'boot-1',
      giveWay: async () => {},
      sleep: async (durationMs: number) => {
        wall += durationMs;
      },
    },
    runDirs: { ...world.runDirs, watch: () => {}, trimOutput: () => null },
    cgroups: { sweep: () => {} },
    chance: { next: () => 0, id: () => 'x' },
    policy: () => ({ brake: { max: 5, share: 0 } }),
    outputBytesMax: Number.POSITIVE_INFINITY,
    sweepEveryMs: Number.POSITIVE_INFINITY,
    log: () => {},
  } as unknown as World;
  const supervisor: Supervisor = startSupervisor(complete, 'errand');
  await supervisor.ended;
  expect(stops[0]).toBeGreaterThanOrEqual(MINUTE);
  expect(stops[1]! - stops[0]!).toBeGreaterThanOrEqual(MINUTE);
});
