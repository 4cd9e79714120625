// Owns the tables of two clocks: what is read as one moment, and what counts as a step of one of them (I7).
import { expect, test } from 'vitest';
import { readClocks, stepBetween } from '../../../src/core/clock-reading.ts';
import { HOUR, NOW } from './row.ts';

/** How long the reader is stopped between the two clocks, reading after reading, and how many readings that takes. */
test.each<[string, stoppedMs: readonly number[], readings: number]>([
  ['at once', [0], 1],
  ['a moment apart', [100], 1],
  ['too far apart: read again', [101, 3], 2],
  ['too far apart again and again: the fifth counts', [101, 101, 101, 101, 101, 0], 5],
])('two clocks that are read %s', (_, stoppedMs, readings) => {
  let [monotonicMs, done] = [5_000.25, 0];
  const clock = {
    monotonicMs: () => monotonicMs,
    now: () => {
      const wall = NOW + monotonicMs;
      monotonicMs += stoppedMs[done++]!;
      return wall;
    },
    origin: () => 'b',
  };
  const stopped = stoppedMs.slice(0, readings).reduce((sum, ms) => sum + ms);
  expect(readClocks(clock)).toEqual({
    origin: 'b',
    aheadMs: NOW,
    monotonicMs: 5_000.25 + stopped,
  });
  expect(done).toBe(readings);
});

test('how far a clock is ahead is told in whole milliseconds', () => {
  const clock = { now: () => NOW, monotonicMs: () => 5_000.25, origin: () => 'b' };
  expect(readClocks(clock).aheadMs).toBe(NOW - 5_000);
});

test.each<[string, movedMs: number, origin: string, stepMs: number]>([
  ['that did not move', 0, 'b', 0],
  ['that drifted ahead', 1_999, 'b', 0],
  ['that drifted back', -1_999, 'b', 0],
  ['that was set ahead', 2_000, 'b', 2_000],
  ['that was set back', -2_000, 'b', -2_000],
  ['of another origin', HOUR, 'c', 0],
])('I7: of a clock %s', (_, movedMs, origin, stepMs) => {
  const before = { origin: 'b', aheadMs: NOW };
  expect(stepBetween(before, { origin, aheadMs: NOW + movedMs })).toBe(stepMs);
});
