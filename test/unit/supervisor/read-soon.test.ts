// Owns the tests of when what an agent says is read: what comes in while it is being looked at must not wait for long.
import { expect, test } from 'vitest';
import { createMemory } from '../../../src/supervisor/memory.ts';
import { pass } from '../../../src/supervisor/pass.ts';
import type { Surroundings } from '../../../src/supervisor/perform.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { AGENT, NOW, SECOND, row } from '../core/row.ts';
import { process, show } from './scene.ts';
import { NO_AGENTS } from '../../no-agents.ts';

test('what is said after its records were read, and before the pass is over, is read when it was to be', async () => {
  const { live } = row({});
  let now = NOW;
  let says = true;
  const memory = createMemory();
  const its = memory.of(live, NOW);
  const { world, order } = show({
    table: { kind: 'seen', value: [process(50), process(AGENT.pid)] },
  });
  const looks = () => order.filter((one) => one === 'records').length;
  const complete = {
    ...world,
    clock: {
      ...world.clock,
      now: () => now,
      giveWay: async () => {
        if (says && looks() > 0) its.readAt ??= now + 500;
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
    return await pass(complete, memory, surroundings, 'no');
  };
  expect(await passAt(0)).toMatchObject({ nextAt: NOW + 500 });
  says = false;
  const before = looks();
  await passAt(499);
  expect(looks()).toBe(before);
  const { nextAt } = await passAt(500);
  expect(looks()).toBeGreaterThan(before);
  expect(nextAt).toBeGreaterThan(NOW + SECOND);
});
