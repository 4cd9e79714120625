// Owns the tests of when an attempt is looked at again: what it says, or its end, must not wait for the next sample.
import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { type Decided, follow } from '../../../src/supervisor/follow.ts';
import type { AttemptMemory } from '../../../src/supervisor/memory.ts';
import type { Surroundings } from '../../../src/supervisor/perform.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { NOW, type RowSpec, SECOND, SHIM, row } from '../core/row.ts';
import { type Scene, dueOf, passing } from './scene.ts';

/** `others` is what they do at their turns, once its records were read. */
function watching(scene: Scene, others: (its: AttemptMemory, now: number) => void = () => {}) {
  let laterMs = 0;
  const { passAt, its, order } = passing({
    ...scene,
    giveWay: () => {
      if (order.includes('records')) others(its, NOW + laterMs);
    },
  });
  const looks = () => order.filter((one) => one === 'records').length;
  return async (atMs: number) => {
    laterMs = atMs;
    const before = looks();
    const { nextAt } = await passAt(atMs);
    return { inMs: nextAt - NOW, looked: looks() > before };
  };
}

test('what is said after its records were read, and before the pass is over, is read when it was to be', async () => {
  let says = true;
  const passAt = watching({}, (its, now) => {
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
  const { inMs } = await watching({})(0);
  expect(inMs).toBeGreaterThan(SECOND);
  const shimless = watching({ sightings: { [SHIM.pid]: 'gone' } });
  expect(await shimless(0)).toEqual({ inMs: 250, looked: true });
  expect(await shimless(250)).toEqual({ inMs: 500, looked: true });
});

test.each<[string, RowSpec, boolean]>([
  ['as anybody where its shim lives', { pid: 'seen' }, false],
  ['often where its shim is gone', { pid: 'seen', shim: 'gone' }, true],
  ['often where it stands for the agent', { shim: 'gone', members: [71] }, true],
])('who is found while it starts is looked at %s', async (_, spec, isSoon) => {
  const { live, evidence, moment } = row({ state: 'starting', ...spec });
  const [{ memory } = { memory: null }] = dueOf(live);
  const decided: Decided = {
    live,
    memory: memory!,
    evidence,
    decision: decide(live, evidence, moment),
  };
  const following = { surroundings: {} as Surroundings, now: NOW, kills: [] };
  await follow({} as World, decided, true, following);
  const inMs = memory!.nextLookAt - NOW;
  expect(inMs <= 250 ? 'soon' : 'later').toBe(isSoon ? 'soon' : 'later');
});
