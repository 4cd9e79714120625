// Owns what every ledger must do where the clock by which its moments are told has stepped, or is another.
import { describe, expect, test } from 'vitest';
import { killMoment } from '../../../src/core/decide-stopping.ts';
import type { State } from '../../../src/core/dispatch.ts';
import { Bed, LOST, limitOf, type Open, planned, PROCESS, taskOf } from './bed.ts';

export function exerciseClock(open: Open): void {
  test('I7: a step of the clock moves every duration along, and no time of day', async () => {
    const bed = new Bed(await open());
    const names = ['a', 'b', 'backoff', 'quota', 'ended', 'queued', 'late'];
    await bed.submit(
      names.map((name) => planned(name, { spec: { deadlineMs: 1_000, extendMs: 50 } })),
    );
    await bed.pools({ name: 'work', slots: 5 });
    const live = await bed.claim();
    await bed.end(live[4]!);
    const stopping: State = {
      kind: 'stopping',
      since: 1_000,
      reason: { kind: 'cause', cause: 'stalled' },
      process: PROCESS,
      killAt: 1_500,
      survivors: [],
    };
    await bed.change(live[1]!, stopping, { type: 'attempt.stopping' });
    for (const [index, reason] of (['backoff', 'quota'] as const).entries()) {
      const next: State = { kind: 'parked', since: 1, for: reason, until: 4_000 };
      const attemptEnd = {
        outcome: { kind: 'lost' },
        class: null,
        exitCode: null,
        signal: null,
      } as const;
      await bed.change(live[2 + index]!, next, { attemptEnd });
    }
    const [, , , , ended] = await bed.ledger.dispatches({});
    const wish = { at: 2_000, graceMs: 5, cause: 'cancelled', because: 'asked' } as const;
    await bed.ledger.wishStop(['d6'], wish);
    await bed.ledger.wishStop(['d7'], { ...wish, at: 9_400 });
    const since = await bed.ledger.lastSeq();
    await bed.stepClock(7_000, 9_500);
    expect((await bed.live('a')).attempt.deadline).toMatchObject({ softAt: 9_000, hardAt: 9_050 });
    const moved = { ...stopping, since: 8_000, killAt: 8_500 };
    expect((await bed.live('b')).dispatch.state).toEqual(moved);
    expect(await bed.live('b')).toMatchObject({ attempt: { deadline: { softAt: 9_000 } } });
    expect((await bed.row('backoff')).state).toMatchObject({ until: 11_000 });
    expect((await bed.row('quota')).state).toMatchObject({ until: 4_000 });
    expect((await bed.row('queued')).stopWish).toEqual({ ...wish, at: 9_000 });
    // By the clock as it is now: it was made after the step.
    expect((await bed.row('late')).stopWish).toEqual({ ...wish, at: 9_400 });
    expect(await bed.ledger.nextDueAt(bed.now)).toBe(4_000);
    expect((await bed.ledger.dispatches({}))[4]).toEqual(ended);
    expect((await bed.said(since)).map(({ type, at, data }) => [type, at, data])).toEqual([
      ['clock.stepped', 9_500, { byMs: 7_000 }],
    ]);
  });

  test.each([
    ['ahead', 7_200_000],
    ['back', -7_200_000],
  ])(
    'I7: who is asked to go at once is, though the clock was set two hours %s before',
    async (_, byMs) => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      await bed.claim();
      const stopping = {
        kind: 'stopping',
        since: 10_000_000,
        reason: { kind: 'cause', cause: 'cancelled' },
        process: null,
        killAt: 13_600_000,
        survivors: [],
      } as const;
      const wish = { graceMs: 3_600_000, cause: 'cancelled', because: 'asked' } as const;
      await bed.ledger.wishStop(['d1'], { ...wish, at: 10_000_000 });
      await bed.change(await bed.live('a'), stopping, { type: 'attempt.stopping' });
      const now = 10_060_000 + byMs;
      await bed.ledger.followClock({ origin: 'boot-1', aheadMs: 0 }, 10_000_000);
      await bed.ledger.wishStop(['d1'], { ...wish, at: now, graceMs: 0 });
      await bed.ledger.followClock({ origin: 'boot-1', aheadMs: byMs }, now + 5);
      const { state, stopWish } = await bed.row('a');
      expect(state).toMatchObject({ since: 10_000_000 + byMs, killAt: 13_600_000 + byMs });
      expect(state.kind === 'stopping' && killMoment(state, stopWish)).toBe(now);
    },
  );

  test.each([
    ['ahead', 7_200_000],
    ['back', -7_200_000],
  ])(
    'I7: a pool that is resumed is probed at once, though the clock was set two hours %s before',
    async (_, byMs) => {
      const bed = new Bed(await open());
      await bed.submit([planned('a', { spec: { task: taskOf({}) } })]);
      const since = 10_000_000;
      await bed.commit({ limits: [limitOf({ tries: 1, since, until: since + 600_000 })] });
      await bed.ledger.followClock({ origin: 'boot-1', aheadMs: 0 }, since);
      bed.now = since + 1_000 + byMs;
      await bed.ledger.setPoolPaused('work', false, bed.now);
      await bed.ledger.followClock({ origin: 'boot-1', aheadMs: byMs }, bed.now + 5);
      bed.now += 10;
      expect(await bed.claim()).toHaveLength(1);
    },
  );

  describe('I7: a reading of the clocks moves a deadline', () => {
    const read = (aheadMs: number, origin = 'boot-1') => ({ origin, aheadMs });
    test.each([
      ['by nothing, where it is the first', [read(5_000)], [5_000], 0],
      ['by the step, once', [read(5_000), read(9_000), read(9_000)], [5_000, 9_000, 9_000], 4_000],
      ['by a step back', [read(0), read(-2_000)], [0, -2_000], -2_000],
      ['by nothing below a step', [read(0), read(1_999), read(-1_999)], [0, 0, 0], 0],
      ['by steps that add up to one', [read(0), read(1_500), read(3_000)], [0, 0, 3_000], 3_000],
      [
        'by nothing across a boot, and by what comes after it',
        [read(0), read(9_000, 'boot-2'), read(9_500, 'boot-2'), read(20_000, 'boot-2')],
        [0, 9_000, 9_000, 20_000],
        11_000,
      ],
    ] as const)('%s', async (_, readings, told, movedMs) => {
      const bed = new Bed(await open());
      await bed.submit([planned('a', { spec: { deadlineMs: 100_000 } })]);
      const [a] = await bed.claim();
      const answers: number[] = [];
      for (const reading of readings) {
        answers.push((await bed.ledger.followClock(reading, 1)).aheadMs);
      }
      expect(answers).toEqual(told);
      const softAt = a!.attempt.deadline!.softAt + movedMs;
      expect((await bed.live('a')).attempt.deadline).toMatchObject({ softAt });
    });
  });

  test('I7: after a boot with a clock that is behind a back-off lasts no longer than it was to', async () => {
    const bed = new Bed(await open());
    await bed.submit([planned('a'), planned('b')]);
    const [a, b] = await bed.claim();
    const park = (live: typeof a, since: number, until: number) =>
      bed.change(live!, { kind: 'parked', since, for: 'backoff', until }, { attemptEnd: LOST });
    await park(a, 50_000, 60_000);
    await park(b, 500, 2_000);
    await bed.ledger.followClock({ origin: 'boot-1', aheadMs: 0 }, 50_000);
    await bed.ledger.followClock({ origin: 'boot-2', aheadMs: 0 }, 1_000);
    expect((await bed.row('a')).state).toMatchObject({ since: 1_000, until: 11_000 });
    expect((await bed.row('b')).state).toMatchObject({ since: 500, until: 2_000 });
  });
}
