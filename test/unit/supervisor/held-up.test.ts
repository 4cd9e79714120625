// Owns the tests of a supervisor that was held up in the middle of a look: it decides on what is there now (I7, I13).
import { expect, test } from 'vitest';
import { exited, row } from '../core/row.ts';
import { passing } from './scene.ts';

test.each([
  { lastsMs: 4_999, looks: 1, changed: 0 },
  { lastsMs: 5_000, looks: 2, changed: 1 },
])('I7: after $lastsMs ms it has looked $looks times', async ({ lastsMs, looks, changed }) => {
  const runs = row({}).evidence.runDir;
  const { passAt, order } = passing({
    lastsMs,
    runDirs: [runs, runs, { ...runs, exit: { kind: 'seen', value: exited(0) } }],
  });
  const report = await passAt(10_000);
  expect(order.filter((what) => what === 'sight 70')).toHaveLength(looks);
  expect(report.changed).toBe(changed);
});
