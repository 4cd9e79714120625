// Owns the tests of the small commands on a real herd: add, wait, logs, pause, resume, and the exit codes of all.
import { describe, expect, test } from 'vitest';
import { withHerd } from './harness/herd.ts';
import { isAlive } from './harness/process-list.ts';
import { oneAfterTheOther } from './harness/two.ts';
import { until } from './harness/until.ts';

describe.concurrent('add', () => {
  test(
    'prints an id, leaves a supervisor that ends when idle, and wait answers with the exit code',
    withHerd(async (herd) => {
      const good = (
        await herd.ok(['add', '--', 'sh', '-c', 'echo out; echo err >&2'])
      ).stdout.trim();
      const bad = (
        await herd.ok(['add', '--name', 'bad', '--', 'sh', '-c', 'exit 9'])
      ).stdout.trim();
      expect(good).toMatch(/^[a-z0-9]{8}$/);
      expect(await herd.drover(['wait', good])).toMatchObject({ code: 0 });
      expect(await herd.drover(['wait', 'adhoc/bad'])).toMatchObject({ code: 1 });
      // An id prefix that fits one dispatch only is as good as the id.
      expect(await herd.row('bad')).toMatchObject({ id: bad, campaign: 'adhoc', exitCode: 9 });
      expect((await herd.ok(['logs', good])).stdout).toBe('out\n');
      expect((await herd.ok(['logs', good, '--stderr'])).stdout).toBe('err\n');
      await herd.untilUnsupervised();
    }),
  );

  test(
    'of many at once starts each once, whoever becomes the supervisor',
    withHerd(async (herd) => {
      const names = Array.from({ length: 6 }, (_, index) => `d${index}`);
      const adds = names.map((name) =>
        herd.start(['add', '--name', name, '--', ...herd.recorder(name)]),
      );
      for (const add of adds) expect(await add.ended).toMatchObject({ code: 0 });
      expect(await herd.drover(['wait', 'adhoc'])).toMatchObject({ code: 0 });
      const begun = herd.journal().filter(({ word }) => word === 'begin');
      expect(begun.map(({ name }) => name).toSorted()).toEqual(names);
    }),
  );

  test(
    'takes its place in the middle of a death: a killed supervisor is replaced by the next add',
    withHerd(async (herd) => {
      const first = (await herd.ok(['add', '--name', 'a', '--', ...herd.gated('a')])).stdout.trim();
      const agent = await herd.untilBegun('a');
      const [supervisor] = herd.supervisors();
      process.kill(supervisor!.pid, 'SIGKILL');
      await herd.untilUnsupervised();
      await herd.ok(['add', '--name', 'b', '--', ...herd.recorder('b')]);
      await herd.untilBegun('b');
      expect(isAlive(agent)).toBe(true);
      herd.open('a');
      expect(await herd.drover(['wait', first])).toMatchObject({ code: 0 });
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );
});

describe.concurrent('wait', () => {
  test(
    'replaces a supervisor that was killed, and gives up after its timeout with 1',
    withHerd(async (herd) => {
      await herd.ok(['add', '--name', 'a', '--', ...herd.gated('a', { code: 6 })]);
      await herd.untilBegun('a');
      const impatient = await herd.drover(['wait', 'adhoc/a', '--timeout', '100ms']);
      expect(impatient).toMatchObject({ code: 1 });
      expect(impatient.stderr).toContain('still running');
      const wait = herd.start(['wait', 'adhoc/a']);
      const [supervisor] = herd.supervisors().filter(({ pid }) => pid !== wait.pid);
      process.kill(supervisor!.pid, 'SIGKILL');
      await until('it has started another one', () => wait.stderr().includes('started one'));
      herd.open('a');
      expect(await wait.ended).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'failed', exitCode: 6, attempt: 1 });
    }),
  );

  test(
    'says 130 when it is interrupted, and the dispatch goes on',
    withHerd(async (herd) => {
      await herd.ok(['add', '--name', 'a', '--', ...herd.gated('a')]);
      const agent = await herd.untilBegun('a');
      const wait = herd.start(['wait', 'adhoc/a']);
      // Only who follows replaces a supervisor: then it listens.
      const [supervisor] = herd.supervisors().filter(({ pid }) => pid !== wait.pid);
      process.kill(supervisor!.pid, 'SIGKILL');
      await until('it has started another one', () => wait.stderr().includes('started one'));
      wait.kill('SIGINT');
      expect(await wait.ended).toMatchObject({ code: 130 });
      expect(isAlive(agent)).toBe(true);
      herd.open('a');
      await herd.ok(['wait', 'adhoc/a']);
    }),
  );
});

describe.concurrent('logs', () => {
  test(
    '-f shows output as it comes, across attempts, and ends with the dispatch',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'logs',
        dispatches: [
          {
            name: 'a',
            run: `echo attempt $DROVER_ATTEMPT; ${herd.gated('a').join(' ')}; test $DROVER_ATTEMPT = 2`,
            retries: { agent: 1 },
          },
        ],
      });
      await herd.ok(['run', file, '--detach']);
      const logs = herd.start(['logs', 'logs/a', '-f']);
      await until('the first line is shown', () => logs.stdout() === 'attempt 1\n');
      herd.open('a');
      expect(await logs.ended).toMatchObject({ code: 0, stdout: 'attempt 1\nattempt 2\n' });
      expect((await herd.ok(['logs', 'logs/a', '--attempt', '1'])).stdout).toBe('attempt 1\n');
      expect(await herd.drover(['logs', 'logs/a', '--attempt', '3'])).toMatchObject({ code: 5 });
    }),
  );
});

describe.concurrent('pause and resume', () => {
  test(
    'a paused pool starts nothing new, what runs goes on, and resume lets it go',
    withHerd(async (herd) => {
      const run = herd.start(['run', oneAfterTheOther(herd, 'pause')]);
      const agent = await herd.untilBegun('a');
      await herd.ok(['pause', 'one']);
      expect(isAlive(agent)).toBe(true);
      expect(await herd.pools()).toContainEqual(
        expect.objectContaining({ name: 'one', paused: true, source: 'person', used: 1 }),
      );
      herd.open('a');
      await herd.untilState('a', 'ended');
      // The slot is free and `b` is queued: a claim that did not mind the pause came with the end of `a`.
      expect(await herd.row('b')).toMatchObject({ state: 'queued', attempt: 0 });
      expect(await herd.pools()).toContainEqual(expect.objectContaining({ name: 'one', used: 0 }));
      expect(run.isEnded()).toBe(false);
      await herd.ok(['resume', 'one']);
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(herd.begun('b')).toHaveLength(1);
    }),
  );
});

describe.concurrent('exit codes', () => {
  test(
    '2 for wrong usage, 5 for what is not there, with the way out on standard error',
    withHerd(async (herd) => {
      await herd.ok(['add', '--name', 'a', '--', 'true']);
      await herd.ok(['wait', 'adhoc']);
      const wrong = [
        ['frobnicate'],
        ['run'],
        ['ps', '--no-such-option'],
        ['stop'],
        ['stop', 'adhoc/a', '--all'],
        ['stop', 'adhoc/a', '--grace', '10'],
        ['wait', 'adhoc/a', '--timeout', 'soon'],
        ['extend', 'adhoc/a', '5'],
        ['retry', '--campaign', 'adhoc'],
        ['logs', 'adhoc/a', '--attempt', '0'],
        ['up', '--containment', 'wishful'],
      ];
      for (const words of wrong) {
        const { code, stderr, stdout } = await herd.drover(words);
        expect({ words, code, stdout }).toEqual({ words, code: 2, stdout: '' });
        expect(stderr).toMatch(/^drover: /);
      }
      const absent = [
        ['show', 'nobody'],
        ['why', 'adhoc/nobody'],
        ['logs', 'nobody'],
        ['stop', 'nobody'],
        ['stop', '--campaign', 'nobody'],
        ['retry', 'nobody'],
        ['wait', 'nobody'],
        ['pause', 'nobody'],
        ['events', '--dispatch', 'nobody'],
      ];
      for (const words of absent) {
        const { code, stderr } = await herd.drover(words);
        expect({ words, code }).toEqual({ words, code: 5 });
        expect(stderr).toMatch(/there is no/);
      }
      const json = await herd.drover(['show', 'nobody', '--json']);
      expect(json).toMatchObject({ code: 5, stdout: '' });
      expect(json.stderr).toContain('"code":"NOT_FOUND"');
    }),
  );

  test(
    '3 for what was cancelled; failures weigh more, and stop of something ended is no failure',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'codes',
        dispatches: [
          { name: 'a', run: herd.gated('a') },
          { name: 'b', run: herd.recorder('b') },
        ],
      });
      const run = herd.start(['run', file]);
      await herd.untilBegun('a');
      await herd.ok(['stop', 'codes/a']);
      expect(await run.ended).toMatchObject({ code: 3 });
      expect(await herd.drover(['wait', 'codes'])).toMatchObject({ code: 3 });
      expect(await herd.drover(['wait', 'codes/b'])).toMatchObject({ code: 0 });
      await herd.ok(['stop', 'codes/a']);
    }),
  );
});

describe.concurrent('ps for people', () => {
  test(
    'shows who holds a slot first, then as many as a person can take in, and says how many more wait',
    withHerd(async (herd) => {
      const many = Array.from({ length: 150 }, (_, n) => ({ name: `n${n}`, run: ['true'] }));
      const last = { name: 'last', run: herd.gated('last'), priority: 1 };
      await herd.ok([
        'run',
        herd.campaign({
          campaign: 'one',
          pools: { p: { slots: 1 } },
          defaults: { pool: 'p' },
          dispatches: [...many, last],
        }),
        '--detach',
      ]);
      await herd.untilBegun('last');
      await herd.untilState('last', 'running');
      const { stdout, stderr } = await herd.ok(['ps']);
      const rows = stdout.trim().split('\n').slice(1);
      expect(rows).toHaveLength(100);
      expect(rows[0]).toContain('one/last');
      expect(rows[1]).toContain('one/n0');
      expect(stderr).toContain('51 more wait: --all shows them');
      const all = await herd.ok(['ps', '--all']);
      expect(all.stdout.trim().split('\n')).toHaveLength(152);
      expect(await herd.json<unknown[]>(['ps'])).toHaveLength(151);
      await herd.ok(['stop', '--all']);
    }),
  );
});
