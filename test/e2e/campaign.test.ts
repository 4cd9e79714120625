// Owns the tests of campaigns as their owners use them: order, failures, retries, environment.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withHerd } from './harness/herd.ts';

describe.concurrent('order', () => {
  test(
    'higher priority first, then older first, and what comes after something waits for it',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'order',
        pools: { one: { slots: 1 } },
        defaults: { pool: 'one' },
        dispatches: [
          { name: 'last', run: herd.recorder('last'), after: ['second', 'third'] },
          { name: 'second', run: herd.recorder('second') },
          { name: 'third', run: herd.recorder('third') },
          { name: 'fourth', run: herd.recorder('fourth'), priority: -1 },
          { name: 'first', run: herd.recorder('first'), priority: 5 },
        ],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      const begun = herd.journal().filter(({ word }) => word === 'begin');
      expect(begun.map(({ name }) => name)).toEqual(['first', 'second', 'third', 'last', 'fourth']);
    }),
  );

  test(
    'a change of priority between two runs of the file counts',
    withHerd(async (herd) => {
      const plan = (priority: number) => ({
        campaign: 'shuffle',
        pools: { one: { slots: 1 } },
        defaults: { pool: 'one' },
        dispatches: [
          { name: 'gate', run: herd.gated('gate'), priority: 9 },
          { name: 'a', run: herd.recorder('a') },
          { name: 'b', run: herd.recorder('b'), priority },
        ],
      });
      await herd.ok(['run', herd.campaign(plan(-1)), '--detach']);
      await herd.untilBegun('gate');
      await herd.ok(['run', herd.campaign(plan(3)), '--detach']);
      herd.open('gate');
      await herd.ok(['wait', 'shuffle']);
      const begun = herd.journal().filter(({ word }) => word === 'begin');
      expect(begun.map(({ name }) => name)).toEqual(['gate', 'b', 'a']);
    }),
  );
});

describe.concurrent('a failure', () => {
  test(
    'skips what comes after it, however far, and nothing else; a retry brings them back',
    withHerd(async (herd) => {
      const fixed = herd.path('fixed');
      const file = herd.campaign({
        campaign: 'chain',
        dispatches: [
          { name: 'a', run: `${herd.recorder('a').join(' ')}; test -f ${fixed}` },
          { name: 'b', run: herd.recorder('b'), after: ['a'] },
          { name: 'c', run: herd.recorder('c'), after: ['b'] },
          { name: 'free', run: herd.recorder('free') },
        ],
      });
      const run = await herd.drover(['run', file]);
      expect(run).toMatchObject({ code: 1 });
      expect(run.stdout).toContain(`drover run ${file} --retry-failed --state ${herd.state}`);
      const outcomes = async () =>
        Object.fromEntries((await herd.rows()).map(({ name, outcome }) => [name, outcome]));
      expect(await outcomes()).toEqual({
        a: 'failed',
        b: 'skipped',
        c: 'skipped',
        free: 'succeeded',
      });

      // What is skipped cannot be retried alone: it would wait for what has failed.
      const alone = await herd.drover(['retry', 'chain/c']);
      expect(alone).toMatchObject({ code: 1 });
      expect(alone.stderr).toContain('retry what it comes after with it');

      herd.write('fixed', '');
      await herd.ok(['retry', 'chain/a']);
      await herd.ok(['wait', 'chain']);
      expect(await outcomes()).toEqual({
        a: 'succeeded',
        b: 'succeeded',
        c: 'succeeded',
        free: 'succeeded',
      });
      expect(herd.begun('a')).toHaveLength(2);
      expect(herd.begun('free')).toHaveLength(1);
      expect(await herd.attempts('chain/a')).toMatchObject([
        { outcome: 'failed' },
        { outcome: 'succeeded' },
      ]);
    }),
  );

  test(
    'with on_failure halt starts nothing new; what runs goes on; run --retry-failed takes it up again',
    withHerd(async (herd) => {
      const fixed = herd.path('fixed');
      const file = herd.campaign({
        campaign: 'halt',
        on_failure: 'halt',
        dispatches: [
          { name: 'long', run: herd.gated('long'), priority: 2 },
          { name: 'bad', run: `${herd.recorder('bad').join(' ')}; test -f ${fixed}`, priority: 1 },
          { name: 'next', run: herd.recorder('next') },
        ],
      });
      const run = herd.start(['run', file]);
      await herd.untilBegun('long');
      await herd.untilState('bad', 'ended');
      herd.open('long');
      const halted = await run.ended;
      expect(halted).toMatchObject({ code: 1 });
      expect(halted.stdout).toContain('halt');
      expect(await herd.row('long')).toMatchObject({ outcome: 'succeeded' });
      expect(await herd.row('next')).toMatchObject({ state: 'queued', attempt: 0 });
      // Without a change the answer is the same, and nothing is started for it.
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(herd.begun('bad')).toHaveLength(1);

      herd.write('fixed', '');
      expect(await herd.drover(['run', file, '--retry-failed'])).toMatchObject({ code: 0 });
      expect(herd.begun('bad')).toHaveLength(2);
      expect(herd.begun('next')).toHaveLength(1);
    }),
  );

  test(
    'I14, I16: of class agent is retried as often as the campaign says, and the budget is never refilled',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'budget',
        dispatches: [{ name: 'a', run: herd.recorder('a', { code: 1 }), retries: { agent: 1 } }],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(herd.begun('a')).toHaveLength(2);
      await herd.ok(['retry', 'budget/a']);
      expect(await herd.drover(['wait', 'budget'])).toMatchObject({ code: 1 });
      expect(herd.begun('a')).toHaveLength(3);
    }),
  );
});

describe.concurrent('what cannot be started', () => {
  test(
    'is refused with the reason, and the campaign goes on',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'refused',
        dispatches: [
          { name: 'program', run: ['no-such-program-anywhere'] },
          { name: 'variable', run: herd.recorder('variable'), env_from: ['E2E_MISSING'] },
          { name: 'directory', run: herd.recorder('directory'), cwd: './gone' },
          { name: 'fine', run: herd.recorder('fine') },
        ],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      const because = Object.fromEntries((await herd.rows()).map((row) => [row.name, row.because]));
      expect(because['program']).toContain('no-such-program-anywhere');
      expect(because['variable']).toContain('E2E_MISSING');
      expect(because['directory']).toContain('gone');
      for (const name of ['program', 'variable', 'directory']) {
        expect(await herd.row(name)).toMatchObject({ state: 'ended', outcome: 'refused' });
      }
      expect(herd.journal().map(({ name }) => name)).toEqual(['fine', 'fine']);

      // With the variable in the supervisor's environment the same dispatch runs; its value is stored nowhere.
      const env = { E2E_MISSING: 'not-a-secret-but-treated-as-one' };
      await herd.drover(['run', file, '--retry-failed'], { env });
      expect(await herd.row('variable')).toMatchObject({ outcome: 'succeeded' });
      for (const name of ['ledger.db', 'ledger.db-wal']) {
        expect(readIfThere(`${herd.state}/${name}`)).not.toContain(env.E2E_MISSING);
      }
    }),
  );
});

describe.concurrent('variables and environment', () => {
  test(
    '--var fills in; a variable that is missing is an error at its place',
    withHerd(async (herd) => {
      const file = herd.write(
        'vars.yaml',
        'campaign: vars\ndispatches:\n  - name: a\n    run: [echo, "${{ vars.WHAT }} from $HOME"]\n',
      );
      const missing = await herd.drover(['run', file]);
      expect(missing).toMatchObject({ code: 2 });
      expect(missing.stderr).toMatch(/vars\.yaml:4:\d+: .*WHAT/);
      await herd.ok(['run', file, '--var', 'WHAT=hello']);
      expect((await herd.ok(['logs', 'vars/a'])).stdout).toBe('hello from $HOME\n');
    }),
  );

  test(
    'an agent gets its own variables and those of its attempt, and no other of the supervisor',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'env',
        dispatches: [{ name: 'a', run: ['env'], env: { OWN: 'own' }, env_from: ['PASSED'] }],
      });
      await herd.ok(['run', file], { env: { PASSED: 'passed', SECRET_OF_THE_SHELL: 'x' } });
      const { id } = await herd.row('a');
      const { stdout } = await herd.ok(['logs', 'env/a']);
      const lines = stdout.trim().split('\n');
      expect(lines).toEqual(expect.arrayContaining(['OWN=own', 'PASSED=passed']));
      expect(lines).toEqual(
        expect.arrayContaining([
          `DROVER_DISPATCH=${id}`,
          'DROVER_ATTEMPT=1',
          `DROVER_STATE_DIR=${herd.state}`,
        ]),
      );
      expect(stdout).not.toContain('SECRET_OF_THE_SHELL');
    }),
  );
});

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
