// Owns the tables of operation leases: how long one counts, what a step of the clock does to it, and what is none.
import { describe, expect, test } from 'vitest';
import {
  type ReadOperation,
  apartOf,
  describeOperation,
  heldBy,
  isValid,
  lapsesAt,
  parseHolder,
  parseMonotonic,
  parseOperation,
  readAgain,
} from '../../../src/core/operation.ts';
import { HOUR, MINUTE, NOW, SECOND } from './row.ts';

const WITHIN = 90 * SECOND;
const told = {
  id: 'x.json',
  label: 'npm test',
  startedAt: NOW - MINUTE,
  notAfter: NOW + HOUR,
  touchedAt: NOW,
};
const lease: ReadOperation = { ...told, apart: null };

test.each<[string, Partial<ReadOperation>, boolean]>([
  ['that was just touched', {}, true],
  ['a moment before its end', { notAfter: NOW + 1 }, true],
  ['at its end', { notAfter: NOW }, false],
  ['touched almost too long ago', { touchedAt: NOW - WITHIN + 1 }, true],
  ['touched too long ago', { touchedAt: NOW - WITHIN }, false],
  ['touched in a near future', { touchedAt: NOW + WITHIN - 1 }, true],
  ['touched in a far one', { touchedAt: NOW + WITHIN }, false],
])('of a lease %s counts: %s', (_, differs, valid) => {
  expect(isValid({ ...lease, ...differs }, NOW)).toBe(valid);
});

test('a lease lapses with its last touch, or at its own end', () => {
  expect(lapsesAt(lease)).toBe(NOW + WITHIN);
  expect(lapsesAt({ ...lease, notAfter: NOW + SECOND })).toBe(NOW + SECOND);
});

describe('I7: a lease that is read once more', () => {
  const known = { ...told, touchedAt: NOW - SECOND, notAfter: NOW + MINUTE };
  const before = { read: lease, known };

  test('is what it says, the first time and when its end has changed', () => {
    expect(readAgain(null, lease, NOW)).toEqual({ read: lease, known: told });
    const longer = { ...told, notAfter: NOW + 2 * HOUR };
    const read = { ...longer, apart: null };
    expect(readAgain(before, read, NOW)).toEqual({ read, known: longer });
  });

  test('is dated by the look that finds a touch, and keeps the distance of its end', () => {
    const touched = { ...lease, touchedAt: NOW - 9 * HOUR };
    expect(readAgain(before, touched, NOW + 5)).toEqual({
      read: touched,
      known: { ...known, touchedAt: NOW + 5 },
    });
    expect(readAgain(before, lease, NOW + 5)).toEqual({ read: lease, known });
  });
});

describe('I7: a lease that is told by the clock that never steps', () => {
  const clock = { origin: 'boot-1', monotonicMs: 500_000 };
  const monotonic = {
    origin: 'boot-1',
    startedMs: clock.monotonicMs - MINUTE,
    notAfterMs: clock.monotonicMs + HOUR,
    touchedMs: clock.monotonicMs - SECOND,
  };
  const apart = { startedMs: -MINUTE, notAfterMs: HOUR, touchedMs: -SECOND };
  // By a wall clock that was set since.
  const read = { ...lease, notAfter: NOW - 5 * HOUR, touchedAt: NOW - 6 * HOUR, apart };

  test('is as far away as it says, where that clock is ours', () => {
    expect(apartOf(monotonic, clock)).toEqual(apart);
    expect(apartOf(monotonic, { ...clock, origin: 'boot-2' })).toBeNull();
    expect(readAgain(null, read, NOW).known).toEqual({
      ...told,
      startedAt: NOW - MINUTE,
      notAfter: NOW + HOUR,
      touchedAt: NOW - SECOND,
    });
  });

  test('is so again at each look, whatever was known of it', () => {
    const before = { read, known: { ...told, notAfter: NOW - 1, touchedAt: NOW - HOUR } };
    expect(readAgain(before, read, NOW + 5).known).toMatchObject({
      notAfter: NOW + 5 + HOUR,
      touchedAt: NOW + 5 - SECOND,
    });
  });

  test('keeps a touch that was granted it until its holder touches it again', () => {
    const before = { read, known: { ...told, touchedAt: NOW + 3 } };
    expect(readAgain(before, read, NOW + 5).known.touchedAt).toBe(NOW + 3);
    const touched = { ...read, touchedAt: NOW - 5 * HOUR };
    expect(readAgain(before, touched, NOW + 5).known.touchedAt).toBe(NOW + 5 - SECOND);
  });

  test.each([
    ['alive', { ...apart, touchedMs: 0 }],
    ['gone', { ...apart, notAfterMs: -SECOND }],
    ['unknown', apart],
  ] as const)('and whose holder is %s', (sighting, expected) => {
    expect(heldBy(read, sighting, NOW).apart).toEqual(expected);
  });

  test('and whose holder is gone ends at its own end where that was before the last touch', () => {
    const ended = { ...read, apart: { ...apart, notAfterMs: -MINUTE } };
    expect(heldBy(ended, 'gone', NOW).apart).toMatchObject({ notAfterMs: -MINUTE });
  });

  test.each<[string, unknown, unknown]>([
    ['all of it', monotonic, monotonic],
    ['nothing', undefined, null],
    ['null', null, null],
    ['a number', 7, null],
    ['no origin', { ...monotonic, origin: 1 }, null],
    ['no start', { ...monotonic, startedMs: '1' }, null],
    ['no end', { ...monotonic, notAfterMs: null }, null],
    ['no touch', { ...monotonic, touchedMs: undefined }, null],
  ])('in its text: %s', (_, value, parsed) => {
    expect(parseMonotonic(JSON.stringify({ operation: 'x', monotonic: value }))).toEqual(parsed);
  });
});

test('is told with how long it lasts and may last, and never less than nothing', () => {
  expect(describeOperation(lease, NOW)).toBe('in operation "npm test" for 1m, at most 1h more');
  const over = { ...lease, startedAt: NOW + MINUTE, notAfter: NOW - MINUTE };
  expect(describeOperation(over, NOW)).toBe('in operation "npm test" for 0ms, at most 0ms more');
});

test.each([
  ['alive', { touchedAt: NOW + 5 }],
  ['gone', { notAfter: NOW }],
  ['unknown', {}],
] as const)('whose holder is %s', (sighting, differs) => {
  expect(heldBy(lease, sighting, NOW + 5)).toEqual({ ...lease, ...differs });
});

test('whose holder is gone ends at its own end where that was before the last touch', () => {
  expect(heldBy({ ...lease, notAfter: NOW - 5 }, 'gone', NOW).notAfter).toBe(NOW - 5);
});

describe('its text', () => {
  const iso = (at: number) => new Date(at).toISOString();
  const fields = { operation: 'npm test', startedAt: iso(NOW - MINUTE), notAfter: iso(NOW + HOUR) };
  const holder = { bootId: 'b', pid: 4, startTime: 5 };
  const read = (value: unknown) => parseOperation('x.json', JSON.stringify(value), NOW);
  const held = (value: unknown) => parseHolder(JSON.stringify(value));

  test('says all of it', () => {
    expect(read(fields)).toEqual(told);
    expect(held({ ...fields, holder })).toEqual(holder);
  });

  test('is shown on one line, and not without end', () => {
    expect(read({ ...fields, operation: ' a\n b\tc' })?.label).toBe(' a b c');
    expect(read({ ...fields, operation: 'x'.repeat(201) })?.label).toBe('x'.repeat(200));
  });

  test.each<[string, unknown]>([
    ['no object', 7],
    ['nothing', null],
    ['no operation', { ...fields, operation: 7 }],
    ['no beginning', { ...fields, startedAt: 'soon' }],
    ['a beginning that is no text', { ...fields, startedAt: NOW }],
    ['a year as its beginning', { ...fields, startedAt: 2026 }],
    ['no end', { ...fields, notAfter: 'never' }],
    ['an end that is no text', { ...fields, notAfter: NOW }],
  ])('is none with %s', (_, value) => {
    expect(read(value)).toBeNull();
  });

  test('is none where it is no JSON', () => {
    expect(parseOperation('x.json', '{', NOW)).toBeNull();
    expect(parseHolder('{')).toBeNull();
  });

  test.each<[string, unknown]>([
    ['nobody', fields],
    ['null', { holder: null }],
    ['a text', { holder: 'me' }],
    ['no boot', { holder: { ...holder, bootId: 1 } }],
    ['no pid', { holder: { ...holder, pid: '4' } }],
    ['half a pid', { holder: { ...holder, pid: 4.5 } }],
    ['no start time', { holder: { ...holder, startTime: null } }],
  ])('names no holder with %s', (_, value) => {
    expect(held(value)).toBeNull();
  });
});
