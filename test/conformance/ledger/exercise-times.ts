// Owns what every ledger must do with evidence, deadlines, steps of the clock, the supervisor's row and its own log.
import { describe, expect, test } from 'vitest';
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
