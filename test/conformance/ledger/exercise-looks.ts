// Owns what every ledger must show to those who only look.
import { describe, expect, test } from 'vitest';
import { LIVE_STATES, OPEN_STATES } from '../../../src/core/dispatch.ts';
import type { DispatchFilter } from '../../../src/ports.ts';
import { Bed, FAILED, LOST, type Open, planned, PROCESS, seenAt, STALLED } from './bed.ts';

export function exerciseLooks(open: Open): void {
  describe('a look', () => {
    test('finds what is due: waits that are over, and whatever is not live and should be stopped', async () => {
      const bed = new Bed(await open());
      await bed.submit([
        ...['soon', 'later', 'wished', 'both'].map((name) => planned(name)),
        planned('dependent', { after: ['soon'] }),
        planned('running', { priority: 1 }),
      ]);
      const park = async (name: string, until: number) =>
        bed.change(
          { dispatch: await bed.row(name) },
          { kind: 'parked', since: 1, for: 'backoff', until },
        );
      await bed.claim(1);
      await park('soon', 2_000);
      await park('later', 3_000);
      await park('both', 2_000);
      const wish = { at: 1, graceMs: null, cause: 'cancelled', because: 'asked' } as const;
      await bed.ledger.wishStop(['d3', 'd4', 'd6'], wish);
      const due = async (now: number) =>
        (await bed.ledger.due(now)).map(({ name }) => name).toSorted();
      expect(await due(1_999)).toEqual(['both', 'wished']);
      expect(await due(2_000)).toEqual(['both', 'soon', 'wished']);
      expect(await bed.ledger.nextDueAt(bed.now)).toBe(2_000);
    });

    test('finds nothing due where nothing waits for time', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b', { after: ['a'] })]);
      expect(await bed.ledger.due(9_999_999)).toEqual([]);
      expect(await bed.ledger.nextDueAt(bed.now)).toBeNull();
    });

    test('at dispatches brings each with its newest attempt, and obeys every part of its filter', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b')]);
      await bed.submit([planned('a')], { name: 'other' });
      const [a] = await bed.claim(1);
      await bed.change(a!, { kind: 'queued', since: 1 }, { attemptEnd: LOST });
      await bed.run((await bed.claim(1))[0]!);
      const all = await bed.ledger.dispatches({});
      expect(
        all.map(({ dispatch: { campaign, name }, attempt }) => [campaign, name, attempt?.fence]),
      ).toEqual([
        ['nightly', 'a', 2],
        ['nightly', 'b', undefined],
        ['other', 'a', undefined],
      ]);
      const ids = async (filter: Parameters<typeof bed.ledger.dispatches>[0]) =>
        (await bed.ledger.dispatches(filter)).map(({ dispatch }) => dispatch.id);
      expect(await ids({ campaign: 'nightly' })).toEqual(['d1', 'd2']);
      expect(await ids({ campaign: 'nowhere' })).toEqual([]);
      expect(await ids({ states: ['queued'] })).toEqual(['d2', 'd3']);
      expect(await ids({ states: ['queued', 'running'] })).toEqual(['d1', 'd2', 'd3']);
      expect(await ids({ states: [] })).toEqual([]);
      expect(await ids({ ids: ['d3', 'd1', 'd3', 'nobody'] })).toEqual(['d1', 'd3']);
      expect(await ids({ ids: [] })).toEqual([]);
      expect(
        await ids({ campaign: 'nightly', states: ['queued'], ids: ['d1', 'd2', 'd3'] }),
      ).toEqual(['d2']);
      await bed.end(await bed.live('a'), FAILED);
      expect(await ids({ states: ['ended'] })).toEqual(['d1']);
      expect(await ids({ states: ['ended', 'queued'] })).toEqual(['d1', 'd2', 'd3']);
    });

    test('at dispatches gives the first of them where it has a limit', async () => {
      const bed = new Bed(await open());
      await bed.submit(['a', 'b', 'c'].map((name) => planned(name)));
      await bed.claim(1);
      const names = async (filter: DispatchFilter) =>
        (await bed.ledger.dispatches(filter)).map(({ dispatch }) => dispatch.name);
      expect(await names({ limit: 2 })).toEqual(['a', 'b']);
      expect(await names({ states: ['queued'], limit: 1 })).toEqual(['b']);
      expect(await names({ ids: ['d3', 'd1', 'd2'], limit: 2 })).toEqual(['a', 'b']);
      expect(await names({ limit: 0 })).toEqual([]);
    });

    test('takes more ids than one statement may have', async () => {
      const bed = new Bed(await open());
      await bed.submit(Array.from({ length: 1_200 }, (_, index) => planned(`n${index}`)));
      const ids = Array.from({ length: 40_000 }, (_, index) => `d${40_000 - index}`);
      const found = await bed.ledger.dispatches({ ids });
      expect(found.map(({ dispatch }) => dispatch.position)).toEqual(
        Array.from({ length: 1_200 }, (_, index) => index + 1),
      );
      expect(await bed.ledger.count({ ids })).toBe(1_200);
    });

    test('counts those that its filter lets through', async () => {
      const bed = new Bed(await open());
      await bed.submit(['a', 'b', 'c'].map((name) => planned(name)));
      await bed.submit([planned('a')], { name: 'other' });
      const [a] = await bed.claim(2);
      await bed.end(a!, FAILED);
      const { ledger } = bed;
      expect(await ledger.count({})).toBe(4);
      expect(await ledger.count({ campaign: 'other' })).toBe(1);
      expect(await ledger.count({ states: OPEN_STATES })).toBe(3);
      expect(await ledger.count({ campaign: 'nightly', states: OPEN_STATES })).toBe(2);
      expect(await ledger.count({ states: LIVE_STATES })).toBe(1);
      expect(await ledger.count({ states: ['starting', 'running'] })).toBe(1);
      expect(await ledger.count({ states: ['queued', 'queued', 'parked'] })).toBe(2);
      expect(await ledger.count({ states: ['ended'] })).toBe(1);
      expect(await ledger.count({ states: ['ended', 'ended'] })).toBe(1);
      expect(await ledger.count({ states: ['ended', 'parked'] })).toBe(1);
      expect(await ledger.count({ campaign: 'nightly', states: ['queued'] })).toBe(1);
      expect(await ledger.count({ states: [] })).toBe(0);
    });

    test('at the attempts of a dispatch shows all of them, oldest first, and never changes an ended one', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a', { spec: { deadlineMs: 1_000, extendMs: 1_000 } })]);
      const [first] = await bed.claim();
      await bed.run(first!);
      await bed.change(await bed.live('a'), { kind: 'queued', since: 1 }, { attemptEnd: STALLED });
      const [ended] = await bed.ledger.attempts('d1');
      bed.now = 5_000;
      await bed.run((await bed.claim())[0]!);
      await bed.ledger.noteEvidence([{ dispatch: 'd1', fence: 1, ...seenAt(9_000) }], 9_000);
      const late = { softAt: 1, hardAt: 2, extendedCount: 1, extendedMs: 1, because: 'late' };
      const move = { from: ended!.deadline!, to: late };
      expect(await bed.ledger.setDeadline({ dispatch: 'd1', fence: 1 }, move, 1)).toBe(false);
      const both = await bed.ledger.attempts('d1');
      expect(both).toHaveLength(2);
      expect(both[0]).toEqual(ended);
      expect(both[1]).toMatchObject({ fence: 2, process: PROCESS, startedAt: 5_000, end: null });
      expect(await bed.ledger.attempts('nobody')).toEqual([]);
    });

    test('finds a dispatch by id, by the beginning of one, and by campaign and name', async () => {
      const bed = new Bed(await open());
      await bed.submit(Array.from({ length: 12 }, (_, index) => planned(`n${index}`)));
      const find = async (reference: string) =>
        (await bed.ledger.find(reference)).map(({ id }) => id);
      expect(await find('d1')).toEqual(['d1']);
      expect(await find('d11')).toEqual(['d11']);
      expect(await find('nightly/n3')).toEqual(['d4']);
      for (const nothing of ['', 'D1', 'd_', '%', 'nightly/', 'other/n3', 'n3', 'nightly/n3/x']) {
        expect(await find(nothing)).toEqual([]);
      }
      const all = Array.from({ length: 10 }, (_, index) => `d${index + 1}`);
      expect(await find('d')).toEqual(all);
      await bed.submit([planned('x')], { name: 'other' });
      expect(await find('d13')).toEqual(['d13']);
    });

    test('at campaigns and pools shows all of them by name', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')], { name: 'z' });
      await bed.submit([planned('a')], { name: 'b', pools: [{ name: 'art', slots: 1 }] });
      expect((await bed.ledger.campaigns()).map(({ name }) => name)).toEqual(['b', 'z']);
      expect((await bed.ledger.pools()).map(({ name }) => name)).toEqual([
        'art',
        'default',
        'work',
      ]);
      expect(await bed.ledger.campaign('nowhere')).toBeNull();
      await bed.claim(1);
      expect(await bed.ledger.pool('work')).toMatchObject({ used: 1, queued: 1 });
    });

    test('at the log reads on from where the last look ended', async () => {
      const bed = new Bed(await open());
      await bed.submit(['a', 'b', 'c'].map((name) => planned(name)));
      const seqs = async (query: Parameters<typeof bed.ledger.events>[0]) =>
        (await bed.ledger.events(query)).map(({ seq }) => seq);
      expect(await bed.ledger.lastSeq()).toBe(5);
      expect(await seqs({ since: 0, limit: 2 })).toEqual([1, 2]);
      expect(await seqs({ since: 2, limit: 100 })).toEqual([3, 4, 5]);
      expect(await seqs({ since: 5, limit: 100 })).toEqual([]);
      expect(await seqs({ since: 0, limit: 100, dispatch: 'd2' })).toEqual([3]);
      expect(await seqs({ since: 3, limit: 100, dispatch: 'd2' })).toEqual([]);
    });
  });
}
