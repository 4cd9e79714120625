// Owns what every ledger must do when slots are claimed.
import { describe, expect, test } from 'vitest';
import type { AttemptKey } from '../../../src/ports.ts';
import {
  Bed,
  CANCELLED,
  endOf,
  FAILED,
  LOST,
  namesOf,
  type Open,
  planned,
  SUPERSEDED,
} from './bed.ts';

export function exerciseClaims(open: Open): void {
  describe('a claim', () => {
    test('I1, I11: gives no more slots than the pool has, each with its whole intent', async () => {
      const bed = new Bed(await open());
      await bed.submit(
        ['a', 'b', 'c'].map((name) => planned(name)),
        {
          pools: [{ name: 'work', slots: 2 }],
        },
      );
      const since = await bed.ledger.lastSeq();
      bed.now = 2_000;
      const claimed = await bed.claim();
      expect(namesOf(claimed)).toEqual(['a', 'b']);
      expect(await bed.ledger.live()).toEqual(claimed);
      expect(claimed[0]).toMatchObject({
        dispatch: { state: { kind: 'starting', since: 2_000 }, attempt: 1, fence: 1, revision: 2 },
        attempt: {
          attempt: 1,
          fence: 1,
          nonce: 'nonce',
          containment: 'subreaper',
          claimedAt: 2_000,
          startedAt: null,
          endedAt: null,
          end: null,
        },
        failures: {},
      });
      expect((await bed.said(since)).map(({ type, dispatch }) => [type, dispatch])).toEqual([
        ['attempt.claimed', 'd1'],
        ['attempt.claimed', 'd2'],
      ]);
      expect(await bed.claim()).toEqual([]);
      await bed.end(claimed[0]!);
      expect(namesOf(await bed.claim())).toEqual(['c']);
    });

    test('I2: is given what has its run directory, and ends with the first that has none', async () => {
      const bed = new Bed(await open());
      await bed.submit(['a', 'b', 'c'].map((name) => planned(name)));
      const asked: AttemptKey[] = [];
      const makeRunDir = (key: AttemptKey) => asked.push(key) !== 2;
      const order = { ...bed.order(), makeRunDir };
      expect(namesOf((await bed.commit({ claim: order })).claimed)).toEqual(['a']);
      expect(asked).toEqual([
        { dispatch: 'd1', fence: 1 },
        { dispatch: 'd2', fence: 1 },
      ]);
      expect(namesOf(await bed.ledger.live())).toEqual(['a']);
      expect(namesOf(await bed.claim())).toEqual(['b', 'c']);
    });

    test('counts starting, running and stopping rows as held slots', async () => {
      const bed = new Bed(await open());
      await bed.submit(
        ['a', 'b', 'c', 'd'].map((name) => planned(name)),
        {
          pools: [{ name: 'work', slots: 3 }],
        },
      );
      const [, b, c] = await bed.claim();
      await bed.run(b!);
      await bed.change(
        c!,
        {
          kind: 'stopping',
          since: 1,
          reason: { kind: 'cause', cause: 'cancelled' },
          process: null,
          killAt: 9,
          survivors: [],
        },
        { type: 'attempt.stopping' },
      );
      expect(await bed.claim()).toEqual([]);
      expect(await bed.ledger.pool('work')).toMatchObject({ used: 3, queued: 1 });
    });

    test('takes higher priorities first, then older ones, across all pools', async () => {
      const bed = new Bed(await open());
      const pools = [
        { name: 'work', slots: 2 },
        { name: 'art', slots: 2 },
      ];
      await bed.submit(
        [
          planned('old'),
          planned('low', { priority: -1, pool: 'art' }),
          planned('urgent', { priority: 9, pool: 'art' }),
          planned('young', { pool: 'art' }),
        ],
        { pools },
      );
      expect(namesOf(await bed.claim(3))).toEqual(['urgent', 'old', 'young']);
      expect(namesOf(await bed.claim(3))).toEqual([]);
    });

    test('takes no more than its limit', async () => {
      const bed = new Bed(await open());
      await bed.submit(['a', 'b', 'c'].map((name) => planned(name)));
      expect(namesOf(await bed.claim(0))).toEqual([]);
      expect(namesOf(await bed.claim(2))).toEqual(['a', 'b']);
    });

    test('passes over paused pools until they are resumed', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      expect(await bed.ledger.setPoolPaused('work', true, bed.now)).toBe(true);
      expect(await bed.claim()).toEqual([]);
      await bed.ledger.setPoolPaused('work', false, bed.now);
      expect(namesOf(await bed.claim())).toEqual(['a']);
    });

    test('passes over what somebody wants stopped', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b')]);
      const wish = { at: 1, graceMs: null, cause: 'cancelled', because: 'asked' } as const;
      await bed.ledger.wishStop(['d1'], wish);
      expect(namesOf(await bed.claim())).toEqual(['b']);
    });

    test('passes over a halted campaign, and over no other, until the culprit is retried', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b')], { onFailure: 'halt' });
      await bed.submit([planned('c')], { name: 'other', onFailure: 'halt' });
      const [a] = await bed.claim(1);
      await bed.end(a!, FAILED);
      expect(await bed.ledger.campaign('nightly')).toMatchObject({
        onFailure: 'halt',
        haltedBecause: 'a failed with exit code 3',
      });
      expect(namesOf(await bed.claim())).toEqual(['c']);
      await bed.ledger.retry(['d1'], bed.now);
      expect(await bed.ledger.campaign('nightly')).toMatchObject({ haltedBecause: null });
      expect(namesOf(await bed.claim())).toEqual(['a', 'b']);
    });

    test('a failure that is not the agent’s halts nothing', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b')], { onFailure: 'halt' });
      const [a] = await bed.claim(1);
      await bed.end(a!, LOST);
      expect(namesOf(await bed.claim())).toEqual(['b']);
    });

    test('I7: counts the deadline from the claim, with the extension as its hard limit', async () => {
      const bed = new Bed(await open());
      await bed.submit([
        planned('a', { spec: { deadlineMs: 60_000, extendMs: 30_000, containment: 'sh' } }),
        planned('b'),
      ]);
      const [a, b] = await bed.claim();
      expect(a!.attempt.deadline).toEqual({
        softAt: 61_000,
        hardAt: 91_000,
        extendedCount: 0,
        extendedMs: 0,
        because: '1m from the claim, up to 30s more on evidence',
      });
      expect(a!.attempt.containment).toBe('sh');
      expect(b!.attempt).toMatchObject({ deadline: null, containment: 'subreaper' });
    });

    test('an attempt that never started is not counted: its number is given again, its fence never', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const [first] = await bed.claim();
      await bed.change(first!, { kind: 'queued', since: 1 }, { attemptEnd: SUPERSEDED });
      expect(await bed.row('a')).toMatchObject({ attempt: 0, fence: 1, startedAt: null });
      const [second] = await bed.claim();
      expect(second!.attempt).toMatchObject({ attempt: 1, fence: 2 });
      await bed.run(second!);
      await bed.change(
        await bed.live('a'),
        { kind: 'queued', since: 1 },
        { attemptEnd: SUPERSEDED },
      );
      const [third] = await bed.claim();
      expect(third!.attempt).toMatchObject({ attempt: 2, fence: 3 });
      expect(third!.failures).toEqual({});
      expect(
        (await bed.ledger.attempts('d1')).map(({ attempt, fence }) => [attempt, fence]),
      ).toEqual([
        [1, 1],
        [1, 2],
        [2, 3],
      ]);
    });

    test('I14: brings the failures of earlier attempts along', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      for (const end of [LOST, LOST, FAILED]) {
        const [live] = await bed.claim();
        await bed.change(live!, { kind: 'queued', since: 1 }, { attemptEnd: end });
      }
      const failures = { infrastructure: 2, agent: 1 };
      expect((await bed.claim())[0]!.failures).toEqual(failures);
      expect((await bed.live('a')).failures).toEqual(failures);
    });

    test('counts no failure for an attempt that was ended by request', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const exitedWhileCancelled = endOf({ kind: 'lost' }, 'cancelled');
      for (const end of [CANCELLED, exitedWhileCancelled, LOST]) {
        await bed.end((await bed.claim())[0]!, end);
        await bed.ledger.retry(['d1'], bed.now);
      }
      expect((await bed.claim())[0]!.failures).toEqual({ infrastructure: 1 });
      expect((await bed.live('a')).failures).toEqual({ infrastructure: 1 });
    });

    test('a smaller pool keeps what it holds and gives nothing until it is below its size', async () => {
      const bed = new Bed(await open());
      await bed.submit(
        ['a', 'b', 'c'].map((name) => planned(name)),
        {
          pools: [{ name: 'work', slots: 2 }],
        },
      );
      const [a, b] = await bed.claim();
      await bed.pools({ name: 'work', slots: 1 });
      await bed.end(a!);
      expect(await bed.claim()).toEqual([]);
      await bed.end(b!);
      expect(namesOf(await bed.claim())).toEqual(['c']);
    });
  });
}
