// Owns the tests of how people are told which CPU time counts as work.
import { expect, test } from 'vitest';
import { claude } from '../../../src/agents/claude.ts';
import { opencode } from '../../../src/agents/opencode.ts';
import { cpuThresholdWords } from '../../../src/cli/render/cpu-words.ts';

test.each([
  ['a command', 0.005, { adapter: null, unusable: null }, '0.5% of a core'],
  ['a program that waits for nothing', 0.01, { adapter: claude, unusable: null }, '1% of a core'],
  [
    'a program that uses some while it waits',
    0.01,
    { adapter: opencode, unusable: null },
    '3% of a core: cpu_threshold 1%, and 2% that OpenCode uses while it only waits',
  ],
  [
    'a program of which nothing can be known',
    0.01,
    { adapter: null, unusable: 'the adapter /a.mjs cannot be used: boom' },
    '1% of a core, and what its program uses while it only waits: the adapter /a.mjs cannot be used: boom',
  ],
])('of %s', (_, cpuShareMin, known, words) => {
  expect(cpuThresholdWords({ cpuShareMin }, known)).toBe(words);
});
