// Owns the tables of operation leases: how long one counts, what a step of the clock does to it, and what is none.
import { describe, expect, test } from 'vitest';
import {
  type Operation,
  byClock,
  describeOperation,
  heldBy,
  isValid,
  lapsesAt,
  parseHolder,
  parseOperation,
  parseToldBy,
  readAgain,
} from '../../../src/core/operation.ts';
import { HOUR, MINUTE, NOW, SECOND } from './row.ts';

const WITHIN = 90 * SECOND;
const lease: Operation = {
  id: 'x.json',
  label: 'npm test',
  startedAt: NOW - MINUTE,
  notAfter: NOW + HOUR,
  touchedAt: NOW,
};

test.each<[string, Partial<Operation>, boolean]>([
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
  const known = { ...lease, touchedAt: NOW - SECOND, notAfter: NOW + MINUTE };
  const before = { read: lease, known };

  test('is what it says, the first time and when its end has changed', () => {
    expect(readAgain(null, lease, NOW)).toEqual({ read: lease, known: lease });
    const longer = { ...lease, notAfter: NOW + 2 * HOUR };
    expect(readAgain(before, longer, NOW)).toEqual({ read: longer, known: longer });
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

/** How the clock was set between the writing of a lease and now, and how long ago the lease says that it was touched. */
test.each<[string, steppedMs: number, saidAgoMs: number, agoMs: number]>([
  ['no step: as it says', 0, MINUTE, MINUTE],
  ['back, touched before', -HOUR, MINUTE - HOUR, MINUTE],
  ['back, touched since', -HOUR, MINUTE, MINUTE],
  ['ahead, touched before', HOUR, MINUTE + HOUR, MINUTE],
  ['ahead, touched since', HOUR, MINUTE, MINUTE],
  ['ahead, as near either way: as it says', HOUR, HOUR / 2, HOUR / 2],
])('I7: of a lease and a clock that went %s', (_, steppedMs, saidAgoMs, agoMs) => {
  const toldBy = { bootId: 'b', aheadMs: 5 };
  const reading = { bootId: 'b', aheadMs: 5 + steppedMs };
  const told = { ...lease, touchedAt: NOW - saidAgoMs };
  expect(byClock(told, toldBy, { reading, now: NOW })).toEqual({
    ...lease,
    startedAt: lease.startedAt + steppedMs,
    notAfter: lease.notAfter + steppedMs,
    touchedAt: NOW - agoMs,
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
    expect(read(fields)).toEqual(lease);
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

  test.each<[string, unknown, unknown]>([
    ['by both', { bootId: 'b', aheadMs: 7 }, { bootId: 'b', aheadMs: 7 }],
    ['by nothing', undefined, null],
    ['by null', null, null],
    ['by a number', 7, null],
    ['without a boot', { aheadMs: 7 }, null],
    ['by half a millisecond', { bootId: 'b', aheadMs: 7.5 }, null],
  ])('I7: says by which clock it was told: %s', (_, clock, toldBy) => {
    expect(parseToldBy(JSON.stringify({ ...fields, clock }))).toEqual(toldBy);
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
