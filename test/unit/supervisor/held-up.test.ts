// Owns the tests of a supervisor that was held up in the middle of a look: nobody is ended for a silence of before (I7).
import { expect, test } from 'vitest';
import type { Change } from '../../../src/ports.ts';
import { MINUTE, NOW, type RowSpec } from '../core/row.ts';
import { passing } from './scene.ts';

async function stopsAfter(lastsMs: number, spec: RowSpec): Promise<readonly Change[]> {
  const { passAt, its, changes } = passing({ lastsMs }, () => {}, spec);
  const watched = { watchedSince: NOW - 2 * MINUTE, sampledAt: NOW - 10_000 };
  Object.assign(its, { ...watched, outputBytes: 100, cpuMs: new Map() });
  await passAt(0);
  return changes;
}

const silent: RowSpec = { spec: { stallMs: MINUTE } };

test('I7: what was silent when the look began is looked at again', async () => {
  expect(await stopsAfter(5_000, silent)).toEqual([]);
});

test('I13: a stop begins when it is committed, not when the look began', async () => {
  const [change] = await stopsAfter(4_999, silent);
  const since = NOW + 4_999;
  expect(change).toMatchObject({ next: { kind: 'stopping', since, killAt: since + 10_000 } });
});

test('I7: a hard limit is kept, however long the look takes', async () => {
  const over: RowSpec = { deadline: { softInMs: -MINUTE, hardInMs: 0 } };
  expect(await stopsAfter(5_000, over)).toHaveLength(1);
});
