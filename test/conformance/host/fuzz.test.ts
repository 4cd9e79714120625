// Owns the short hunt for inputs on which a reader of what others have written crashes, hangs, or answers nonsense. The long
// one is `npm run fuzz`. FUZZ_RUNS: inputs for each target.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { breed } from '../../fuzz/breed.ts';
import { createSequence } from '../../../src/host/crash-point.ts';
import { filesIn, removeFiles } from '../../fuzz/files.ts';
import { SAID } from '../../fuzz/said.ts';
import { type Target, faultOf } from '../../fuzz/target.ts';
import { TEXTS } from '../../fuzz/texts.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 60);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const dir = mkdtempSync(join(tmpdir(), 'drover-fuzz-'));

afterAll(() => removeFiles(dir));

describe('I18: whatever others have written is read', () => {
  test.each([...TEXTS, ...SAID, ...filesIn(dir)].map((target) => [target.name, target] as const))(
    '%s',
    (_, target) => {
      const chance = createSequence(SEED);
      const inputs = [
        ...target.examples,
        ...Array.from({ length: RUNS }, () => breed(target.examples, target.words, chance)),
      ];
      for (const input of inputs) {
        const fault = faultOf(target, input);
        expect(fault, JSON.stringify(input.toString('latin1')).slice(0, 600)).toBeNull();
      }
    },
  );
});

test('a reader that throws, hangs or answers nonsense is found', () => {
  const broken = (wrong: Target['wrong']): Target => ({
    name: 'broken',
    examples: [Buffer.from('{"a":[1]}')],
    words: [],
    wrong,
  });
  const found = (target: Target) => {
    const chance = createSequence(1);
    for (let runs = 0; runs < 2_000; runs++) {
      const fault = faultOf(target, breed(target.examples, target.words, chance));
      if (fault !== null) return fault;
    }
    return null;
  };
  const stringifies = (input: Buffer) => {
    try {
      return JSON.stringify(JSON.parse(input.toString())) === '' ? ['nothing'] : [];
    } catch (error) {
      if (error instanceof RangeError) throw error;
      return [];
    }
  };
  expect(found(broken((input) => (input.includes(0) ? ['a NUL'] : [])))).toBe('a NUL');
  expect(found(broken((input) => (input.length > 60_000 ? ['too long'] : [])))).toBe('too long');
  expect(found(broken(() => []))).toBeNull();
  expect(stringifies(Buffer.from('[1]'))).toEqual([]);
});
