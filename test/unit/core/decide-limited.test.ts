// Owns the table of an agent that has met a limit and goes on by itself (I15).
import { describe, expect, test } from 'vitest';
import type { StreamState } from '../../../src/core/stream.ts';
import { briefly, decided } from './briefly.ts';
import { HOUR, MINUTE, NOW, type RowSpec, SECOND } from './row.ts';

function limit(waitsInMs: number | null, agoMs = 0, sinceMs = agoMs): StreamState['limit'] {
  return {
    notice: { scope: 'pool', resetAt: null, message: 'you have hit your limit', source: 'stream' },
    seenAt: NOW - agoMs,
    metSince: NOW - sinceMs,
    waitsUntil: waitsInMs === null ? null : NOW + waitsInMs,
  };
}

describe('I15: an agent that waits for a limit by itself', () => {
  const STALL = { spec: { stallMs: 20 * MINUTE } };
  test.each<[string, RowSpec, string]>([
    [
      'keeps its slot for as long as it may be silent',
      { said: { limit: limit(20 * MINUTE) } },
      'stay',
    ],
    [
      'all repetitions together are one wait',
      { said: { limit: limit(MINUTE, 0, 19 * MINUTE + 1) } },
      'stopping quota',
    ],
    ['and not a millisecond longer', { said: { limit: limit(20 * MINUTE + 1) } }, 'stopping quota'],
    [
      'is not ended for what may not be its last word',
      { said: { limit: limit(20 * MINUTE + 1) }, reading: true },
      'stay',
    ],
    [
      'and is given more time meanwhile, where it works',
      { said: {}, reading: true, deadline: { softInMs: -SECOND, hardInMs: HOUR } },
      'extend',
    ],
    [
      'nor for a silence before what was not read yet',
      { said: { limit: limit(-20 * MINUTE, HOUR) }, silentMs: HOUR, reading: true },
      'stay',
    ],
    [
      'is not called stalled meanwhile',
      { said: { limit: limit(MINUTE, 19 * MINUTE) }, silentMs: HOUR },
      'stay',
    ],
    [
      'never waits beyond its hard limit',
      { said: { limit: limit(MINUTE) }, deadline: { softInMs: SECOND, hardInMs: MINUTE - 1 } },
      'stopping quota',
    ],
    [
      'may wait up to its hard limit, and beyond the soft one',
      { said: { limit: limit(MINUTE) }, deadline: { softInMs: -SECOND, hardInMs: MINUTE } },
      'stay',
    ],
    [
      'has a window of its own once it may go on',
      { said: { limit: limit(-MINUTE, HOUR) }, silentMs: HOUR },
      'stay',
    ],
    [
      'and is silent after that like anybody else, but for the limit',
      { said: { limit: limit(-20 * MINUTE, HOUR) }, silentMs: HOUR },
      'stopping quota',
    ],
    [
      'that says nothing of its wait is silent',
      { said: { limit: limit(null, 20 * MINUTE) }, silentMs: HOUR },
      'stopping quota',
    ],
    [
      'that is refused over and over, and writes that it is, is silent as well',
      { said: { limit: limit(null, 20 * MINUTE) }, silentMs: 0 },
      'stopping quota',
    ],
    [
      'its soft limit is not extended for that',
      {
        said: { limit: limit(null, 2 * MINUTE) },
        silentMs: 0,
        deadline: { softInMs: 0, hardInMs: HOUR },
      },
      'stopping quota',
    ],
    ['and meanwhile may go on', { said: { limit: limit(null) }, silentMs: 19 * MINUTE }, 'stay'],
  ])('%s', (_name, spec, expected) => {
    expect(briefly(decided({ ...STALL, ...spec }))).toBe(expected);
  });
});
