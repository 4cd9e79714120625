// Owns the tests of the alarm: no ring gets lost, and no sleep is skipped.
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/ports.ts';
import { createAlarm, createSignal } from '../../../src/supervisor/alarm.ts';

/** A clock whose sleeps last until they are interrupted or `pass` is called. */
function createStandingClock() {
  const asked: number[] = [];
  let pass: () => void = () => {};
  const clock: Clock = {
    origin: () => 'boot-1',
    now: () => 0,
    monotonicMs: () => 0,
    giveWay: () => Promise.resolve(),
    sleep: (durationMs, interrupt) =>
      new Promise((resolve) => {
        asked.push(durationMs);
        pass = resolve;
        void interrupt.then(resolve);
      }),
  };
  return { clock, asked, pass: () => pass() };
}

/** Resolves after every reaction that is under way has run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Whether a promise has resolved by now. */
function watch(promise: Promise<unknown>) {
  const state = { over: false };
  const follow = async () => {
    await promise;
    state.over = true;
  };
  void follow();
  return state;
}

describe('an alarm', () => {
  test('lets the loop sleep for as long as it asks', async () => {
    const { clock, asked, pass } = createStandingClock();
    const sleep = watch(createAlarm().sleep(clock, 700));
    await settle();
    expect([asked, sleep.over]).toEqual([[700], false]);
    pass();
    await settle();
    expect(sleep.over).toBe(true);
  });

  test('cuts a sleep short', async () => {
    const { clock } = createStandingClock();
    const alarm = createAlarm();
    const sleep = watch(alarm.sleep(clock, 700));
    await settle();
    expect(sleep.over).toBe(false);
    alarm.ring();
    await settle();
    expect(sleep.over).toBe(true);
  });

  test('keeps a ring while nobody sleeps for the next sleep, once', async () => {
    const { clock, asked, pass } = createStandingClock();
    const alarm = createAlarm();
    alarm.ring();
    alarm.ring();
    for (const durationMs of [700, 800]) {
      const sleep = alarm.sleep(clock, durationMs);
      pass();
      await sleep;
    }
    expect(asked).toEqual([0, 800]);
  });

  test('sleeps for no time rather than not at all', async () => {
    const { clock, asked, pass } = createStandingClock();
    const sleep = watch(createAlarm().sleep(clock, -5));
    await settle();
    expect([asked, sleep.over]).toEqual([[0], false]);
    pass();
    await settle();
    expect(sleep.over).toBe(true);
  });

  test('forgets the ring that ended a sleep', async () => {
    const { clock, asked, pass } = createStandingClock();
    const alarm = createAlarm();
    const first = alarm.sleep(clock, 700);
    alarm.ring();
    await first;
    const second = watch(alarm.sleep(clock, 800));
    await settle();
    expect([asked, second.over]).toEqual([[700, 800], false]);
    pass();
  });

  test('a ring for a sleep that is over does not cut the next one short', async () => {
    const { clock, pass } = createStandingClock();
    const alarm = createAlarm();
    const first = alarm.sleep(clock, 700);
    pass();
    await first;
    const second = watch(alarm.sleep(clock, 800));
    await settle();
    expect(second.over).toBe(false);
    pass();
  });
});

describe('a signal', () => {
  test('is told to everybody who waits, and to nobody who comes later', async () => {
    const signal = createSignal();
    const early = [watch(signal.next()), watch(signal.next())];
    signal.emit();
    const late = watch(signal.next());
    await settle();
    expect(early.map(({ over }) => over)).toEqual([true, true]);
    expect(late.over).toBe(false);
    signal.emit();
    await settle();
    expect(late.over).toBe(true);
  });
});
