// Owns what every ledger must do with pools that are paused because their provider lets nobody in.
import { describe, expect, test } from 'vitest';
import { Bed, namesOf, type Open, planned, SUPERSEDED } from './bed.ts';

async function withRows(open: Open, ...names: readonly string[]): Promise<Bed> {
  const bed = new Bed(await open());
  const plans = names.map((name) => planned(name));
  await bed.submit(plans, { pools: [{ name: 'work', slots: 3 }] });
  return bed;
}

export function exercisePauses(open: Open): void {
  describe('a pause that is no person’s', () => {
    const because = 'nobody is signed in';

    const refused = { attemptEnd: SUPERSEDED, pausePool: because };
    const queued = { kind: 'queued', since: 1 } as const;

    test('says why, once, and a person lifts it', async () => {
      const bed = await withRows(open, 'a', 'b');
      const [a, b] = await bed.claim();
      const since = await bed.ledger.lastSeq();
      for (const live of [a!, b!]) expect(await bed.change(live, queued, refused)).toBe(true);
      expect(await bed.ledger.pool('work')).toMatchObject({ paused: true, pausedBecause: because });
      expect(await bed.claim()).toEqual([]);
      await bed.ledger.setPoolPaused('work', false, bed.now);
      expect(await bed.ledger.pool('work')).toMatchObject({ paused: false, pausedBecause: null });
      expect(namesOf(await bed.claim())).toEqual(['a', 'b']);
      const told = (await bed.said(since)).filter(({ type }) => type.startsWith('pool.'));
      expect(told.map(({ type, data }) => [type, data])).toEqual([
        ['pool.paused', { pool: 'work', because }],
        ['pool.resumed', { pool: 'work' }],
      ]);
    });

    test('keeps others from starting in the same commit', async () => {
      const bed = await withRows(open, 'a', 'b', 'c', 'd');
      const [a] = await bed.claim();
      const { id: dispatch, revision } = a!.dispatch;
      const type = 'dispatch.requeued' as const;
      const change = { dispatch, revision, next: queued, because, type, ...refused };
      const { claimed } = await bed.commit({ changes: [change], claim: bed.order() });
      expect(claimed).toEqual([]);
    });

    test('is none where somebody else has changed the row meanwhile', async () => {
      const bed = await withRows(open, 'a');
      const [a] = await bed.claim();
      const wish = { at: bed.now, graceMs: null, cause: 'cancelled', because: 'enough' } as const;
      await bed.ledger.wishStop([a!.dispatch.id], wish);
      expect(await bed.change(a!, queued, refused)).toBe(false);
      expect(await bed.ledger.pool('work')).toMatchObject({ paused: false });
    });

    test('becomes a person’s who pauses the pool, and takes nothing from one', async () => {
      const bed = await withRows(open, 'a', 'b');
      const [a, b] = await bed.claim();
      await bed.change(a!, queued, refused);
      await bed.ledger.setPoolPaused('work', true, bed.now);
      await bed.change(b!, queued, refused);
      expect(await bed.ledger.pool('work')).toMatchObject({ paused: true, pausedBecause: null });
    });
  });
}
