// Owns the tests of exactness under crowds: many who want the same slot, many who want to be the supervisor.
import { describe, expect, test } from 'vitest';
import { shellQuote } from '../../src/cli/context.ts';
import { CLI } from './harness/command-line.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { mostAtOnce } from './harness/journal.ts';
import { until } from './harness/until.ts';

const DROVER = `${shellQuote(process.execPath)} ${shellQuote(CLI)}`;

const CROWD = 5;

/** Campaigns that share one pool with one slot. */
function crowd(herd: TestHerd, dispatchesEach: number): string[] {
  return Array.from({ length: CROWD }, (_, crowded) =>
    herd.campaign({
      campaign: `c${crowded}`,
      pools: { narrow: { slots: 1 } },
      defaults: { pool: 'narrow' },
      dispatches: Array.from({ length: dispatchesEach }, (__, index) => ({
        name: `d${crowded}-${index}`,
        run: herd.recorder(`d${crowded}-${index}`, { seconds: 0.05 }),
      })),
    }),
  );
}

describe.concurrent('many at once', () => {
  test(
    '5. I11: five campaigns run at once on one slot: never two agents at a time, each dispatch once',
    withHerd(async (herd) => {
      const runs = crowd(herd, 4).map((file) => herd.start(['run', file]));
      for (const run of runs) expect(await run.ended).toMatchObject({ code: 0 });
      const journal = herd.journal();
      expect(mostAtOnce(journal)).toBe(1);
      const begun = journal.filter(({ word }) => word === 'begin').map(({ name }) => name);
      expect(begun).toHaveLength(CROWD * 4);
      expect(new Set(begun).size).toBe(CROWD * 4);
      expect((await herd.rows()).every(({ outcome }) => outcome === 'succeeded')).toBe(true);
      expect(await herd.pools()).toContainEqual(
        expect.objectContaining({ name: 'narrow', slots: 1, used: 0 }),
      );
    }),
  );

  test(
    '5. I11: a cap of three is used in full and never exceeded',
    withHerd(async (herd) => {
      const names = Array.from({ length: 12 }, (_, index) => `d${index}`);
      const file = herd.campaign({
        campaign: 'three',
        pools: { work: { slots: 3 } },
        defaults: { pool: 'work' },
        dispatches: names.map((name) => ({ name, run: herd.gated(name) })),
      });
      const run = herd.start(['run', file]);
      for (const [index, name] of names.entries()) {
        await herd.untilBegun(name);
        // All that fits has begun before the first is let go.
        if (index === 2) for (const gate of names) herd.open(gate);
      }
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(mostAtOnce(herd.journal())).toBe(3);
    }),
  );

  test(
    'I11: who waits on the only slot for what it has added gets that one slot more, two levels deep',
    withHerd(async (herd) => {
      const nest = (name: string, command: readonly string[]) =>
        `${DROVER} wait $(${DROVER} add --name ${name} --pool one -- ${command.map(shellQuote).join(' ')})`;
      const child = ['sh', '-c', nest('grandchild', herd.recorder('grandchild'))];
      const file = herd.campaign({
        campaign: 'nested',
        pools: { one: { slots: 1 } },
        dispatches: [{ name: 'parent', pool: 'one', run: nest('child', child) }],
      });
      expect(await herd.start(['run', file]).ended).toMatchObject({ code: 0 });
      expect(herd.begun('grandchild')).toHaveLength(1);
      const given = (await herd.events()).filter(({ data }) => data['beyondCap'] === true);
      expect(given).toHaveLength(2);
    }),
  );

  test(
    '16. five times up at once: one supervisor, and the others say who',
    withHerd(async (herd) => {
      const ups = Array.from({ length: CROWD }, () => herd.start(['up']));
      const losers = await until('four have given up', () => {
        const ended = ups.filter((up) => up.isEnded());
        return ended.length === CROWD - 1 ? ended : null;
      });
      for (const loser of losers) {
        const { code, stderr } = await loser.ended;
        expect({ code, stderr }).toMatchObject({ code: 1 });
        expect(stderr).toMatch(/a supervisor is running already/);
      }
      const winner = ups.find((up) => !up.isEnded())!;
      await until('the winner is known', async () => (await herd.doctor()).supervisor.pid !== null);
      expect((await herd.doctor()).supervisor).toMatchObject({ alive: true, pid: winner.pid });
      expect(herd.supervisors()).toHaveLength(1);
      await herd.ok(['down']);
      expect(await winner.ended).toMatchObject({ code: 0 });
    }),
  );

  test(
    '16. five times up --detach at once: one supervisor',
    withHerd(async (herd) => {
      const ups = Array.from({ length: CROWD }, () => herd.start(['up', '--detach']));
      for (const up of ups) expect(await up.ended).toMatchObject({ code: 0 });
      await until('the others have ended', () => herd.supervisors().length === 1);
      await herd.ok(['down']);
    }),
  );

  test(
    '16. the same campaign run five times at once: one supervisor, every agent once, one answer for all',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'same',
        dispatches: ['a', 'b', 'c', 'd'].map((name) => ({
          name,
          run: herd.recorder(name, { seconds: 0.1 }),
        })),
      });
      const runs = Array.from({ length: CROWD }, () => herd.start(['run', file]));
      for (const run of runs) expect(await run.ended).toMatchObject({ code: 0 });
      for (const name of ['a', 'b', 'c', 'd']) expect(herd.begun(name)).toHaveLength(1);
      expect(mostAtOnce(herd.journal())).toBeLessThanOrEqual(2);
      await herd.untilUnsupervised();
      const places = (await herd.events())
        .map(({ type }) => type)
        .filter((type) => type.startsWith('supervisor.'));
      // Nobody began before the one before had ended.
      expect(places).toEqual(
        places.map((_, index) => (index % 2 === 0 ? 'supervisor.started' : 'supervisor.stopped')),
      );
      expect(places.length).toBeGreaterThanOrEqual(2);
    }),
  );
});
