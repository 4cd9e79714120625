// Owns the tables of limits on record: whom one stops, which of several counts, and which gives way to which (I15).
import { describe, expect, test } from 'vitest';
import {
  type PoolLimit,
  appliesTo,
  isClosed,
  isSameAttempt,
  limitFor,
  replaces,
} from '../../../src/core/pool.ts';
import { isCommandOf } from '../../../src/core/protect-rule.ts';
import { NOW } from './row.ts';

const BY = { dispatch: 'd1', fence: 4 };

function limit(differs: Partial<PoolLimit> = {}): PoolLimit {
  return {
    pool: 'default',
    model: null,
    since: NOW - 5,
    until: NOW + 5,
    tries: 1,
    because: 'full',
    source: 'stream of c/a',
    by: BY,
    probe: null,
    ...differs,
  };
}

describe('I15: a limit', () => {
  test('of everybody stops every model, one of a model those who use it', () => {
    expect([appliesTo(limit(), 'm'), appliesTo(limit(), null)]).toEqual([true, true]);
    const ofModel = limit({ model: 'm' });
    const stops = ['m', 'n', null].map((model) => appliesTo(ofModel, model));
    expect(stops).toEqual([true, false, false]);
  });

  test('is that of the pool and the model, and that of everybody goes first', () => {
    const [all, ofModel, other] = [limit(), limit({ model: 'm' }), limit({ pool: 'other' })];
    expect(limitFor([ofModel, all], 'default', 'm')).toBe(all);
    expect(limitFor([other, ofModel], 'default', 'm')).toBe(ofModel);
    expect(limitFor([other, ofModel], 'default', 'n')).toBeNull();
    expect(limitFor([other], 'default', null)).toBeNull();
  });

  test('closes its pool until it is over, and until its probe has an answer', () => {
    expect(isClosed(limit({ until: NOW + 1 }), NOW)).toBe(true);
    expect(isClosed(limit({ until: NOW }), NOW)).toBe(false);
    expect(isClosed(limit({ until: NOW, probe: BY }), NOW)).toBe(true);
  });

  test.each<[string, Partial<PoolLimit> | null, boolean]>([
    ['nothing', null, true],
    ['one that ends before', { until: NOW + 4 }, true],
    ['one that ends with it', {}, false],
    ['one that lasts longer', { until: NOW + 6 }, false],
    ['one whose probe has met it', { until: NOW + 6, probe: BY }, true],
    ['one with another probe', { until: NOW + 6, probe: { dispatch: 'd1', fence: 5 } }, false],
  ])('takes the place of %s: %s', (_, known, expected) => {
    expect(replaces(limit(), known === null ? null : limit(known))).toBe(expected);
  });
});

test('an attempt is itself by dispatch and fence', () => {
  expect(isSameAttempt(BY, { ...BY })).toBe(true);
  expect(isSameAttempt(BY, { ...BY, fence: 5 })).toBe(false);
  expect(isSameAttempt(BY, { ...BY, dispatch: 'd2' })).toBe(false);
});

test('I9: a command is known by its name, or by as much of it as the kernel keeps', () => {
  const [short, long] = ['a'.repeat(15), 'a'.repeat(16)];
  expect(isCommandOf(short, short)).toBe(true);
  expect(isCommandOf(long, long)).toBe(true);
  expect(isCommandOf(long, short)).toBe(true);
  expect(isCommandOf(short, 'a'.repeat(14))).toBe(false);
  expect(isCommandOf(`b${short}`, short)).toBe(false);
});
