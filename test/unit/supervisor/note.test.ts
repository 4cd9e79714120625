// Owns the tests of what a pass tells the ledger of the evidence that it has found.
import { expect, test } from 'vitest';
import type { EvidenceNote } from '../../../src/ports.ts';
import { NOW, SECOND } from '../core/row.ts';
import { passing } from './scene.ts';

const NOTED_WITHIN_MS = 20 * SECOND;

test('what could not be noted is noted after the next look, and then no more', async () => {
  const noted: EvidenceNote[] = [];
  let trouble: Error | null = new Error('LEDGER_BUSY');
  const { passAt } = passing({}, (notes) => {
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
