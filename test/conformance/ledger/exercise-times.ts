// Owns what every ledger must do with evidence, deadlines, steps of the clock, the supervisor's row and its own log.
import { describe, expect, test } from 'vitest';
import type { State } from '../../../src/core/dispatch.ts';
import type { SignKind } from '../../../src/core/sign.ts';
import { Bed, type Open, planned, PROCESS, seenAt } from './bed.ts';

export function exerciseTimes(open: Open): void {
  describe('evidence', () => {
    test('only moves forward, and overtakes no change', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const [a] = await bed.claim();
      const note = (at: number, kind: SignKind) =>
        bed.ledger.noteEvidence([{ dispatch: 'd1', fence: 1, ...seenAt(at, kind) }], 9_000);
      await note(5_000, 'output');
      await note(4_000, 'cpu');
      expect((await bed.live('a')).attempt).toMatchObject(seenAt(5_000, 'output'));
      await note(6_000, 'cpu');
      expect((await bed.live('a')).attempt).toMatchObject(seenAt(6_000, 'cpu'));
      expect(await bed.run(a!)).toBe(true);
    });

    test('of no sign yet still says that nobody could look, and that the result is there', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      await bed.claim();
      const key = { dispatch: 'd1', fence: 1 };
      const note = {
        ...key,
        stream: null,
        signs: [],
        resultAt: 5_000,
        watchedSince: 4_000,
        unseen: 'EMFILE',
      };
      await bed.ledger.noteEvidence([note], 9_000);
      expect((await bed.live('a')).attempt).toMatchObject({
        resultAt: 5_000,
        watchedSince: 4_000,
        unseen: 'EMFILE',
      });
      await bed.ledger.noteEvidence([{ ...note, resultAt: null, unseen: null }], 9_000);
      expect((await bed.live('a')).attempt).toMatchObject({ resultAt: null, unseen: null });
    });

    test('I7: moves along with a step of the clock, or nothing newer could be noted after a step back', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      await bed.claim();
      await bed.ledger.noteEvidence([{ dispatch: 'd1', fence: 1, ...seenAt(9_000) }], 9_000);
      await bed.stepClock(-8_000, 2_000);
      expect((await bed.live('a')).attempt).toMatchObject(seenAt(1_000));
      await bed.ledger.noteEvidence([{ dispatch: 'd1', fence: 1, ...seenAt(2_000, 'io') }], 2_000);
      expect((await bed.live('a')).attempt.signs).toEqual(seenAt(2_000, 'io').signs);
    });

    test('I7: from ahead of a clock that was set back while nobody watched gives way to what is seen now', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      await bed.claim();
      const note = (at: number, now: number) =>
        bed.ledger.noteEvidence([{ dispatch: 'd1', fence: 1, ...seenAt(at) }], now);
      await note(9_000, 9_000);
      await note(2_000, 9_000);
      expect((await bed.live('a')).attempt.signs).toEqual(seenAt(9_000).signs);
      await note(2_000, 2_500);
      expect((await bed.live('a')).attempt.signs).toEqual(seenAt(2_000).signs);
    });

    test('of another fence is not taken', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      await bed.claim();
      const notes = [0, 2].map((fence) => ({ dispatch: 'd1', fence, ...seenAt(5_000) }));
      await bed.ledger.noteEvidence(notes, 9_000);
      await bed.ledger.noteEvidence([], 9_000);
      expect((await bed.live('a')).attempt.signs).toEqual([]);
    });
  });

  describe('a deadline', () => {
    const moved = {
      softAt: 9_000,
      hardAt: 10_000,
      extendedCount: 1,
      extendedMs: 500,
      because: 'works',
    };

    test('I7: moves for the current attempt, is said, and overtakes a change that was decided before', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a', { spec: { deadlineMs: 100 } })]);
      const [a] = await bed.claim();
      const since = await bed.ledger.lastSeq();
      const key = { dispatch: 'd1', fence: 1 };
      const { deadline: from } = a!.attempt;
      expect(await bed.ledger.setDeadline(key, { from: from!, to: moved }, 2_000)).toBe(true);
      expect((await bed.live('a')).attempt.deadline).toEqual(moved);
      expect(await bed.said(since)).toEqual([
        {
          seq: since + 1,
          at: 2_000,
          type: 'deadline.extended',
          dispatch: 'd1',
          attempt: 1,
          data: moved,
        },
      ]);
      expect(await bed.run(a!)).toBe(false);
    });

    test('I7: that somebody else has moved meanwhile stays as he said, and nothing is said of it', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a', { spec: { deadlineMs: 100 } })]);
      const [a] = await bed.claim();
      const key = { dispatch: 'd1', fence: 1 };
      const from = a!.attempt.deadline!;
      const byHand = { ...moved, hardAt: 90_000, because: 'by hand' };
      await bed.ledger.setDeadline(key, { from, to: byHand }, 2_000);
      const since = await bed.ledger.lastSeq();
      expect(await bed.ledger.setDeadline(key, { from, to: moved }, 2_001)).toBe(false);
      expect((await bed.live('a')).attempt.deadline).toEqual(byHand);
      expect(await bed.ledger.lastSeq()).toBe(since);
    });

    test('of another fence, or of what has ended, stays', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a', { spec: { deadlineMs: 100 } })]);
      const [a] = await bed.claim();
      const move = { from: a!.attempt.deadline!, to: moved };
      expect(await bed.ledger.setDeadline({ dispatch: 'd1', fence: 2 }, move, 1)).toBe(false);
      await bed.end(a!);
      const since = await bed.ledger.lastSeq();
      expect(await bed.ledger.setDeadline({ dispatch: 'd1', fence: 1 }, move, 1)).toBe(false);
      expect(await bed.ledger.lastSeq()).toBe(since);
    });
  });

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
    expect((await bed.row('late')).stopWish).toEqual({ ...wish, at: 9_500 });
    expect(await bed.ledger.nextDueAt(bed.now)).toBe(4_000);
    expect((await bed.ledger.dispatches({}))[4]).toEqual(ended);
    expect((await bed.said(since)).map(({ type, at, data }) => [type, at, data])).toEqual([
      ['clock.stepped', 9_500, { byMs: 7_000 }],
    ]);
  });

  describe('I7: a reading of the clocks moves a deadline', () => {
    const read = (aheadMs: number, bootId = 'boot-1') => ({ bootId, aheadMs });
    test.each([
      ['by nothing, where it is the first', [read(5_000)], [0]],
      [
        'by the step since the one before, once',
        [read(5_000), read(9_000), read(9_000)],
        [0, 4_000, 0],
      ],
      ['by a step back', [read(0), read(-2_000)], [0, -2_000]],
      ['by nothing below a step', [read(0), read(1_999), read(-1_999)], [0, 0, 0]],
      ['by steps that add up to one', [read(0), read(1_500), read(3_000)], [0, 0, 3_000]],
      [
        'by nothing across a boot',
        [read(0), read(9_000, 'boot-2'), read(9_500, 'boot-2')],
        [0, 0, 0],
      ],
    ] as const)('%s', async (_, readings, expected) => {
      const bed = new Bed(await open());
      await bed.submit([planned('a', { spec: { deadlineMs: 100_000 } })]);
      const [a] = await bed.claim();
      const moves: number[] = [];
      for (const reading of readings) moves.push(await bed.ledger.followClock(reading, 1));
      expect(moves).toEqual(expected);
      const movedMs = expected.reduce((sum: number, byMs) => sum + byMs, 0);
      const softAt = a!.attempt.deadline!.softAt + movedMs;
      expect((await bed.live('a')).attempt.deadline).toMatchObject({ softAt });
    });
  });

  test('events are appended with numbers that have no gap', async () => {
    const bed = new Bed(await open());
    const event = (n: number) =>
      ({
        type: 'output.trimmed',
        dispatch: 'd1',
        attempt: null,
        data: { n, list: [1, null, 'ü'] },
      }) as const;
    await bed.ledger.append([event(1), event(2)], 70);
    await bed.ledger.append([], 80);
    await bed.ledger.append([event(3)], 90);
    expect(await bed.said(0)).toEqual([
      { seq: 1, at: 70, ...event(1) },
      { seq: 2, at: 70, ...event(2) },
      { seq: 3, at: 90, ...event(3) },
    ]);
  });

  test('callers in one process never get into each other’s transactions', async () => {
    const bed = new Bed(await open());
    await bed.submit(
      Array.from({ length: 40 }, (_, index) => planned(`n${index}`)),
      {
        pools: [{ name: 'work', slots: 7 }],
      },
    );
    const claims = await Promise.all(Array.from({ length: 20 }, () => bed.claim(3)));
    const ids = claims.flat().map(({ dispatch }) => dispatch.id);
    expect(ids).toHaveLength(7);
    expect(new Set(ids).size).toBe(7);
    const seqs = (await bed.said(0)).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  });

  describe('the row of the supervisor', () => {
    const other = { bootId: 'boot', pid: 5, startTime: 50 };

    test('is empty before the first', async () => {
      const { ledger } = new Bed(await open());
      expect(await ledger.supervisor()).toBeNull();
      expect(await ledger.wishSupervisor('down', 1)).toBe(false);
    });

    test('carries a wish until the next supervisor announces itself', async () => {
      const bed = new Bed(await open());
      await bed.ledger.announceSupervisor(PROCESS, 500);
      const row = { process: PROCESS, startedAt: 500, wish: 'run', endedBecause: null };
      expect(await bed.ledger.supervisor()).toEqual(row);
      expect(await bed.ledger.wishSupervisor('drain', 600)).toBe(true);
      expect(await bed.ledger.supervisor()).toEqual({ ...row, wish: 'drain' });
      await bed.ledger.announceSupervisor(other, 700);
      expect(await bed.ledger.supervisor()).toEqual({ ...row, process: other, startedAt: 700 });
    });

    test('is concluded by its own supervisor only, and once', async () => {
      const bed = new Bed(await open());
      await bed.ledger.announceSupervisor(PROCESS, 500);
      await bed.ledger.concludeSupervisor(other, 'not mine', 600);
      expect(await bed.ledger.supervisor()).toMatchObject({ endedBecause: null });
      await bed.ledger.concludeSupervisor(PROCESS, 'idle', 700);
      await bed.ledger.concludeSupervisor(PROCESS, 'again', 800);
      expect(await bed.ledger.supervisor()).toMatchObject({ endedBecause: 'idle' });
      expect(await bed.ledger.wishSupervisor('down', 900)).toBe(false);
      expect((await bed.said(0)).map(({ type, data }) => [type, data])).toEqual([
        ['supervisor.started', { pid: 4_242, startTime: 99_999 }],
        ['supervisor.stopped', { pid: 4_242, because: 'idle' }],
      ]);
    });
  });
}
