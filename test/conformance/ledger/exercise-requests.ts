// Owns what every ledger must do with what people ask of dispatches and pools.
import { describe, expect, test } from 'vitest';
import type { StopWish } from '../../../src/core/dispatch.ts';
import { Bed, CANCELLED, FAILED, failureOf, LOST, type Open, planned, STALLED } from './bed.ts';

const WISH: StopWish = { at: 100, graceMs: null, cause: 'cancelled', because: 'asked' };

export function exerciseRequests(open: Open): void {
  describe('a stop wish', () => {
    test('holds for whatever has not ended, and is said once', async () => {
      const bed = new Bed(await open());
      await bed.submit(['queued', 'running', 'ended'].map((name) => planned(name)));
      await bed.ledger.setPool({ name: 'work', slots: 3 }, 1);
      const live = await bed.claim();
      await bed.end(live[2]!);
      const since = await bed.ledger.lastSeq();
      const all = ['d1', 'd2', 'd3', 'nobody'];
      expect(await bed.ledger.wishStop(all, WISH)).toEqual(['d1', 'd2']);
      expect(await bed.ledger.wishStop(all, WISH)).toEqual(['d1', 'd2']);
      expect((await bed.row('running')).stopWish).toEqual(WISH);
      expect((await bed.said(since)).map(({ type, at, data }) => [type, at, data])).toEqual([
        ['dispatch.stop-requested', 100, { cause: 'cancelled', because: 'asked', graceMs: null }],
        ['dispatch.stop-requested', 100, { cause: 'cancelled', because: 'asked', graceMs: null }],
      ]);
    });

    test.each<[string, Partial<StopWish>, Partial<StopWish>]>([
      ['less grace wins', { graceMs: 50 }, { graceMs: 50 }],
      ['more grace is ignored', { graceMs: 60_000 }, {}],
      ['no grace of its own means that of the dispatch, counted from now', { at: 200 }, {}],
      [
        'a cancellation turns an interruption into an end',
        { at: 200, because: 'really' },
        { because: 'really' },
      ],
    ])('of two: %s', async (_, second, expected) => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const forGood = second.because === 'really';
      const first: StopWish = forGood ? { ...WISH, cause: 'superseded' } : WISH;
      await bed.ledger.wishStop(['d1'], first);
      await bed.ledger.wishStop(['d1'], { ...WISH, ...second });
      expect((await bed.row('a')).stopWish).toEqual({ ...WISH, ...expected });
    });

    test('an interruption never takes a cancellation back', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      await bed.ledger.wishStop(['d1'], WISH);
      await bed.ledger.wishStop(['d1'], {
        ...WISH,
        graceMs: 0,
        cause: 'superseded',
        because: 'down',
      });
      expect((await bed.row('a')).stopWish).toEqual({ ...WISH, graceMs: 0 });
    });

    test('a change that was decided before it is overtaken by it', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const [a] = await bed.claim();
      await bed.ledger.wishStop(['d1'], WISH);
      expect(await bed.run(a!)).toBe(false);
    });
  });

  describe('a retry', () => {
    test('I14: queues what has ended, and keeps its attempts and its first start', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b')]);
      const [a] = await bed.claim(1);
      await bed.ledger.wishStop(['d1'], WISH);
      await bed.run(await bed.live('a'));
      await bed.end(await bed.live('a'), FAILED);
      const since = await bed.ledger.lastSeq();
      bed.now = 8_000;
      expect(await bed.ledger.retry(['d1', 'd2', 'nobody'], bed.now)).toEqual(['d1']);
      expect(await bed.row('a')).toMatchObject({
        state: { kind: 'queued', since: 8_000 },
        endedAt: null,
        stopWish: null,
        attempt: 1,
        startedAt: 1_000,
      });
      expect((await bed.said(since)).map(({ type, dispatch }) => [type, dispatch])).toEqual([
        ['dispatch.retry-requested', 'd1'],
      ]);
      const [again] = await bed.claim(1);
      expect(again).toMatchObject({ attempt: { attempt: 2, fence: 2 }, failures: { agent: 1 } });
      expect((await bed.ledger.attempts('d1'))[0]).toMatchObject({
        nonce: a!.attempt.nonce,
        end: FAILED,
      });
    });

    test('from inside a new attempt takes over what the one before it has added, and nothing else', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('parent')]);
      await bed.run((await bed.claim(1))[0]!);
      const parent = { dispatch: 'd1', fence: 1 };
      await bed.submit([planned('child')], { name: 'sub', parent });
      await bed.submit([planned('other')], { name: 'sub' });
      const live = await bed.live('parent');
      await bed.change(live, { kind: 'queued', since: 1 }, { attemptEnd: STALLED });
      const [, ...added] = await bed.claim();
      for (const one of added) await bed.end(one, FAILED);
      await bed.ledger.retry(['d2', 'd3'], bed.now, { dispatch: 'd1', fence: 9 });
      expect((await bed.row('child', 'sub')).parent).toEqual(parent);
      for (const one of await bed.claim()) await bed.end(one, FAILED);
      const next = { dispatch: 'd1', fence: 2 };
      expect(await bed.ledger.retry(['d2', 'd3'], bed.now, next)).toEqual(['d2', 'd3']);
      expect((await bed.row('child', 'sub')).parent).toEqual(next);
      expect((await bed.row('other', 'sub')).parent).toBeNull();
    });

    const family = [
      planned('a'),
      planned('b', { after: ['a'] }),
      planned('c', { after: ['b'] }),
      planned('d', { after: ['b', 'x'] }),
      planned('x'),
    ];

    test('opens what was skipped because of it, however many steps away', async () => {
      const bed = new Bed(await open());
      await bed.submit(family);
      const [a, x] = await bed.claim();
      await bed.end(a!, FAILED);
      await bed.end(x!);
      expect(await bed.ledger.retry(['d1'], bed.now)).toEqual(['d1']);
      expect(await bed.states()).toEqual({
        a: 'queued',
        b: 'parked dependency',
        c: 'parked dependency',
        d: 'parked dependency',
        x: 'succeeded',
      });
      expect((await bed.row('d')).because).toBe('waits for b');
    });

    test('leaves skipped what another failure still holds', async () => {
      const bed = new Bed(await open());
      await bed.submit(family);
      const [a, x] = await bed.claim();
      await bed.end(a!, FAILED);
      await bed.end(x!, FAILED);
      await bed.ledger.retry(['d1'], bed.now);
      expect(await bed.states()).toMatchObject({
        c: 'parked dependency',
        d: 'skipped',
        x: 'failed',
      });
      await bed.ledger.retry(['d5'], bed.now);
      expect(await bed.states()).toMatchObject({ d: 'parked dependency', x: 'queued' });
    });

    test('of what needs a failure is left out, unless that is retried too, in whatever order', async () => {
      const bed = new Bed(await open());
      await bed.submit(family.slice(0, 3));
      await bed.end((await bed.claim())[0]!, CANCELLED);
      expect(await bed.ledger.retry(['d3', 'd2'], bed.now)).toEqual([]);
      expect(await bed.ledger.retry(['d3', 'd2', 'd1'], bed.now)).toEqual(['d3', 'd2', 'd1']);
      expect(await bed.states()).toEqual({
        a: 'queued',
        b: 'parked dependency',
        c: 'parked dependency',
      });
    });

    test('of two that both succeeded runs them one after the other again', async () => {
      const bed = new Bed(await open());
      await bed.submit(family.slice(0, 2));
      for (const name of ['a', 'b']) {
        const [live] = await bed.claim();
        expect(live!.dispatch.name).toBe(name);
        await bed.end(live!);
      }
      await bed.ledger.retry(['d2', 'd1'], bed.now);
      expect(await bed.states()).toEqual({ a: 'queued', b: 'parked dependency' });
      await bed.end((await bed.claim())[0]!, LOST);
      expect(await bed.states()).toEqual({ a: 'lost', b: 'skipped' });
    });
  });

  describe('a pool', () => {
    test('default is there from the start, with two slots', async () => {
      const { ledger } = new Bed(await open());
      expect(await ledger.pools()).toEqual([
        {
          name: 'default',
          slots: 2,
          paused: false,
          pausedBecause: null,
          limits: [],
          usage: null,
          used: 0,
          queued: 0,
        },
      ]);
    });

    test('is created and resized, and only a change is said', async () => {
      const bed = new Bed(await open());
      const since = await bed.ledger.lastSeq();
      for (const slots of [3, 3, 5]) await bed.ledger.setPool({ name: 'art', slots }, bed.now);
      expect(await bed.ledger.pool('art')).toMatchObject({ slots: 5 });
      expect(await bed.ledger.pool('nowhere')).toBeNull();
      expect((await bed.said(since)).map(({ type, data }) => [type, data])).toEqual([
        ['pool.changed', { pool: 'art', slots: 3, slotsBefore: null }],
        ['pool.changed', { pool: 'art', slots: 5, slotsBefore: 3 }],
      ]);
    });

    test.each([-1, 1.5, Number.NaN])('of %s slots is refused', async (slots) => {
      const { ledger } = new Bed(await open());
      const failure = await failureOf(() => ledger.setPool({ name: 'art', slots }, 1));
      expect(failure.code).toBe('CAMPAIGN_INVALID');
      expect(await ledger.pool('art')).toBeNull();
    });

    test('is paused and resumed, once each', async () => {
      const bed = new Bed(await open());
      const since = await bed.ledger.lastSeq();
      for (const paused of [true, true, false, false]) {
        expect(await bed.ledger.setPoolPaused('default', paused, bed.now)).toBe(true);
        expect(await bed.ledger.pool('default')).toMatchObject({ paused });
      }
      expect(await bed.ledger.setPoolPaused('nowhere', true, bed.now)).toBe(false);
      expect((await bed.said(since)).map(({ type }) => type)).toEqual([
        'pool.paused',
        'pool.resumed',
      ]);
    });
  });
}
