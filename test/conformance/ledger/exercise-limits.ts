// Owns what every ledger must do with limits of providers: what they stop, who probes them, and how they go.
import { describe, expect, test } from 'vitest';
import type { LiveDispatch } from '../../../src/core/dispatch.ts';
import type { PoolLimit } from '../../../src/core/pool.ts';
import { EMPTY_STREAM } from '../../../src/core/stream.ts';
import {
  Bed,
  FAILED,
  limitOf as limit,
  namesOf,
  type Open,
  planned,
  SUPERSEDED,
  taskOf,
} from './bed.ts';

const keyOf = ({ attempt: { dispatch, fence } }: LiveDispatch) => ({ dispatch, fence });

/** `name:model`, or a name alone. */
const plansOf = (...words: readonly string[]) =>
  words.map((word) => {
    const [name = '', model = null] = word.split(':');
    return planned(name, { spec: { task: taskOf({ model }) } });
  });

async function blocked(open: Open, words: readonly string[], ...limits: readonly PoolLimit[]) {
  const bed = new Bed(await open());
  await bed.submit(plansOf(...words), { pools: [{ name: 'work', slots: 3 }] });
  await bed.commit({ limits });
  return bed;
}

const onRecord = async (bed: Bed) => (await bed.ledger.pool('work'))!.limits;

export function exerciseLimits(open: Open): void {
  describe('a limit', () => {
    test('I15: stops its whole pool, and no other, until its end', async () => {
      const bed = await blocked(open, ['a', 'b:x'], limit({}));
      await bed.submit([planned('c', { pool: 'art' })], {
        name: 'other',
        pools: [{ name: 'art', slots: 1 }],
      });
      expect(namesOf(await bed.claim())).toEqual(['c']);
      bed.now = 4_999;
      expect(await bed.claim()).toEqual([]);
      expect(await onRecord(bed)).toEqual([limit({})]);
    });

    test('I15: of a model stops those who use it, and hides nobody behind them', async () => {
      const words = ['a:x', 'b:x', 'c:x', 'd:x', 'e:y', 'f'];
      const bed = await blocked(open, words, limit({ model: 'x' }));
      expect(namesOf(await bed.claim())).toEqual(['e', 'f']);
    });

    test('I15: is there for the claims of the very pass in which it is met', async () => {
      const bed = await blocked(open, ['a']);
      const { claimed } = await bed.commit({ limits: [limit({})], claim: bed.order() });
      expect(claimed).toEqual([]);
    });

    test('I15: that is over lets a single probe through, whoever else is free to start', async () => {
      const bed = await blocked(open, ['a:x', 'b:x', 'c:y'], limit({ model: 'x' }));
      bed.now = 5_000;
      const [a, c, ...others] = await bed.claim();
      expect([a!.dispatch.name, c!.dispatch.name, others]).toEqual(['a', 'c', []]);
      const probed = limit({ model: 'x', probe: { dispatch: 'd1', fence: 1 } });
      expect([a!.limit, c!.limit]).toEqual([probed, null]);
      expect(await onRecord(bed)).toEqual([probed]);
      bed.now = 90_000;
      expect(await bed.claim()).toEqual([]);
      expect(await bed.ledger.live()).toEqual([a, c]);
    });

    test('of everybody is asked before that of a model, by one that is under both', async () => {
      const limits = [limit({}), limit({ model: 'x', until: 4_000 })];
      const bed = await blocked(open, ['a:x', 'b:y', 'c'], ...limits);
      bed.now = 5_000;
      const [a, ...others] = await bed.claim();
      expect([a!.dispatch.name, others]).toEqual(['a', []]);
      expect((await onRecord(bed)).map(({ probe }) => probe)).toEqual([keyOf(a!), keyOf(a!)]);
      await bed.commit({ lifts: [keyOf(a!)] });
      expect(await onRecord(bed)).toEqual([]);
      expect(namesOf(await bed.claim())).toEqual(['b', 'c']);
    });

    test('of everybody is asked by one alone, also where another could ask about its model', async () => {
      const limits = [limit({}), limit({ model: 'x', until: 4_000 })];
      const bed = await blocked(open, ['b:y', 'a:x', 'c'], ...limits);
      bed.now = 5_000;
      const [b, ...others] = await bed.claim();
      expect([b!.dispatch.name, others]).toEqual(['b', []]);
      expect((await onRecord(bed)).map(({ probe }) => probe)).toEqual([keyOf(b!), null]);
    });

    test('of everybody that is over is not asked by one whose model is being probed', async () => {
      const bed = await blocked(open, ['a:x', 'b:x', 'c:y'], limit({ model: 'x' }));
      bed.now = 5_000;
      expect(namesOf(await bed.claim(1))).toEqual(['a']);
      await bed.commit({ limits: [limit({ until: 4_000 })] });
      expect(namesOf(await bed.claim())).toEqual(['c']);
    });

    test('of everybody that is over is not asked by one whom its model stops', async () => {
      const limits = [limit({}), limit({ model: 'x', until: 9_000 })];
      const bed = await blocked(open, ['a:x', 'b:y', 'c'], ...limits);
      bed.now = 5_000;
      expect(namesOf(await bed.claim())).toEqual(['b']);
    });

    test('goes with the answer to its probe, and all follow', async () => {
      const bed = await blocked(open, ['a', 'b', 'c'], limit({}));
      bed.now = 5_000;
      const [a] = await bed.claim();
      const since = await bed.ledger.lastSeq();
      const pass = { lifts: [keyOf(a!)], claim: bed.order() };
      expect(namesOf((await bed.commit(pass)).claimed)).toEqual(['b', 'c']);
      expect(await onRecord(bed)).toEqual([]);
      expect((await bed.said(since))[0]).toMatchObject({
        type: 'pool.lifted',
        dispatch: null,
        data: { pool: 'work', model: null, because: 'its probe a was answered' },
      });
      expect((await bed.live('a')).limit).toBeNull();
    });

    test('goes as well once whoever met it was answered, for he waited it out', async () => {
      const bed = await blocked(open, ['a', 'b', 'c']);
      const [a] = await bed.claim(1);
      await bed.commit({ limits: [limit({ by: keyOf(a!) })] });
      expect((await bed.live('a')).limit).toEqual(limit({ by: keyOf(a!) }));
      const since = await bed.ledger.lastSeq();
      await bed.commit({ lifts: [keyOf(a!)] });
      expect((await bed.said(since)).map(({ data }) => data)).toMatchObject([
        { because: 'a, which had met it, was answered' },
      ]);
      expect(namesOf(await bed.claim())).toEqual(['b', 'c']);
    });

    test('I15: goes on record with what was read of who met it, so that nobody reads that again', async () => {
      const bed = await blocked(open, ['a']);
      const [a] = await bed.claim();
      const stream = { state: { ...EMPTY_STREAM, answers: 2 }, stdoutNext: 90, stderrNext: 0 };
      await bed.commit({ limits: [{ ...limit({ by: keyOf(a!) }), stream }] });
      const { attempt, limit: known } = await bed.live('a');
      expect([attempt.stream, known]).toEqual([stream, limit({ by: keyOf(a!) })]);
    });

    test('stays where somebody was answered who is no probe of it', async () => {
      const bed = await blocked(open, ['a', 'b'], limit({ model: 'x' }));
      const [a] = await bed.claim();
      await bed.commit({ lifts: [keyOf(a!), { dispatch: 'd9', fence: 1 }] });
      expect(await onRecord(bed)).toHaveLength(1);
    });

    test('that its probe meets again is a new one, however short', async () => {
      const bed = await blocked(open, ['a', 'b'], limit({}));
      bed.now = 6_000;
      const [a] = await bed.claim();
      const since = await bed.ledger.lastSeq();
      const again = limit({ until: 4_000, tries: 2, by: keyOf(a!), because: 'again' });
      await bed.commit({ limits: [again] });
      expect(await onRecord(bed)).toEqual([again]);
      const { pool, model, until, because, source, tries } = again;
      expect((await bed.said(since)).map(({ type, data }) => [type, data])).toEqual([
        ['pool.blocked', { pool, model, until, because, source, tries }],
      ]);
      // It has ended by then: it was no answer, and the next one asks.
      expect(namesOf(await bed.claim())).toEqual(['b']);
    });

    test('that is met once more changes nothing, unless it lasts longer', async () => {
      const bed = await blocked(open, ['a', 'b'], limit({}));
      const since = await bed.ledger.lastSeq();
      await bed.commit({ limits: [limit({ tries: 7 }), limit({ until: 4_000 })] });
      expect(await onRecord(bed)).toEqual([limit({})]);
      expect(await bed.ledger.lastSeq()).toBe(since);
      bed.now = 5_000;
      await bed.claim();
      const later = limit({ until: 8_000, source: 'stream of nightly/z' });
      await bed.commit({ limits: [limit({}), later, later] });
      expect(await onRecord(bed)).toEqual([later]);
      expect((await bed.said(since)).map(({ type }) => type)).toEqual([
        'attempt.claimed',
        'pool.blocked',
      ]);
      expect(await bed.claim()).toEqual([]);
    });

    test('goes with the end of its probe, which was something else', async () => {
      const bed = await blocked(open, ['a', 'b'], limit({}));
      bed.now = 5_000;
      const [a] = await bed.claim();
      const since = await bed.ledger.lastSeq();
      await bed.end(a!, FAILED);
      expect(await onRecord(bed)).toEqual([]);
      expect((await bed.said(since)).find(({ type }) => type === 'pool.lifted')?.data).toEqual({
        pool: 'work',
        model: null,
        because: 'its probe a failed with exit code 3',
      });
    });

    test('outlives a probe that was withdrawn before it started: the next one asks', async () => {
      const bed = await blocked(open, ['a', 'b'], limit({}));
      bed.now = 5_000;
      const [a] = await bed.claim();
      await bed.change(a!, { kind: 'queued', since: 5_000 }, { attemptEnd: SUPERSEDED });
      expect(await onRecord(bed)).toEqual([limit({})]);
      const [again, ...others] = await bed.claim();
      expect(others).toEqual([]);
      expect((await onRecord(bed))[0]!.probe).toEqual(keyOf(again!));
    });

    test.each([
      ['the same', limit({ until: 9_000 }), 9_000],
      ['another', limit({ until: 9_000, model: 'x' }), 5_000],
    ])('whose probe ends at %s limit stays', async (_, met, until) => {
      const bed = await blocked(open, ['a:x', 'b:y'], limit({}));
      bed.now = 5_000;
      const [a] = await bed.claim();
      const { id: dispatch, revision } = a!.dispatch;
      await bed.commit({
        changes: [
          {
            dispatch,
            revision,
            next: { kind: 'parked', since: 5_000, for: 'quota', until: 9_000 },
            because: 'limit reached',
            type: 'dispatch.parked',
            attemptEnd: FAILED,
          },
        ],
        limits: [{ ...met, by: keyOf(a!) }],
      });
      const [ofAll] = await onRecord(bed);
      expect(ofAll).toMatchObject({ model: null, until, probe: null });
    });

    test('wakes its supervisor at its end, where somebody queues whom it stops, and not later', async () => {
      const bed = await blocked(open, ['a:x'], limit({ model: 'y', until: 3_000 }), limit({}));
      expect(await bed.ledger.nextDueAt(bed.now)).toBe(5_000);
      bed.now = 5_000;
      expect(await bed.ledger.nextDueAt(bed.now)).toBeNull();
      await bed.commit({ limits: [limit({ until: 6_000 })] });
      expect(await bed.ledger.nextDueAt(bed.now)).toBe(6_000);
      bed.now = 6_000;
      await bed.claim();
      expect(await bed.ledger.nextDueAt(0)).toBeNull();
    });

    test('of a paused pool is asked by nobody', async () => {
      const bed = await blocked(open, ['a'], limit({}));
      await bed.ledger.setPoolPaused('work', true, bed.now);
      bed.now = 5_000;
      expect(await bed.claim()).toEqual([]);
      expect(await onRecord(bed)).toEqual([limit({})]);
    });

    test('follows a changed model', async () => {
      const bed = await blocked(open, ['a:x'], limit({ model: 'x' }));
      expect(await bed.claim()).toEqual([]);
      await bed.submit(plansOf('a:y'), { pools: [] });
      expect(namesOf(await bed.claim())).toEqual(['a']);
    });

    test('I7: lifts at a time of day, or so long after it was met, whatever the clock does', async () => {
      const dated = limit({ model: 'x', tries: 0 });
      const bed = await blocked(open, ['a:x', 'b'], dated, limit({ model: 'y', tries: 2 }));
      await bed.stepClock(7_000, 8_000);
      const moved = { tries: 2, since: 8_000, until: 12_000 };
      expect(await onRecord(bed)).toMatchObject([{ ...dated, since: 8_000 }, moved]);
    });

    test.each([
      ['I7: so does whoever waits for one without a reset', 2, 12_000],
      ['I7: whoever waits for a time of day does not', 0, 5_000],
    ])('%s', async (_, tries, until) => {
      const bed = await blocked(open, ['a']);
      const [a] = await bed.claim();
      const next = { kind: 'parked', since: 1_000, for: 'quota', until: 5_000 } as const;
      await bed.change(a!, next, { attemptEnd: FAILED });
      await bed.commit({ limits: [limit({ tries })] });
      await bed.stepClock(7_000, 8_000);
      expect((await bed.row('a')).state).toMatchObject({ for: 'quota', until });
    });
  });

  test('is probed at once where a person resumes its pool, and no probe is taken from it', async () => {
    const bed = await blocked(open, ['a', 'b'], limit({}));
    expect(await bed.claim()).toEqual([]);
    await bed.ledger.setPoolPaused('work', false, bed.now);
    expect(namesOf(await bed.claim())).toEqual(['a']);
    const probed = await onRecord(bed);
    await bed.ledger.setPoolPaused('work', false, bed.now);
    expect(await onRecord(bed)).toEqual(probed);
  });
}
