// Owns the table of what an answer about the result of a living agent is worth when it comes.
import { expect, test } from 'vitest';
import { createMemory } from '../../../src/supervisor/memory.ts';
import { follow } from '../../../src/supervisor/follow.ts';
import { type Surroundings, perform } from '../../../src/supervisor/perform.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { AGENT, HOUR, NOW, row } from '../core/row.ts';
import { signAt } from '../core/sign-at.ts';
import { NO_AGENTS } from '../../no-agents.ts';

const ANSWERED_AT = NOW + 30_000;

/** Asks at NOW and is answered half a minute later; the last sign of work is `signLaterMs` younger than the question. */
async function answered(goal: 'reached' | 'missed' | 'unknown', signLaterMs: number) {
  const { live } = row({ spec: { doneWhen: 'test -f plan.md' } });
  const memory = createMemory().of(live, NOW - 60_000);
  let now = NOW;
  let asked: Promise<void> = Promise.resolve();
  const world = {
    ledger: { id: 'led' },
    // It is set ahead right before the question, and nobody has seen that yet.
    clock: { now: () => now + HOUR, monotonicMs: () => now - NOW },
    log: () => {},
    runDirs: {
      checkGoal: async () => {
        expect(memory.result).toBe('asking');
        now = ANSWERED_AT;
        memory.signs = [signAt(NOW + signLaterMs)];
        return { goal, because: '' };
      },
    },
    agents: NO_AGENTS,
  } as unknown as World;
  const surroundings = {
    wake: () => {},
    now: () => now,
    background: (work: Promise<void>) => {
      asked = work;
    },
  } as unknown as Surroundings;
  perform(world, live, memory, { kind: 'ask-result' }, surroundings);
  await asked;
  return [memory.result, memory.resultAt];
}

test.each([
  ['reached', 'there', ANSWERED_AT],
  ['missed', 'missing', null],
  ['unknown', 'missing', null],
] as const)('an agent that did nothing since it was asked: %s', async (goal, result, at) => {
  expect(await answered(goal, 0)).toEqual([result, at]);
});

test.each(['reached', 'missed', 'unknown'] as const)(
  'I13: an answer (%s) about whoever has worked since it was asked says nothing of what is there now',
  async (goal) => {
    expect(await answered(goal, 1)).toEqual(['unasked', null]);
  },
);

test('I4: who adopts an attempt asks again: what it did while nobody watched may have undone its result', () => {
  const { live } = row({ spec: { doneWhen: 'test -f plan.md' } });
  const attempt = { ...live.attempt, resultAt: NOW - 1_000 };
  const memory = createMemory().of({ ...live, attempt }, NOW);
  expect([memory.result, memory.resultAt]).toEqual(['unasked', null]);
  expect(memory.noted.resultAt).toBe(NOW - 1_000);
});

test.each([
  ['starting', true, 'unasked'],
  ['starting', false, 'unknown'],
  ['running', true, 'unknown'],
] as const)(
  'I13: what was answered while nobody seemed to live is asked again of who was found: %s, committed %s',
  async (state, committed, goal) => {
    const { live, evidence } = row({ state, spec: { doneWhen: 'test -f plan.md' } });
    const memory = createMemory().of(live, NOW);
    memory.goal = 'unknown';
    const decision = {
      kind: 'change',
      type: 'attempt.adopted',
      next: { kind: 'running', since: NOW, process: AGENT },
      because: 'a process with its mark lives',
    } as const;
    const looked = { live, memory, evidence, decision };
    const following = { surroundings: {} as Surroundings, now: NOW, kills: [] };
    await follow({} as World, looked, committed, following);
    expect(memory.goal).toBe(goal);
  },
);
