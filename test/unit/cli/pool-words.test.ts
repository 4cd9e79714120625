// Owns what people read of what keeps a pool from starting.
import { describe, expect, test } from 'vitest';
import { limitWords, poolState } from '../../../src/cli/render/pool-words.ts';
import { momentShown } from '../../../src/cli/render/time.ts';
import { limit, NOW, pool } from './rows.ts';

const UNTIL = momentShown(NOW + 300_000, NOW);

describe('a limit', () => {
  test.each([
    [{}, `blocked until ${UNTIL} (limit reached)`],
    [{ model: 'x' }, `model x blocked until ${UNTIL} (limit reached)`],
    [{ until: NOW }, 'to be probed by the next one (limit reached)'],
    [
      { until: NOW, probe: { dispatch: 'id-fix', fence: 2 } },
      'being probed by id-fix (limit reached)',
    ],
    [{ because: 'two\nlines' }, `blocked until ${UNTIL} (two lines)`],
  ])('%o: %s', (fields, words) => {
    expect(limitWords(limit(fields), NOW)).toBe(words);
  });
});

describe('the state of a pool', () => {
  test.each([
    [{}, 'open', null],
    [{ paused: true }, 'paused by hand', 'yellow'],
    [{ paused: true, pausedBecause: 'nobody is in' }, 'paused: nobody is in', 'yellow'],
    [{ limits: [limit({ until: NOW })] }, 'to be probed by the next one (limit reached)', null],
    [
      { paused: true, limits: [limit(), limit({ model: 'x', until: NOW })] },
      `paused by hand; blocked until ${UNTIL} (limit reached); model x to be probed by the next one (limit reached)`,
      'yellow',
    ],
  ])('%o: %s', (fields, text, colour) => {
    expect(poolState(pool('work', fields), NOW)).toEqual({ text, colour });
  });
});
