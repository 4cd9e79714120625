// Owns how durations are read and shown.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/core/duration.ts';
import { DroverError } from '../../src/core/error.ts';

test.each<[string, number]>([
  ['30s', 30_000],
  ['20m', 1_200_000],
  ['2h', 7_200_000],
  ['1h30m', 5_400_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['1d', 86_400_000],
  ['0s', 0],
  ['0.4ms', 0],
  [' 5s ', 5_000],
  ['1m1m', 120_000],
  ['3650d', 315_360_000_000],
])('%j is %i ms', (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

const EXAMPLES = 'write for example 30s, 20m, 2h, 1h30m or 500ms';

test.each<[string, string]>([
  ['30', 'a duration needs a unit: write 30s, 30m or 30h'],
  ['1.5', 'a duration needs a unit: write 1.5s, 1.5m or 1.5h'],
  ['', EXAMPLES],
  ['5 s', EXAMPLES],
  ['-5s', EXAMPLES],
  ['5S', EXAMPLES],
  ['5min', EXAMPLES],
  ['1h30', EXAMPLES],
  ['.5h', EXAMPLES],
  ['1e3s', EXAMPLES],
  ['forever', EXAMPLES],
  ['3651d', 'the longest duration is 3650d'],
  [`${'9'.repeat(400)}d`, 'the longest duration is 3650d'],
])('%j is refused with the way out', (text, hint) => {
  const parse = () => parseDuration(text);
  expect(parse).toThrow(DroverError);
  expect(parse).toThrow(
    expect.objectContaining({
      code: 'DURATION_INVALID',
      message: `"${text}" is not a duration`,
      hint,
    }),
  );
});

test.each<[number, string]>([
  [0, '0ms'],
  [-5, '0ms'],
  [999, '999ms'],
  [999.6, '1s'],
  [1_000, '1s'],
  [90_000, '1m30s'],
  [3_600_000, '1h'],
  [3_601_000, '1h'],
  [5_400_000, '1h30m'],
  [90_061_001, '1d1h'],
])('%d ms is shown as %s', (durationMs, shown) => {
  expect(formatDuration(durationMs)).toBe(shown);
});

describe('for all durations', () => {
  test('what is shown can be read again, and is at most what it was', () => {
    fc.assert(
      fc.property(fc.nat({ max: 315_360_000_000 }), (durationMs) => {
        const read = parseDuration(formatDuration(durationMs));
        expect(read).toBeLessThanOrEqual(durationMs);
        expect(read).toBeGreaterThan(durationMs * 0.9 - 1);
      }),
    );
  });

  test('any text is read as whole milliseconds or refused', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{0,5}(ms|s|m|h|d){0,2}$/));
    fc.assert(
      fc.property(text, (given) => {
        expect(outcomeOf(given)).toMatch(/^(whole|refused)$/);
      }),
    );
  });
});

function outcomeOf(text: string): string {
  try {
    return Number.isSafeInteger(parseDuration(text)) ? 'whole' : 'broken';
  } catch (error) {
    return error instanceof DroverError ? 'refused' : String(error);
  }
}
