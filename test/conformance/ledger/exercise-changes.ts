// Owns what every ledger must do with the changes of a pass, and with what follows from an end.
import { describe, expect, test } from 'vitest';
import type { State } from '../../../src/core/dispatch.ts';
import {
  Bed,
  CANCELLED,
  FAILED,
  failureOf,
  LOST,
  type Open,
  planned,
  PROCESS,
  STALLED,
  SUCCEEDED,
} from './bed.ts';

const BACKOFF: State = { kind: 'parked', since: 1, for: 'backoff', until: 9_000 };

export function exerciseChanges(open: Open): void {
  describe('a change', () => {
    test('takes effect only on the revision that it names, and leaves the others of its pass alone', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b')]);
      const [a, b] = await bed.claim();
      await bed.run(a!);
      const next: State = { kind: 'running', since: 5, process: PROCESS };
      const because = 'it runs';
      const changes = [a!, b!].map(({ dispatch: { id, revision } }) => ({
        dispatch: id,
        revision,
        next,
        because,
        type: 'attempt.started' as const,
      }));
      const { committed } = await bed.commit({ changes, now: 5 });
      expect([...committed]).toEqual(['d2']);
      expect(await bed.row('a')).toMatchObject({ because: 'so it is', revision: 3 });
      expect(await bed.row('b')).toMatchObject({ because, revision: 3 });
    });

    test('of an unknown dispatch, or of one that has ended, takes no effect', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const [a] = await bed.claim();
      await bed.end(a!, FAILED);
      const ended = await bed.row('a');
      const since = await bed.ledger.lastSeq();
      expect(await bed.change({ dispatch: ended }, { kind: 'queued', since: 1 })).toBe(false);
      const nobody = { dispatch: { id: 'nobody', revision: 1 } };
      expect(await bed.change(nobody, { kind: 'queued', since: 1 })).toBe(false);
      expect(await bed.row('a')).toEqual(ended);
      expect(await bed.ledger.lastSeq()).toBe(since);
    });

    test('to running writes down the process and the start, of the attempt and of the dispatch', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const [first] = await bed.claim();
      bed.now = 3_000;
      await bed.run(first!);
      expect((await bed.live('a')).attempt).toMatchObject({ process: PROCESS, startedAt: 3_000 });
      await bed.change(await bed.live('a'), BACKOFF, { attemptEnd: STALLED });
      await bed.change({ dispatch: await bed.row('a') }, { kind: 'queued', since: 1 });
      const [second] = await bed.claim();
      bed.now = 4_000;
      await bed.run(second!);
      expect(await bed.live('a')).toMatchObject({
        dispatch: { startedAt: 3_000 },
        attempt: { startedAt: 4_000 },
      });
    });

    test('closes the attempt, frees the slot and says both', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      await bed.run((await bed.claim())[0]!);
      const since = await bed.ledger.lastSeq();
      bed.now = 7_000;
      await bed.change(await bed.live('a'), bed.endedBy(FAILED), {
        attemptEnd: FAILED,
        because: 'exited with code 3',
        data: { outputBytes: 12 },
      });
      const because = 'exited with code 3';
      const end = { outcome: 'failed', cause: null, class: 'agent', exitCode: 3, signal: null };
      const log = await bed.said(since);
      expect(log.map(({ type, data }) => [type, data])).toEqual([
        ['attempt.ended', { ...end, because }],
        ['dispatch.ended', { from: 'running', to: 'ended', because, outputBytes: 12 }],
        ['slot.freed', { pool: 'work' }],
      ]);
      for (const said of log) expect(said).toMatchObject({ at: 7_000, dispatch: 'd1', attempt: 1 });
      const [attempt] = await bed.ledger.attempts('d1');
      expect(attempt).toMatchObject({ endedAt: 7_000, end: FAILED, because: 'exited with code 3' });
      expect(await bed.row('a')).toMatchObject({ endedAt: 7_000, state: bed.endedBy(FAILED) });
      expect(await bed.ledger.live()).toEqual([]);
    });

    test('an agent that ended before it was ever seen running counts from its claim', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('seen'), planned('unseen'), planned('lost')]);
      const [seen, unseen, lost] = await bed.claim();
      bed.now = 1_500;
      await bed.change(seen!, bed.endedBy(FAILED), { attemptEnd: FAILED, process: PROCESS });
      await bed.end(unseen!);
      await bed.end(lost!, LOST);
      const views = await bed.ledger.dispatches({});
      expect(
        views.map(({ dispatch, attempt }) => [
          dispatch.startedAt,
          attempt?.startedAt,
          attempt?.process,
        ]),
      ).toEqual([
        [1_000, 1_000, PROCESS],
        [1_000, 1_000, null],
        [null, null, null],
      ]);
    });

    test('forgets the stop wish only where it says so', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const [a] = await bed.claim();
      const wish = { at: 1, graceMs: 5, cause: 'cancelled', because: 'asked' } as const;
      await bed.ledger.wishStop(['d1'], wish);
      expect(await bed.run(a!)).toBe(false);
      await bed.run(await bed.live('a'));
      expect((await bed.row('a')).stopWish).toEqual(wish);
      await bed.change(await bed.live('a'), bed.endedBy(CANCELLED), {
        attemptEnd: CANCELLED,
        clearStopWish: true,
      });
      expect((await bed.row('a')).stopWish).toBeNull();
    });

    test.each<[string, State, object, RegExp]>([
      ['leaves the live states without an end', BACKOFF, {}, /its attempt needs an end/],
      [
        'ends the attempt and keeps the slot',
        { kind: 'running', since: 1, process: PROCESS },
        { attemptEnd: FAILED },
        /no attempt that ends/,
      ],
    ])('I14: one that %s is refused with its whole pass', async (_, next, fields, message) => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const [a] = await bed.claim();
      const failure = await failureOf(() => bed.change(a!, next, fields));
      expect([failure.code, failure.message]).toEqual([
        'NOT_POSSIBLE',
        expect.stringMatching(message),
      ]);
      expect(await bed.live('a')).toEqual(a);
    });

    test('I11: one that takes a slot without a claim is refused', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const queued = { dispatch: await bed.row('a') };
      const failure = await failureOf(() => bed.change(queued, { kind: 'starting', since: 1 }));
      expect(failure.code).toBe('NOT_POSSIBLE');
      expect(await bed.ledger.live()).toEqual([]);
    });
  });

  describe('an end', () => {
    const chain = [
      planned('a'),
      planned('b', { after: ['a'] }),
      planned('c', { after: ['b'] }),
      planned('d', { after: ['a', 'x'] }),
      planned('x'),
    ];

    test('lets go what waited for it alone, and says what the others still wait for', async () => {
      const bed = new Bed(await open());
      await bed.submit(chain);
      const [a] = await bed.claim(1);
      const since = await bed.ledger.lastSeq();
      bed.now = 6_000;
      await bed.end(a!);
      expect(await bed.states()).toEqual({
        a: 'succeeded',
        b: 'queued',
        c: 'parked dependency',
        d: 'parked dependency',
        x: 'queued',
      });
      expect((await bed.row('b')).state).toEqual({ kind: 'queued', since: 6_000 });
      expect((await bed.row('d')).because).toBe('waits for x');
      const queued = (await bed.said(since)).filter(({ type }) => type === 'dispatch.queued');
      expect(queued.map(({ dispatch }) => dispatch)).toEqual(['d2']);
    });

    test('without success skips all that need it, however many steps away, and names the root', async () => {
      const bed = new Bed(await open());
      await bed.submit(chain);
      const [a, x] = await bed.claim();
      const since = await bed.ledger.lastSeq();
      await bed.end(a!, FAILED);
      expect(await bed.states()).toEqual({
        a: 'failed',
        b: 'skipped',
        c: 'skipped',
        d: 'skipped',
        x: 'starting',
      });
      for (const name of ['b', 'c', 'd']) {
        expect((await bed.row(name)).because).toBe('a failed with exit code 3');
      }
      const ends = (await bed.said(since)).filter(({ type }) => type === 'dispatch.ended');
      expect(ends.map(({ dispatch }) => dispatch)).toEqual(['d1', 'd2', 'd4', 'd3']);
      await bed.end(x!, FAILED);
      expect((await bed.row('d')).because).toBe('a failed with exit code 3');
    });

    test('of a dispatch that was queued ends those that need it as well', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b', { after: ['a'] })]);
      await bed.change({ dispatch: await bed.row('a') }, bed.endedBy(CANCELLED));
      expect(await bed.states()).toEqual({ a: 'stopped', b: 'skipped' });
      expect((await bed.row('b')).because).toBe('a was stopped: cancelled');
    });

    test('a retry in between is no end: those that need it go on waiting', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b', { after: ['a'] })]);
      const [a] = await bed.claim();
      await bed.change(a!, BACKOFF, { attemptEnd: LOST });
      expect(await bed.states()).toEqual({ a: 'parked backoff', b: 'parked dependency' });
    });

    test('the slots that it frees are given in the same commit', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b', { after: ['a'] })], {
        pools: [{ name: 'work', slots: 1 }],
      });
      const [a] = await bed.claim();
      const { claimed } = await bed.commit({
        changes: [
          {
            dispatch: a!.dispatch.id,
            revision: a!.dispatch.revision,
            next: bed.endedBy(SUCCEEDED),
            because: 'exited with code 0',
            attemptEnd: SUCCEEDED,
            type: 'dispatch.ended',
          },
        ],
        claim: bed.order(),
        now: bed.now,
      });
      expect(claimed.map(({ dispatch }) => dispatch.name)).toEqual(['b']);
    });
  });
}
