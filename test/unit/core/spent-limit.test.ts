// Owns the table of what attempts may use up together: tokens and money, each boundary from both sides.
import { expect, test } from 'vitest';
import {
  COST_SLACK_USD,
  brokenLimit,
  spentLimit,
  spentOf,
  spentWith,
} from '../../../src/core/limits.ts';
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
  [
    'as much as it may cost, but for what sums are beside',
    { maxCostUsd: 2.5 },
    [1, 1, 2.5 + COST_SLACK_USD],
    null,
  ],
  [
    'more than that, told to the millionth',
    { maxCostUsd: 2.5 },
    [1, 1, 2.510_000_4],
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

test.each([
  ['without what the ledger knew of it', 0.5, null],
  [
    'and more than that',
    0.75,
    'campaign nightly has cost 1.25 US dollars, more than its max_cost of 1',
  ],
])('an attempt adds what it says now to the cost of its campaign, %s', (_, costUsd, because) => {
  const usage = { inputTokens: null, outputTokens: null, costUsd };
  const { live, evidence } = row({
    noted: { ...usage, costUsd: 0.5 },
    said: { usage },
    budget: { limits: { maxTokens: null, maxCostUsd: 1 }, spent: { tokens: 0, costUsd: 1 } },
  });
  expect(spentWith(live, evidence)?.because ?? null).toBe(because);
});

test('what is not told counts as nothing', () => {
  const untold = { inputTokens: null, outputTokens: null, costUsd: null };
  expect(spentOf(untold)).toEqual({ tokens: 0, costUsd: 0 });
});

test('where nothing is known of it, nothing is spent', () => {
  expect(spentLimit({ ...NO_LIMITS, maxTokens: 1 }, spentOf(null))).toBeNull();
});

test('who breaks no limit breaks none', () => {
  const { evidence } = row({ usage: { rssBytes: 1, processes: 1 } });
  expect(brokenLimit({ ...NO_LIMITS, maxProcesses: 1 }, evidence)).toBeNull();
});
