// Owns what makes two sightings the same process, and how a mark is written and read (I3).
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatMark,
  helperMark,
  isHelperMark,
  MARK_OFF,
  MARK_VARIABLE,
  parseMark,
  pidOfKey,
  processKey,
  sameProcess,
} from '../../src/core/identity.ts';

describe('I3: a process is its identity, not its pid', () => {
  const process = { bootId: 'boot', pid: 42, startTime: 1_000 };

  test('the same in all three is the same process', () => {
    expect(sameProcess(process, { ...process })).toBe(true);
  });

  test.each([{ bootId: 'next' }, { pid: 43 }, { startTime: 1_001 }])(
    'a difference in %o makes a stranger',
    (difference) => {
      expect(sameProcess(process, { ...process, ...difference })).toBe(false);
    },
  );

  test('the key of a map tells a pid from its reuse', () => {
    expect(processKey(process)).toBe('42@1000');
    expect(pidOfKey('42@1000')).toBe(42);
    expect(processKey({ ...process, startTime: 1_001 })).not.toBe(processKey(process));
    expect(processKey({ pid: 4, startTime: 21 })).not.toBe(processKey({ pid: 42, startTime: 1 }));
  });
});

describe('a mark', () => {
  const mark = { ledger: 'lk3', dispatch: 'd9x', attempt: 2, fence: 17, nonce: 'n0nce' };

  test('is written as <ledger>.<dispatch>.<attempt>.<fence>.<nonce>', () => {
    expect(formatMark(mark)).toBe('lk3.d9x.2.17.n0nce');
  });

  test('is read as it was written', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,20}$/);
    const number = fc.nat({ max: 999_999_999 });
    const marks = fc.record({
      ledger: word,
      dispatch: word,
      attempt: number,
      fence: number,
      nonce: word,
    });
    fc.assert(
      fc.property(marks, (given) => {
        expect(parseMark(formatMark(given))).toEqual(given);
      }),
    );
  });

  test.each([
    '',
    MARK_OFF,
    'lk3.d9x.2.17',
    'lk3.d9x.2.17.n0nce.more',
    'lk3.d9x.two.17.n0nce',
    'lk3.d9x.-2.17.n0nce',
    'lk3.d9x.2.1234567890.n0nce',
    'LK3.d9x.2.17.n0nce',
    'lk3..2.17.n0nce',
    ' lk3.d9x.2.17.n0nce',
    'lk3.d9x.2.17.n0nce\n',
    'lk3.d9x.2.17.n0nce ',
  ])('%j is none', (text) => {
    expect(parseMark(text)).toBeNull();
  });

  test('has a name that no filter for secrets takes away', () => {
    expect(MARK_VARIABLE).toBe('DROVER_MARK');
    expect(MARK_VARIABLE).not.toMatch(/KEY|SECRET|TOKEN|PASS/);
  });
});

test('I5: what we run for an attempt is told from the attempt, and from any other text', () => {
  const mark = formatMark({ ledger: 'led', dispatch: 'd1', attempt: 1, fence: 2, nonce: 'abc' });
  expect([helperMark(mark), mark, MARK_OFF, 'helper', ''].map(isHelperMark)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
