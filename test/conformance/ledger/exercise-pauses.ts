// Owns what every ledger must do with pools that are paused because their provider lets nobody in.
import { describe, expect, test } from 'vitest';
import { Bed, type Open, planned } from './bed.ts';

async function withRows(open: Open, ...names: readonly string[]): Promise<Bed> {
  const bed = new Bed(await open());
  const plans = names.map((name) => planned(name));
  await bed.submit(plans, { pools: [{ name: 'work', slots: 3 }] });
  return bed;
}

export function exercisePauses(open: Open): void {
  describe('a pause that is no person’s', () => {
    const because = 'nobody is signed in';

    test('says why, once, and a person lifts it', async () => {
      const bed = await withRows(open, 'a');
      const since = await bed.ledger.lastSeq();
      for (let round = 0; round < 2; round += 1) {
        await bed.commit({ pauses: [{ pool: 'work', because }] });
      }
      expect(await bed.ledger.pool('work')).toMatchObject({ paused: true, pausedBecause: because });
      expect(await bed.claim()).toEqual([]);
      await bed.ledger.setPoolPaused('work', false, bed.now);
      expect(await bed.ledger.pool('work')).toMatchObject({ paused: false, pausedBecause: null });
      expect(await bed.claim()).toMatchObject([{ dispatch: { name: 'a' } }]);
      expect((await bed.said(since)).slice(0, 2).map(({ type, data }) => [type, data])).toEqual([
        ['pool.paused', { pool: 'work', because }],
        ['pool.resumed', { pool: 'work' }],
      ]);
    });

    test('becomes a person’s who pauses the pool, and takes nothing from one', async () => {
      const bed = await withRows(open);
      await bed.commit({ pauses: [{ pool: 'work', because }] });
      await bed.ledger.setPoolPaused('work', true, bed.now);
      await bed.commit({ pauses: [{ pool: 'work', because }] });
      expect(await bed.ledger.pool('work')).toMatchObject({ paused: true, pausedBecause: null });
    });
  });
}
