// Owns what every ledger must do with a submitted campaign. Which rows may change how is in test/unit/submission.test.ts.
import { describe, expect, test } from 'vitest';
import { Bed, FAILED, failureOf, type Open, planned, STALLED } from './bed.ts';

export function exerciseSubmit(open: Open): void {
  describe('a submission', () => {
    test('adds what is new, in the order of the file, with everything that the file said', async () => {
      const bed = new Bed(await open());
      const plans = [
        planned('b', { priority: 3, spec: { env: { A: '"quoted" \n ü' }, deadlineMs: 5 } }),
        planned('a', { after: ['b'] }),
      ];
      expect(await bed.submit(plans, { file: '/x/nightly.yaml', onFailure: 'halt' })).toEqual({
        added: ['d1', 'd2'],
        updated: [],
        unchanged: [],
      });
      expect(await bed.row('b')).toEqual({
        id: 'd1',
        campaign: 'nightly',
        name: 'b',
        pool: 'work',
        priority: 3,
        parent: null,
        position: 1,
        spec: plans[0]!.spec,
        after: [],
        state: { kind: 'queued', since: 1_000 },
        because: 'waits for a free slot',
        attempt: 0,
        fence: 0,
        stopWish: null,
        createdAt: 1_000,
        startedAt: null,
        endedAt: null,
        revision: 1,
      });
      expect(await bed.row('a')).toMatchObject({
        position: 2,
        after: ['b'],
        because: 'waits for b',
      });
      expect(await bed.ledger.campaign('nightly')).toEqual({
        name: 'nightly',
        onFailure: 'halt',
        file: '/x/nightly.yaml',
        haltedBecause: null,
      });
      expect((await bed.said(0)).map(({ type, dispatch }) => [type, dispatch])).toEqual([
        ['pool.changed', null],
        ['dispatch.queued', 'd1'],
        ['dispatch.parked', 'd2'],
        ['campaign.submitted', null],
      ]);
    });

    test('made twice changes nothing but the log', async () => {
      const bed = new Bed(await open());
      const plans = [planned('a'), planned('b', { after: ['a'] })];
      await bed.submit(plans, { file: '/x.yaml' });
      const before = await bed.ledger.dispatches({});
      expect(await bed.submit(plans)).toEqual({ added: [], updated: [], unchanged: ['d1', 'd2'] });
      expect(await bed.ledger.dispatches({})).toEqual(before);
      expect(await bed.ledger.campaign('nightly')).toMatchObject({ file: '/x.yaml' });
    });

    test('keeps places, gives new ones to what is new, and leaves what it does not name', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b')]);
      await bed.submit([planned('c'), planned('b', { priority: 1 }), planned('d')]);
      const rows = (await bed.ledger.dispatches({})).map(({ dispatch }) => dispatch);
      expect(rows.map(({ name, position, priority }) => [name, position, priority])).toEqual([
        ['a', 1, 0],
        ['b', 2, 1],
        ['c', 3, 0],
        ['d', 4, 0],
      ]);
      const updated = (await bed.said(0)).filter(({ type }) => type === 'dispatch.updated');
      expect(updated.map(({ dispatch, data }) => [dispatch, data['fields']])).toEqual([
        ['d2', ['priority']],
      ]);
    });

    test('overtakes a change that was decided on the row as it was', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const [a] = await bed.claim();
      await bed.submit([planned('a', { spec: { stallMs: 1 } })]);
      expect(await bed.run(a!)).toBe(false);
      expect((await bed.live('a')).dispatch.spec.stallMs).toBe(1);
    });

    test('that changes what has started is refused as a whole', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      await bed.claim();
      const before = [
        await bed.ledger.dispatches({}),
        await bed.ledger.lastSeq(),
        await bed.ledger.pools(),
      ];
      const failure = await failureOf(() =>
        bed.submit([planned('a', { spec: { run: ['other'] } }), planned('b')], {
          pools: [{ name: 'work', slots: 9 }],
        }),
      );
      expect(failure.code).toBe('CAMPAIGN_CHANGED');
      expect(failure.message).toContain('a (run)');
      expect([
        await bed.ledger.dispatches({}),
        await bed.ledger.lastSeq(),
        await bed.ledger.pools(),
      ]).toEqual(before);
    });

    test('into a pool that does not exist is refused with the pools that do', async () => {
      const bed = new Bed(await open());
      const failure = await failureOf(() => bed.submit([planned('a', { pool: 'wrok' })]));
      expect(failure.code).toBe('CAMPAIGN_INVALID');
      expect(failure.message).toContain('names pool "wrok"');
      expect(failure.message).toContain('known pools: default, work');
      expect(await bed.ledger.pools()).toHaveLength(1);
    });

    test('of one more to a campaign of many names only that one', async () => {
      const bed = new Bed(await open());
      const many = Array.from({ length: 120 }, (_, index) => planned(`n${index}`));
      await bed.submit(many, { name: 'adhoc' });
      const result = await bed.submit([planned('one-more')], { name: 'adhoc' });
      expect(result).toEqual({ added: ['d121'], updated: [], unchanged: [] });
      expect(await bed.submit(many, { name: 'adhoc' })).toMatchObject({
        unchanged: { length: 120 },
      });
      expect(await bed.ledger.count({ campaign: 'adhoc', states: ['queued'] })).toBe(121);
    });

    test('whose changed "after" leads to a failure skips those that wait for the changed one too', async () => {
      const bed = new Bed(await open());
      const c = planned('c', { after: ['b'] });
      await bed.submit([planned('a'), planned('b', { after: ['x'] }), planned('x'), c]);
      await bed.end((await bed.claim(1))[0]!, FAILED);
      // c is not named again, so that only the rows can tell what becomes of it.
      await bed.submit([planned('a'), planned('b', { after: ['a'] })]);
      expect(await bed.states()).toEqual({ a: 'failed', b: 'skipped', c: 'skipped', x: 'queued' });
    });

    test('whose changed "after" frees a dispatch makes it wait no longer, for the old need or the new', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('x'), planned('b', { after: ['a'] })]);
      await bed.submit([planned('a'), planned('x'), planned('b', { after: ['x'] })]);
      const [a, x] = await bed.claim();
      await bed.end(a!, FAILED);
      expect(await bed.states()).toMatchObject({ b: 'parked dependency' });
      await bed.end(x!);
      expect(await bed.states()).toMatchObject({ b: 'queued' });
    });

    test('from inside an attempt adds its children, and only those of an attempt that there is', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('parent'), planned('other')]);
      await bed.claim(1);
      const parent = { dispatch: 'd1', fence: 1 };
      const sub = { name: 'sub', parent };
      await bed.submit([planned('child')], sub);
      await bed.submit([planned('stray')], { name: 'sub', parent: { ...parent, fence: 2 } });
      await bed.submit([planned('other')], { parent });
      const parents = await Promise.all(
        ['child', 'stray', 'other'].map(
          async (name) => (await bed.row(name, name === 'other' ? 'nightly' : 'sub')).parent,
        ),
      );
      expect(parents).toEqual([parent, null, null]);
      const children = await bed.ledger.dispatches({ parent });
      expect(children.map(({ dispatch }) => dispatch.name)).toEqual(['child']);
    });

    test('by a new attempt takes over the children of the one before it, ended ones too', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('parent')]);
      const [first] = await bed.claim(1);
      await bed.run(first!);
      const plans = [planned('open'), planned('ended')];
      await bed.submit(plans, { name: 'sub', parent: { dispatch: 'd1', fence: 1 } });
      await bed.change(
        await bed.live('parent'),
        { kind: 'queued', since: 1 },
        { attemptEnd: STALLED },
      );
      await bed.claim(1);
      const parent = { dispatch: 'd1', fence: 2 };
      const ended = await bed.claim(2);
      await bed.end(ended.find(({ dispatch }) => dispatch.name === 'ended')!);
      await bed.submit(plans, { name: 'sub', parent });
      expect((await bed.row('open', 'sub')).parent).toEqual(parent);
      // Whoever names it again may have it run again, and then waits for it.
      expect((await bed.row('ended', 'sub')).parent).toEqual(parent);
    });
  });
}
