// Owns the tests of who is named as a survivor where something of the look is missing.
import { expect, test } from 'vitest';
import { sparedAgent, survivorsOf } from '../../../src/core/survivors.ts';
import { type RowSpec, row } from './row.ts';

function stopping(spec: RowSpec) {
  const { live, evidence } = row({ state: 'stopping', ...spec });
  const { state } = live.dispatch;
  if (state.kind !== 'stopping') throw new Error('it does not stop');
  return { live: { ...live, state }, evidence };
}

test('where the tree cannot be seen, those stand who were named before', () => {
  const { live, evidence } = stopping({ survivors: [72], members: 'unknown' });
  expect(survivorsOf(live, evidence).map(({ pid }) => pid)).toEqual([72]);
});

test.each<[string, RowSpec]>([
  ['that nobody knows', { process: null, pid: 'absent', agent: 'alive', members: [71] }],
  ['whose tree cannot be seen', { agent: 'alive', members: 'unknown' }],
  ['that is gone', { agent: 'gone', members: [71] }],
  ['that is in its tree', { agent: 'alive', members: [70] }],
])('an agent %s is not named for itself', (_, spec) => {
  const { live, evidence } = stopping(spec);
  expect(sparedAgent(live, evidence)).toBeNull();
});

test('an agent that lives outside of its own tree is', () => {
  const { live, evidence } = stopping({ agent: 'alive', members: [71] });
  expect(sparedAgent(live, evidence)).toMatchObject({ pid: 70, startTime: 700 });
});
