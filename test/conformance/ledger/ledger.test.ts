// Owns the run of the one suite over all drivers that this Node has, in memory and on disk.
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import type { Ledger } from '../../../src/ports.ts';
import { ENGINES, makeScratch } from './bed.ts';
import { exerciseLedger } from './exercise.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function kept(ledger: Ledger): Ledger {
  ends.push(() => ledger.close());
  return ledger;
}

test('this Node has at least one driver', () => {
  expect(ENGINES.map(({ name }) => name)).toContain('libsql');
});

for (const { name: driver } of ENGINES) {
  exerciseLedger(`${driver} in memory`, async () =>
    kept(await openLedger(':memory:', { create: true, driver })),
  );
  exerciseLedger(`${driver} on disk`, async () => {
    const { dir, ...scratch } = makeScratch();
    ends.push(() => scratch[Symbol.dispose]());
    return kept(await openLedger(join(dir, 'ledger.db'), { create: true, driver }));
  });
}
