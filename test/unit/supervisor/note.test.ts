// Owns the tests of what a pass tells the ledger of the evidence that it has found.
import { expect, test } from 'vitest';
import { createMemory } from '../../../src/supervisor/memory.ts';
import { pass } from '../../../src/supervisor/pass.ts';
import type { EvidenceNote } from '../../../src/ports.ts';
import type { Surroundings } from '../../../src/supervisor/perform.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { AGENT, NOW, SECOND, row } from '../core/row.ts';
import { process, show } from './scene.ts';
import { NO_AGENTS } from '../../no-agents.ts';

const NOTED_WITHIN_MS = 20 * SECOND;

/** One attempt, looked at when it is said; the ledger takes notes as `take` says. */
function watched(take: (notes: readonly EvidenceNote[]) => void) {
  const { live } = row({});
  let now = NOW;
  const { world } = show({ table: { kind: 'seen', value: [process(50), process(AGENT.pid)] } });
  const complete = {
    ...world,
    clock: { ...world.clock, now: () => now },
    chance: { next: () => 0 },
    outputBytesMax: Number.POSITIVE_INFINITY,
    ledger: {
      ...world.ledger,
      live: async () => [live],
      due: async () => [],
      nextDueAt: async () => null,
      append: async () => {},
      noteEvidence: async (notes: readonly EvidenceNote[]) => take(notes),
    },
    agents: NO_AGENTS,
  } as unknown as World;
  const surroundings = {
    shims: () => [],
    wake: () => {},
    noticeTime: async () => false,
    background: () => {},
  } as unknown as Surroundings;
  const memory = createMemory();
  return async (laterMs: number) => {
    now = NOW + laterMs;
    await pass(complete, memory, surroundings, 'no');
  };
}

test('what could not be noted is noted after the next look, and then no more', async () => {
  const noted: EvidenceNote[] = [];
  let trouble: Error | null = new Error('LEDGER_BUSY');
  const passAt = watched((notes) => {
    if (trouble !== null) throw trouble;
    noted.push(...notes);
  });
  await passAt(0);
  await expect(passAt(NOTED_WITHIN_MS)).rejects.toThrow('LEDGER_BUSY');
  trouble = null;
  await passAt(2 * NOTED_WITHIN_MS);
  expect(noted).toMatchObject([{ watchedSince: NOW }]);
  await passAt(3 * NOTED_WITHIN_MS);
  expect(noted).toHaveLength(1);
});
