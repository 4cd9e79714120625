// Owns the tests of running a campaign file again: resumed, added to, changed, answered, or wrong.
import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withHerd } from './harness/herd.ts';
import { until } from './harness/until.ts';

describe.concurrent('running a file again', () => {
  test(
    'adds what is new, updates what has not started, refuses a change to what has',
    withHerd(async (herd) => {
      const plan = (runOfA: string[], runOfB: string[], more: object[] = []) => ({
        campaign: 'again',
        pools: { one: { slots: 1 } },
        defaults: { pool: 'one' },
        dispatches: [{ name: 'a', run: runOfA, priority: 1 }, { name: 'b', run: runOfB }, ...more],
      });
      const wrong = herd.recorder('wrong');
      const file = herd.campaign(plan(herd.gated('a'), wrong));
      await herd.ok(['run', file, '--detach']);
      await herd.untilBegun('a');

      herd.campaign(plan(herd.recorder('other'), wrong));
      const refused = await herd.drover(['run', file]);
      expect(refused).toMatchObject({ code: 2 });
      expect(refused.stderr).toMatch(/again changes a dispatch that has started: a \(run\)/);

      herd.campaign(
        plan(herd.gated('a'), herd.recorder('b'), [{ name: 'c', run: herd.recorder('c') }]),
      );
      const run = herd.start(['run', file]);
      await until('it is submitted', async () => (await herd.rows()).length === 3);
      herd.open('a');
      expect(await run.ended).toMatchObject({ code: 0 });
      const begun = herd.journal().filter(({ word }) => word === 'begin');
      expect(begun.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    }),
  );

  test(
    'I13: that has ended answers from the ledger: nothing is started, not even a supervisor',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'done',
        dispatches: [{ name: 'a', run: herd.recorder('a') }],
      });
      await herd.ok(['run', file]);
      const before = (await herd.events()).filter(
        ({ type }) => type === 'supervisor.started',
      ).length;
      await herd.ok(['run', file]);
      const after = (await herd.events()).filter(
        ({ type }) => type === 'supervisor.started',
      ).length;
      expect(after).toBe(before);
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );

  test(
    'with a file that is wrong, gone or empty: exit 2, every problem at its place, nothing started',
    withHerd(async (herd) => {
      const file = herd.write(
        'wrong.yaml',
        'campaign: wrong\ndispatches:\n  - name: a\n    runn: true\n  - name: b\n    run: x\n    after: [nobody]\n  - {name: b, run: y, deadline: 5}\n',
      );
      for (const command of [
        ['run', file],
        ['validate', file],
      ]) {
        const { code, stderr } = await herd.drover(command);
        expect({ code, stderr }).toMatchObject({ code: 2 });
        expect(stderr).toMatch(/wrong\.yaml:4:\d+: .*runn/);
        expect(stderr).toMatch(/did you mean/i);
        expect(stderr).toMatch(/wrong\.yaml:7:\d+: .*nobody/);
        expect(stderr).toMatch(/wrong\.yaml:8:\d+: /);
      }
      rmSync(file);
      expect(await herd.drover(['run', file])).toMatchObject({ code: 2 });
      expect(await herd.drover(['run', herd.write('empty.yaml', '')])).toMatchObject({ code: 2 });
      expect(await herd.drover(['ps'])).toMatchObject({ code: 0, stdout: '' });
    }),
  );
});
