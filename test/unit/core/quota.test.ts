// Owns the table of limits: until when a pool starts nothing, by what was said and by what is on record (I15).
import { describe, expect, test } from 'vitest';
import type { PoolLimit } from '../../../src/core/pool.ts';
import { ownWait, poolLimitOf } from '../../../src/core/quota.ts';
import type { StreamState } from '../../../src/core/stream.ts';
import { HOUR, MINUTE, NOW, SECOND, row } from './row.ts';

type Met = NonNullable<StreamState['limit']>;

function met(differs: Partial<Met['notice']> & { waitsUntil?: number; seenAt?: number } = {}): Met {
  const { waitsUntil = null, seenAt = NOW, ...notice } = differs;
  const said = {
    scope: 'pool',
    resetAt: null,
    message: 'hit your limit',
    source: 'stream',
  } as const;
  return { notice: { ...said, ...notice }, seenAt, metSince: seenAt, waitsUntil };
}

const OTHER = { dispatch: 'other', fence: 4 };

function known(differs: Partial<PoolLimit> = {}): PoolLimit {
  return {
    pool: 'default',
    model: null,
    since: NOW - MINUTE,
    until: NOW + MINUTE,
    tries: 1,
    because: 'before',
    source: 'stream of nightly/other',
    by: OTHER,
    probe: null,
    ...differs,
  };
}

function limitOf(notice: Met | null, limit: PoolLimit | null = null, chance = 0): PoolLimit {
  const { live } = row(limit === null ? {} : { limit });
  return poolLimitOf(live, notice, { now: NOW, chance });
}

describe('a limit lasts', () => {
  test.each<[string, Met | null, PoolLimit | null, number, number]>([
    ['until the reset that was told', met({ resetAt: NOW + HOUR + 1 }), null, HOUR + 1, 0],
    [
      'to the end of the minute, where it was told to the minute',
      met({ resetAt: NOW + HOUR }),
      null,
      HOUR + MINUTE,
      0,
    ],
    [
      'until the end of a wait that was told',
      met({ waitsUntil: NOW + 90 * SECOND }),
      null,
      90 * SECOND,
      0,
    ],
    [
      'for a month, which is the longest that anybody has',
      met({ resetAt: NOW + 32 * 24 * HOUR - MINUTE }),
      null,
      32 * 24 * HOUR,
      0,
    ],
    [
      'five minutes where more was told, for that was misread',
      met({ resetAt: NOW + 32 * 24 * HOUR + 1 }),
      null,
      5 * MINUTE,
      1,
    ],
    ['five minutes where nothing was told', met(), null, 5 * MINUTE, 1],
    ['five minutes where its end alone says so', null, null, 5 * MINUTE, 1],
    [
      'half a minute where the reset has just passed',
      met({ resetAt: NOW - 1 }),
      null,
      30 * SECOND,
      1,
    ],
    ['half a minute where it passes now', met({ waitsUntil: NOW }), null, 30 * SECOND, 1],
    [
      'half a minute where it passed two minutes ago',
      met({ waitsUntil: NOW - 2 * MINUTE }),
      null,
      30 * SECOND,
      1,
    ],
    [
      'twice as long where the one before has just ended',
      met(),
      known({ until: NOW }),
      10 * MINUTE,
      2,
    ],
    [
      'twice as long where one asks whether it is over',
      met(),
      known({ until: NOW + 7 * MINUTE, probe: OTHER }),
      10 * MINUTE,
      2,
    ],
    [
      'but not twice',
      met({ resetAt: NOW - 1 }),
      known({ probe: OTHER, until: NOW - 1 }),
      10 * MINUTE,
      2,
    ],
    [
      'five minutes where it is over for longer',
      met({ resetAt: NOW - 2 * MINUTE - 1 }),
      null,
      5 * MINUTE,
      1,
    ],
    [
      'five minutes where the reset is misread',
      met({ resetAt: NOW + 33 * 24 * HOUR }),
      null,
      5 * MINUTE,
      1,
    ],
    [
      'twice as long after a probe in vain',
      met(),
      known({ probe: OTHER, until: NOW - 1 }),
      10 * MINUTE,
      2,
    ],
    ['at most an hour', met(), known({ probe: OTHER, until: NOW - 1, tries: 9 }), HOUR, 10],
    [
      'as long as for whoever met it a moment before',
      met(),
      known({ until: NOW + 7 * MINUTE }),
      7 * MINUTE,
      1,
    ],
  ])('%s', (_name, notice, limit, lastsMs, tries) => {
    const { until, tries: counted } = limitOf(notice, limit);
    expect([until - NOW, counted]).toEqual([lastsMs, tries]);
  });

  test.each([
    [10 * SECOND, SECOND],
    [MINUTE, 6 * SECOND],
    [HOUR, 30 * SECOND],
  ])(
    'and up to a tenth longer, no less than a second and no more than thirty: %i ms',
    (waitMs, most) => {
      expect(limitOf(met({ waitsUntil: NOW + waitMs }), null, 1).until - NOW).toBe(waitMs + most);
    },
  );
});

test('the same notice is the same limit, whenever it is looked at', () => {
  const first = limitOf(met({ seenAt: NOW - SECOND }), null, 0.5);
  expect(first.since).toBe(NOW - SECOND);
  expect(limitOf(met({ seenAt: NOW - SECOND }), first, 0.9)).toBe(first);
  expect(limitOf(met({ seenAt: NOW }), first, 0.9)).not.toBe(first);
});

test('of another attempt it is another limit, though it came in the same moment', () => {
  const other = known({ since: NOW });
  expect(limitOf(met({ seenAt: NOW }), other)).not.toBe(other);
});

test('a limit of which only the end of an agent tells is one of its pool, and says so', () => {
  expect(limitOf(null)).toMatchObject({
    model: null,
    source: 'end of nightly/fix',
    because: 'its agent ended at a limit of its provider',
  });
});

test('an agent whose last words tell of no limit waits for the one that it had met', () => {
  const { live } = row({});
  const by = { dispatch: live.dispatch.id, fence: live.attempt.fence };
  const own = known({ by });
  expect(limitOf(null, own)).toBe(own);
  expect(limitOf(null, known({ by, until: NOW }))).toMatchObject({ source: 'end of nightly/fix' });
  expect(limitOf(null, known())).toMatchObject({ source: 'end of nightly/fix' });
});

test('an agent waits by itself until a moment that lies ahead', () => {
  const waits = (waitsUntil: number) => {
    const { live, evidence } = row({ said: { limit: met({ waitsUntil }) } });
    return ownWait(live, evidence, NOW)?.until ?? null;
  };
  expect(waits(NOW + 1)).toBe(NOW + 1);
  expect(waits(NOW)).toBeNull();
});

test('a limit of a model stops whoever uses it', () => {
  const task = {
    prompt: 'p',
    model: 'm-1',
    args: [],
    module: null,
    resume: 'auto',
    continuePrompt: 'c',
  } as const;
  const { live } = row({ spec: { task } });
  const moment = { now: NOW, chance: 0 };
  expect(poolLimitOf(live, met({ scope: 'model' }), moment).model).toBe('m-1');
  expect(poolLimitOf(live, met(), moment).model).toBeNull();
  expect(limitOf(met({ scope: 'model' })).model).toBeNull();
});
