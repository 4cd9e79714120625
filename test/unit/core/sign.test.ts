// Owns the tables of signs of work (I5): which of two stays, since when they come without a break, and in which order.
import { describe, expect, test } from 'vitest';
import {
  SIGN_KINDS,
  cpuShareCounted,
  newestSign,
  shiftSigns,
  withSign,
} from '../../../src/core/sign.ts';
import { MINUTE, NOW } from './row.ts';
import { signAt } from './sign-at.ts';

const BEFORE = { ...signAt(NOW - MINUTE + 1), since: NOW - 5 * MINUTE };
const found = (at: number, detail = 'wrote 9 bytes') => ({ kind: 'output', at, detail }) as const;

test('there are seven kinds, in the order in which they are shown', () => {
  const kinds = ['output', 'file', 'io', 'cpu', 'child', 'tool', 'operation'];
  expect(SIGN_KINDS).toEqual(kinds);
  const backwards = SIGN_KINDS.toReversed().map((kind) => ({ ...found(NOW), kind }));
  const signs = backwards.reduce(withSign, []);
  expect(signs.map(({ kind }) => kind)).toEqual(kinds);
});

test.each([
  ['nothing is known', null, 0.25],
  ['nothing is said of waiting', { silence: {} }, 0.25],
  ['it is said what waiting takes', { silence: { idleCpuShare: 0.125 } }, 0.375],
])('I5: CPU time counts beyond what a program uses that waits: %s of it', (_, adapter, share) => {
  expect(cpuShareCounted(0.25, adapter)).toBe(share);
});

describe('I5: a sign that is found', () => {
  test('goes on with one of its kind that is less than a minute older', () => {
    expect(withSign([BEFORE], found(NOW))).toEqual([{ ...BEFORE, at: NOW }]);
  });

  test('begins anew after a whole minute, and where there was none', () => {
    const older = { ...BEFORE, at: NOW - MINUTE };
    expect(withSign([older], found(NOW))).toEqual([signAt(NOW)]);
    expect(withSign([], found(NOW))).toEqual([signAt(NOW)]);
    const other = signAt(NOW - 1, 'cpu');
    expect(withSign([other], found(NOW))).toEqual([signAt(NOW), other]);
  });

  test('that is older than what is known changes nothing, nor does the same', () => {
    const signs = [BEFORE];
    expect(withSign(signs, found(BEFORE.at - 1, 'other'))).toBe(signs);
    expect(withSign(signs, found(BEFORE.at))).toBe(signs);
    expect(withSign(signs, found(BEFORE.at, 'other'))).toEqual([{ ...BEFORE, detail: 'other' }]);
    expect(withSign(signs, found(BEFORE.at + 1))).toEqual([{ ...BEFORE, at: BEFORE.at + 1 }]);
  });

  test('from before the stretch that is known is where that begins', () => {
    const future = { ...BEFORE, at: NOW - 1, since: NOW + MINUTE };
    expect(withSign([future], found(NOW))[0]?.since).toBe(NOW);
  });

  test('is told in a bounded number of words', () => {
    expect(withSign([], found(NOW, 'x'.repeat(301)))[0]?.detail).toBe('x'.repeat(300));
  });
});

test('the newest counts, and of two of one moment the later in the list', () => {
  expect(newestSign([])).toBeNull();
  const [a, b] = [signAt(NOW, 'output'), signAt(NOW - 1, 'cpu')];
  expect(newestSign([a, b])).toBe(a);
  expect(newestSign([b, a])).toBe(a);
  const same = signAt(NOW, 'tool');
  expect(newestSign([a, same])).toBe(same);
});

test('all of their moments move along with the clock', () => {
  expect(shiftSigns([BEFORE], 7)).toEqual([
    { ...BEFORE, at: BEFORE.at + 7, since: BEFORE.since + 7 },
  ]);
});
