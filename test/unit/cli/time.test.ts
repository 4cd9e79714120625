// Owns how moments and ages are shown.
import { describe, expect, test } from 'vitest';
import {
  ageShown,
  isoOrNull,
  momentShown,
  secondsShown,
  timeOfDay,
} from '../../../src/cli/render/time.ts';

const NOON = new Date(2026, 10, 20, 12, 0, 3).getTime();

describe('moments', () => {
  test('a time of day is local and has two digits each', () => {
    expect(timeOfDay(NOON)).toBe('12:00:03');
    expect(timeOfDay(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe('03:04:05');
  });

  test('the day is shown only where it is another one', () => {
    expect(momentShown(NOON, NOON + 1_000)).toBe('12:00:03');
    expect(momentShown(NOON, NOON + 86_400_000)).toBe('2026-11-20 12:00:03');
  });

  test('programs get ISO 8601 in UTC', () => {
    expect(isoOrNull(Date.UTC(2026, 10, 20, 1, 2, 3, 4))).toBe('2026-11-20T01:02:03.004Z');
    expect(isoOrNull(null)).toBeNull();
  });
});

describe('ages', () => {
  test.each([
    [0, 'now'],
    [999, 'now'],
    [1_000, '1s ago'],
    [61_500, '1m1s ago'],
    [-5_000, 'in 5s'],
    [-3_600_000, 'in 1h'],
  ])('%i ms is %j', (ageMs, shown) => {
    expect(ageShown(NOON - ageMs, NOON)).toBe(shown);
  });

  test.each([
    [-5, '0s'],
    [0, '0s'],
    [1_999, '1s'],
    [90_061_000, '1d1h'],
  ])('%i ms last %j', (durationMs, shown) => {
    expect(secondsShown(durationMs)).toBe(shown);
  });
});
