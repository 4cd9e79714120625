// Owns the table of odd times (I7): what counts as a step or a suspend, and what as a supervisor that could not run.
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/ports.ts';
import { createTimeWatch } from '../../../src/supervisor/time-watch.ts';

const START = 1_800_000_000_000;
const UPTIME_MS = 5_000;
const AHEAD_MS = START - UPTIME_MS;

/** Two clocks that are moved by hand. */
function createHandClock() {
  let wall = START;
  let monotonicMs = UPTIME_MS;
  const clock: Clock = {
    now: () => wall,
    monotonicMs: () => monotonicMs,
    origin: () => 'boot-1',
    giveWay: () => Promise.resolve(),
    sleep: () => Promise.resolve(),
  };
  return {
    clock,
    move: (wallMs: number, elapsedMs: number) => {
      wall += wallMs;
      monotonicMs += elapsedMs;
    },
  };
}

/** What a watch says after one planned sleep of a second that took something else. */
function afterSleep(wallMs: number, elapsedMs: number) {
  const { clock, move } = createHandClock();
  const watch = createTimeWatch(clock);
  watch.check();
  watch.planSleep(1_000);
  move(wallMs, elapsedMs);
  const { clocks, lateMs } = watch.check();
  return { steppedMs: clocks.aheadMs - AHEAD_MS, lateMs };
}

describe('I7: a sleep of a second', () => {
  test.each<[string, number, number, { steppedMs: number; lateMs: number }]>([
    ['that took a second: nothing', 1_000, 1_000, { steppedMs: 0, lateMs: 0 }],
    ['that was cut short: nothing', 3, 3, { steppedMs: 0, lateMs: 0 }],
    ['and a step of two hours ahead', 7_201_000, 1_000, { steppedMs: 7_200_000, lateMs: 0 }],
    ['and a step of two hours back', -7_199_000, 1_000, { steppedMs: -7_200_000, lateMs: 0 }],
    [
      'in a suspend that the monotonic clock does not count: a step',
      3_601_000,
      1_000,
      { steppedMs: 3_600_000, lateMs: 0 },
    ],
    [
      'in a suspend that the monotonic clock counts: late',
      3_601_000,
      3_601_000,
      { steppedMs: 0, lateMs: 3_600_000 },
    ],
    ['that took less than five seconds more: nothing', 5_999, 5_999, { steppedMs: 0, lateMs: 0 }],
    ['that took five seconds more: late', 6_000, 6_000, { steppedMs: 0, lateMs: 5_000 }],
    ['that was late in a step: both', 20_000, 11_000, { steppedMs: 9_000, lateMs: 10_000 }],
    ['with fractions: whole milliseconds', 3_000.6, 1_000.2, { steppedMs: 2_000, lateMs: 0 }],
  ])('%s', (_sentence, wallMs, elapsedMs, oddity) => {
    expect(afterSleep(wallMs, elapsedMs)).toEqual(oddity);
  });
});

test('the first look at the clocks is never late', () => {
  const { clock, move } = createHandClock();
  const watch = createTimeWatch(clock);
  move(9_000_000, 9_000_000);
  expect(watch.check()).toEqual({ clocks: { origin: 'boot-1', aheadMs: AHEAD_MS }, lateMs: 0 });
});

test('what was late once is not late again', () => {
  const { clock, move } = createHandClock();
  const watch = createTimeWatch(clock);
  watch.check();
  watch.planSleep(1_000);
  move(30_000, 30_000);
  expect(watch.check().lateMs).toBe(29_000);
  expect(watch.check().lateMs).toBe(0);
});

test.each([
  ['that comes to an end between the two: read again', 1, 0],
  ['that comes each time: what was read last', 9, 60_000],
])('I7: a stop of a minute after the one clock is read %s', (_, stops, aheadMs) => {
  const { clock, move } = createHandClock();
  let left = stops;
  const now = () => {
    if (left-- > 0) move(60_000, 60_000);
    return clock.now();
  };
  expect(createTimeWatch({ ...clock, now }).check().clocks.aheadMs - AHEAD_MS).toBe(aheadMs);
});

describe('I7: a pass', () => {
  const lateAfterPass = (passMs: number) => {
    const { clock, move } = createHandClock();
    const watch = createTimeWatch(clock);
    watch.check();
    move(passMs, passMs);
    watch.planSleep(1_000);
    move(1_000, 1_000);
    return watch.check().lateMs;
  };

  test('that was stopped in its middle has missed as much as a sleep that lasted too long', () => {
    expect([lateAfterPass(4_999), lateAfterPass(5_000)]).toEqual([0, 5_000]);
  });
});
