// Owns the table of what attempts may use up together: tokens and money, each boundary from both sides.
import { expect, test } from 'vitest';
import { brokenLimit, spentLimit, spentOf } from '../../../src/core/limits.ts';
import type { UseLimits } from '../../../src/core/task.ts';
import { row } from './row.ts';

const NO_LIMITS: UseLimits = {
  maxOutputBytes: null,
  maxMemoryBytes: null,
  maxProcesses: null,
  maxTokens: null,
  maxCostUsd: null,
};

test.each<[string, Partial<UseLimits>, (number | null)[], string | null]>([
  ['as many tokens as it may', { maxTokens: 100 }, [60, 40, null], null],
  [
    'one more',
    { maxTokens: 100 },
    [60, 41, null],
    'it has used 101 tokens, more than its max_tokens of 100',
  ],
  ['tokens of which only those of its input are told', { maxTokens: 100 }, [100, null, null], null],
  ['only those of its output', { maxTokens: 100 }, [null, 100, null], null],
  [
    'too many of one kind, and the other is not told',
    { maxTokens: 100 },
    [101, null, null],
    'it has used 101 tokens, more than its max_tokens of 100',
  ],
  [
    'too many of the other',
    { maxTokens: 100 },
    [null, 101, null],
    'it has used 101 tokens, more than its max_tokens of 100',
  ],
  ['as much as it may cost', { maxCostUsd: 2.5 }, [1, 1, 2.5], null],
  [
    'more than that',
    { maxCostUsd: 2.5 },
    [1, 1, 2.51],
    'it has cost 2.51 US dollars, more than its max_cost of 2.5',
  ],
  ['what cost it is not told', { maxCostUsd: 0.5 }, [1, 1, null], null],
  ['any amount, and there is no limit', {}, [9e9, 9e9, 9e9], null],
])('%s', (_, limits, [inputTokens = null, outputTokens = null, costUsd = null], because) => {
  const said = spentLimit(
    { ...NO_LIMITS, ...limits },
    spentOf({ inputTokens, outputTokens, costUsd }),
  );
  expect(said?.because ?? null).toBe(because);
  expect(said).not.toBeUndefined();
});

test('where nothing is known of it, nothing is spent', () => {
  expect(spentLimit({ ...NO_LIMITS, maxTokens: 1 }, spentOf(null))).toBeNull();
});

test('who breaks no limit breaks none', () => {
  const { evidence } = row({ usage: { rssBytes: 1, processes: 1 } });
  expect(brokenLimit({ ...NO_LIMITS, maxProcesses: 1 }, evidence)).toBeNull();
});
