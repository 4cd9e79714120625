// Owns the tables of how it is said what was used, and what may be.
import { describe, expect, test } from 'vitest';
import type { TokenUsage } from '../../../src/core/agent-event.ts';
import { limitsWords, usageLines, usageWords } from '../../../src/cli/render/usage-words.ts';
import type { CampaignUse } from '../../../src/ports.ts';

const used = (inputTokens: number | null, costUsd: number | null = null): TokenUsage => ({
  inputTokens,
  outputTokens: null,
  costUsd,
});

const campaign = (name: string, fields: Partial<CampaignUse> = {}): CampaignUse => ({
  campaign: name,
  usage: used(1_000, 0.5),
  limits: { maxTokens: null, maxCostUsd: null },
  spentBecause: null,
  ...fields,
});

const lines = (all: readonly CampaignUse[], ...shown: string[]) =>
  usageLines(all, new Set(shown), (command) => `drover ${command}`);

test.each<[TokenUsage | null, string | null]>([
  [null, null],
  [used(null), null],
  [used(0), '0 tokens'],
  [used(9_999), '9999 tokens'],
  [{ ...used(12_000), outputTokens: 345 }, '12.3k tokens'],
  [used(12_345_678, 4.2), '12.3M tokens, $4.20'],
  [used(null, 0.42), '$0.42'],
])('%o is said as %s', (usage, words) => {
  expect(usageWords(usage)).toBe(words);
});

test.each([
  [null, null, null],
  [50_000, null, 'max 50.0k tokens'],
  [null, 2.5, 'max $2.50'],
  [1_000, 1, 'max 1000 tokens, $1.00'],
])('limits of %o tokens and %o dollars', (maxTokens, maxCostUsd, words) => {
  expect(limitsWords({ maxTokens, maxCostUsd })).toBe(words);
});

describe('below the rows of ps', () => {
  test('stands nothing where nothing was told', () => {
    expect(lines([], 'a')).toEqual([]);
    expect(lines([campaign('a', { usage: null })], 'a')).toEqual([]);
  });

  test('stand the campaigns of the rows, and the sum of all where there are several', () => {
    expect(lines([campaign('a')], 'a')).toEqual(['a: 1000 tokens, $0.50 used']);
    expect(lines([campaign('a'), campaign('b'), campaign('c', { usage: null })], 'b')).toEqual([
      'b: 1000 tokens, $0.50 used',
      'all 3 campaigns: 2000 tokens, $1.00 used',
    ]);
  });

  test('stands how one goes on that may use no more', () => {
    const limits = { maxTokens: 900, maxCostUsd: null };
    expect(lines([campaign('a', { limits })], 'a')).toEqual([
      'a: 1000 tokens, $0.50 used (max 900 tokens)',
    ]);
    expect(lines([campaign('a', { limits, spentBecause: 'too much' })], 'a')).toEqual([
      'a: 1000 tokens, $0.50 used (max 900 tokens); nothing of it starts: drover resume a lets it go on',
    ]);
  });

  test('are no more than ten campaigns', () => {
    const all = Array.from({ length: 12 }, (_, index) => campaign(`c${index}`));
    const names = all.map((one) => one.campaign);
    expect(lines(all, ...names)).toHaveLength(11);
  });
});
