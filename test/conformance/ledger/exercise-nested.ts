// Owns what every ledger must do where all that hold the slots of a pool wait for what they have added
// (docs/decisions/0017-slots-of-nested-work.md).
import { describe, expect, test } from 'vitest';
import type { PoolSpec } from '../../../src/core/campaign.ts';
import type { LiveDispatch } from '../../../src/core/dispatch.ts';
import { Bed, limitOf, namesOf, type Open, planned } from './bed.ts';

/** Adds one dispatch from inside each of `parents`, to the pool that is named. */
async function addFrom(bed: Bed, parent: LiveDispatch, name: string, pool = 'work') {
  const { dispatch, fence } = parent.attempt;
  await bed.submit([planned(name, { pool })], { name, pools: [], parent: { dispatch, fence } });
}

async function bedWith(open: Open, pools: readonly PoolSpec[], ...plans: readonly string[]) {
  const bed = new Bed(await open());
  await bed.submit(
    plans.map((plan) => {
      const [name = '', pool = 'work'] = plan.split(':');
      return planned(name, { pool });
    }),
    { pools },
  );
  return bed;
}

const ONE = [{ name: 'work', slots: 1 }];

export function exerciseNested(open: Open): void {
  describe('nested work', () => {
    test('I11: a parent that holds the only slot gets its child, one beyond the cap', async () => {
      const bed = await bedWith(open, ONE, 'parent');
      const [parent] = await bed.claim();
      await addFrom(bed, parent!, 'first');
      await addFrom(bed, parent!, 'second');
      const since = await bed.ledger.lastSeq();
      const [first, ...others] = await bed.claim();
      expect([first!.dispatch.name, others]).toEqual(['first', []]);
      expect((await bed.said(since))[0]!.data).toMatchObject({ beyondCap: true, pool: 'work' });
      // The child goes on by itself: no further slot.
      expect(await bed.claim()).toEqual([]);
      await bed.end(first!);
      const [second] = await bed.claim();
      expect(second!.dispatch.name).toBe('second');
      await bed.end(second!);
      expect(await bed.claim()).toEqual([]);
    });

    test('two levels deep, each gets one', async () => {
      const bed = await bedWith(open, ONE, 'parent');
      const [parent] = await bed.claim();
      await addFrom(bed, parent!, 'child');
      const [child] = await bed.claim();
      await addFrom(bed, child!, 'grandchild');
      expect(namesOf(await bed.claim())).toEqual(['grandchild']);
      expect(await bed.claim()).toEqual([]);
    });

    test('two pools whose holders wait for each other’s slots get one each', async () => {
      const pools = [...ONE, { name: 'art', slots: 1 }];
      const bed = await bedWith(open, pools, 'a', 'b:art');
      const [a, b] = await bed.claim();
      await addFrom(bed, a!, 'of-a', 'art');
      await addFrom(bed, b!, 'of-b', 'work');
      expect(namesOf(await bed.claim())).toEqual(['of-a', 'of-b']);
      expect(await bed.claim()).toEqual([]);
    });

    test('I11: a pool with one row that has added nothing stays at its cap', async () => {
      const bed = await bedWith(open, [{ name: 'work', slots: 2 }], 'parent', 'ordinary');
      const [parent, ordinary] = await bed.claim();
      await addFrom(bed, parent!, 'child');
      expect(await bed.claim()).toEqual([]);
      await bed.end(ordinary!);
      expect(namesOf(await bed.claim())).toEqual(['child']);
      expect(await bed.ledger.pool('work')).toMatchObject({ used: 2 });
    });

    test('I11: a pool whose parents have their children elsewhere and live stays at its cap', async () => {
      const pools = [...ONE, { name: 'art', slots: 1 }];
      const bed = await bedWith(open, pools, 'parent');
      const [parent] = await bed.claim();
      await addFrom(bed, parent!, 'child', 'art');
      await bed.claim();
      await bed.submit([planned('outsider')], { name: 'other', pools: [] });
      expect(await bed.claim()).toEqual([]);
    });

    test('what nobody who lives has added waits for a slot within the cap', async () => {
      const bed = await bedWith(open, ONE, 'parent', 'outsider');
      const [parent] = await bed.claim();
      await addFrom(bed, parent!, 'child');
      expect(namesOf(await bed.claim())).toEqual(['child']);
    });

    test('a child of an attempt before does not count', async () => {
      const bed = await bedWith(open, ONE, 'parent');
      const [parent] = await bed.claim();
      await addFrom(bed, parent!, 'child');
      await bed.end(parent!);
      await bed.ledger.retry(['d1'], bed.now);
      const [again] = await bed.claim();
      expect(again!.dispatch.name).toBe('parent');
      expect(await bed.claim()).toEqual([]);
    });

    test('nothing is beyond a cap of nothing, a pause or a limit', async () => {
      const bed = await bedWith(open, ONE, 'parent');
      const [parent] = await bed.claim();
      await addFrom(bed, parent!, 'child');
      await bed.ledger.setPoolPaused('work', true, bed.now);
      expect(await bed.claim()).toEqual([]);
      await bed.ledger.setPoolPaused('work', false, bed.now);
      await bed.pools({ name: 'work', slots: 0 });
      expect(await bed.claim()).toEqual([]);
      await bed.pools({ name: 'work', slots: 1 });
      await bed.commit({ limits: [limitOf({})] });
      expect(await bed.claim()).toEqual([]);
      bed.now = 5_000;
      const [child] = await bed.claim();
      expect(child!.limit?.probe).toEqual({ dispatch: 'd2', fence: 1 });
    });
  });
}
