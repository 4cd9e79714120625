// Owns the tests of when an attempt is looked at again: what it says, or its end, must not wait for the next sample.
import { expect, test } from 'vitest';
import { type AttemptMemory, createMemory } from '../../../src/supervisor/memory.ts';
import { pass } from '../../../src/supervisor/pass.ts';
import type { Surroundings } from '../../../src/supervisor/perform.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { AGENT, NOW, SECOND, SHIM, row } from '../core/row.ts';
import { type Scene, process, show } from './scene.ts';
import { NO_AGENTS } from '../../no-agents.ts';

/** Passes over one running attempt; `giveWay` is what others do at their turns, once its records were read. */
function watching(scene: Scene, giveWay: (its: AttemptMemory, now: number) => void = () => {}) {
  const { live } = row({});
  let now = NOW;
  const memory = createMemory();
  const its = memory.of(live, NOW);
  const { world, order } = show({
    table: { kind: 'seen', value: [process(50), process(AGENT.pid)] },
    ...scene,
  });
  const looks = () => order.filter((one) => one === 'records').length;
  const complete = {
    ...world,
    clock: {
      ...world.clock,
      now: () => now,
      giveWay: async () => {
        if (looks() > 0) giveWay(its, now);
      },
    },
    chance: { next: () => 0 },
    outputBytesMax: Number.POSITIVE_INFINITY,
    ledger: {
      ...world.ledger,
      live: async () => [live],
      due: async () => [],
      nextDueAt: async () => null,
      append: async () => {},
      noteEvidence: async () => {},
    },
    agents: NO_AGENTS,
  } as unknown as World;
  const surroundings = {
    shims: () => [],
    wake: () => {},
    noticeTime: async () => false,
    background: () => {},
  } as unknown as Surroundings;
  const passAt = async (laterMs: number) => {
    now = NOW + laterMs;
    const before = looks();
    const { nextAt } = await pass(complete, memory, surroundings, 'no');
    return { inMs: nextAt - NOW, looked: looks() > before };
  };
  return { passAt };
}

test('what is said after its records were read, and before the pass is over, is read when it was to be', async () => {
  let says = true;
  const { passAt } = watching({}, (its, now) => {
    if (says) its.readAt ??= now + 500;
  });
  expect(await passAt(0)).toEqual({ inMs: 500, looked: true });
  says = false;
  expect(await passAt(499)).toMatchObject({ looked: false });
  const { inMs, looked } = await passAt(500);
  expect(looked).toBe(true);
  expect(inMs).toBeGreaterThan(SECOND);
});

test('who has lost the shim that would tell of its end is looked at often', async () => {
  const { inMs } = await watching({}).passAt(0);
  expect(inMs).toBeGreaterThan(SECOND);
  const shimless = watching({ sightings: { [SHIM.pid]: 'gone' } });
  expect(await shimless.passAt(0)).toEqual({ inMs: 250, looked: true });
  expect(await shimless.passAt(250)).toEqual({ inMs: 500, looked: true });
});
