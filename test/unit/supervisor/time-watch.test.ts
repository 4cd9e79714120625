// Owns the table of odd times (I7): what counts as a step or a suspend, and what as a supervisor that could not run.
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/ports.ts';
import { createTimeWatch } from '../../../src/supervisor/time-watch.ts';

const START = 1_800_000_000_000;

/** Two clocks that are moved by hand. */
function createHandClock() {
  let wall = START;
  let monotonicMs = 5_000;
  const clock: Clock = {
    now: () => wall,
    monotonicMs: () => monotonicMs,
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
  return watch.check();
}

const QUIET = { steppedMs: 0, lateMs: 0 };

describe('I7: a sleep of a second', () => {
  test.each<[string, number, number, { steppedMs: number; lateMs: number }]>([
    ['that took a second: nothing', 1_000, 1_000, QUIET],
    ['that was cut short: nothing', 3, 3, QUIET],
    ['with clocks that drift by less than two seconds: nothing', 2_999, 1_000, QUIET],
    ['and a wall clock two seconds ahead: a step', 3_000, 1_000, { steppedMs: 2_000, lateMs: 0 }],
    [
      'and a wall clock two seconds behind: a step back',
      -1_000,
      1_000,
      { steppedMs: -2_000, lateMs: 0 },
    ],
    ['with clocks that drift back by less: nothing', -999, 1_000, QUIET],
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
    ['that took less than five seconds more: nothing', 5_999, 5_999, QUIET],
    ['that took five seconds more: late', 6_000, 6_000, { steppedMs: 0, lateMs: 5_000 }],
    ['that was late in a step: both', 20_000, 11_000, { steppedMs: 9_000, lateMs: 10_000 }],
    ['with fractions: whole milliseconds', 3_000.6, 1_000.2, { steppedMs: 2_000, lateMs: 0 }],
  ])('%s', (_sentence, wallMs, elapsedMs, oddity) => {
    expect(afterSleep(wallMs, elapsedMs)).toEqual(oddity);
  });
});

test('the first look at the clocks only begins', () => {
  const { clock, move } = createHandClock();
  const watch = createTimeWatch(clock);
  move(9_000_000, 1);
  expect(watch.check()).toEqual(QUIET);
});

test('what was noticed once is not noticed again', () => {
  const { clock, move } = createHandClock();
  const watch = createTimeWatch(clock);
  watch.check();
  watch.planSleep(1_000);
  move(60_000, 30_000);
  expect(watch.check()).toEqual({ steppedMs: 30_000, lateMs: 29_000 });
  expect(watch.check()).toEqual(QUIET);
});

test('steps below the bound do not add up over sleeps: they are drift', () => {
  const { clock, move } = createHandClock();
  const watch = createTimeWatch(clock);
  watch.check();
  for (let sleep = 0; sleep < 10; sleep++) {
    watch.planSleep(1_000);
    move(2_500, 1_000);
    expect(watch.check()).toEqual(QUIET);
  }
});

describe('I7: a pass', () => {
  const afterPass = (passMs: number) => {
    const { clock, move } = createHandClock();
    const watch = createTimeWatch(clock);
    watch.check();
    move(passMs, passMs);
    watch.planSleep(1_000);
    move(1_000, 1_000);
    return watch.check();
  };

  test('that was stopped in its middle has missed as much as a sleep that lasted too long', () => {
    expect([afterPass(4_999), afterPass(5_000)]).toEqual([QUIET, { steppedMs: 0, lateMs: 5_000 }]);
  });
});
