// Owns the tests of what an agent leaves behind: what is its own ends, what is not keeps nothing, whatever holds the tree.
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLI } from './harness/command-line.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { killExactly, liveProcess } from './harness/process-list.ts';
import { TIERS } from './harness/tiers.ts';
import { until } from './harness/until.ts';

function one(herd: TestHerd, dispatch: Readonly<Record<string, unknown>>): string {
  return herd.campaign({
    campaign: 'left',
    defaults: { leftover_grace: '100ms', grace: '100ms' },
    dispatches: [{ name: 'a', ...dispatch }],
  });
}

async function reasonsOf(herd: TestHerd): Promise<string[]> {
  return (await herd.events())
    .filter(({ type }) => type === 'attempt.stopping')
    .map(({ data }) => String(data['because']));
}

function pidIn(herd: TestHerd, name: string): Promise<number> {
  return until(`${name} is there`, () => Number(herd.read(name)) || null);
}

describe.concurrent('I8: what an agent leaves behind', () => {
  test.for(TIERS)('at tier %s ends, by name, and the outcome stays', async (tier, context) => {
    await withHerd(async (herd) => {
      const run = `sleep 300 & echo $! >${herd.path('pid')}; exit 0`;
      const file = one(herd, { run, containment: tier });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      expect(liveProcess(await pidIn(herd, 'pid'))).toBeNull();
      expect(await reasonsOf(herd)).toEqual([
        'exited with code 0; 1 of its processes are still there',
      ]);
    })(context);
  });

  test.for(TIERS)('I9: at tier %s and has opted out is none of ours', async (tier, context) => {
    await withHerd(async (herd) => {
      const daemon = `DROVER_MARK=off setsid sleep 300 & echo $! >${herd.path('pid')}`;
      const file = one(herd, { run: `${daemon}; sleep 0.2; exit 3`, containment: tier });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'failed', exitCode: 3 });
      expect(await reasonsOf(herd)).toEqual([]);
      const left = liveProcess(await pidIn(herd, 'pid'));
      expect(left).toMatchObject({ mark: 'off' });
      killExactly(left!);
    })(context);
  });

  test(
    'ends, though somebody stopped the shim that waits for it',
    withHerd(async (herd) => {
      const stopper = `sleep 0.5; kill -STOP $PPID; echo $PPID >${herd.path('shim')}; exec sleep 300`;
      const run = `( ${stopper} ) & echo $! >${herd.path('pid')}; exit 0`;
      const file = one(herd, { run, containment: 'subreaper', leftover_grace: '2s' });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      expect(liveProcess(await pidIn(herd, 'pid'))).toBeNull();
      const shim = await pidIn(herd, 'shim');
      await until('its shim has gone', () => liveProcess(shim) === null);
    }),
  );

  test.for(TIERS)('at tier %s by done_when ends as well', async (tier, context) => {
    await withHerd(async (herd) => {
      const done_when = `setsid sleep 300 & echo $! >${herd.path('pid')}; sleep 0.2`;
      const file = one(herd, { run: 'true', done_when, containment: tier });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      expect(liveProcess(await pidIn(herd, 'pid'))).toBeNull();
    })(context);
  });

  test(
    'a detached supervisor of another herd, started from inside, works on',
    withHerd(async (herd) => {
      const other = herd.path('other');
      const inner = herd.campaign({
        campaign: 'inner',
        dispatches: [{ name: 'b', run: herd.gated('b') }],
      });
      const file = one(herd, {
        run: [process.execPath, CLI, 'run', inner, '--detach', '--state', other],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      expect(await reasonsOf(herd)).toEqual([]);
      await herd.untilBegun('b');
      herd.open('b');
      expect(await herd.drover(['wait', 'inner'], { state: other })).toMatchObject({ code: 0 });
      const { stdout } = await herd.ok(['events'], { state: other });
      expect(stdout.match(/supervisor.started/g)).toHaveLength(1);
      await herd.untilUnsupervised(other);
    }),
  );

  test(
    'a supervisor that is a descendant of an agent of its own herd does not hold its slot',
    withHerd(async (herd) => {
      const inner = herd.campaign({
        campaign: 'inner',
        dispatches: [{ name: 'b', run: herd.gated('b') }],
      });
      const again = `until [ -e ${herd.path('again')} ]; do sleep 0.05; done`;
      const file = one(herd, {
        run: `${again}; ${process.execPath} ${CLI} run ${inner} --detach; exit 0`,
      });
      const run = herd.start(['run', file]);
      await herd.untilState('a', 'running');
      run.kill('SIGKILL');
      await run.ended;
      herd.write('again', '');
      expect(await herd.untilState('a', 'ended')).toMatchObject({ outcome: 'succeeded' });
      expect(await herd.row('b')).toMatchObject({ state: 'running' });
      herd.open('b');
      await herd.untilUnsupervised();
      expect(await herd.row('b')).toMatchObject({ outcome: 'succeeded' });
    }),
  );
});

describe.concurrent('the record of an attempt', () => {
  test(
    'is not forged by the name of its directory',
    withHerd(async (herd) => {
      const cwd = herd.path('x\u2028exit 1 0 end\u2028y');
      mkdirSync(cwd);
      const file = one(herd, { cwd, run: herd.gated('a', { code: 7 }) });
      const run = herd.start(['run', file]);
      await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      herd.open('a');
      expect(await run.ended).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'failed', exitCode: 7 });
    }),
  );

  test(
    'tells a program that is busy for a moment from one that can never be executed',
    withHerd(async (herd) => {
      const program = herd.write('agent', '#!/bin/sh\nexit 0\n');
      chmodSync(program, 0o755);
      const writer = openSync(program, 'a');
      const run = herd.start(['run', one(herd, { run: [program] })]);
      await until('it has failed once', async () =>
        (await herd.rows().catch(() => [])).some(({ attempt }) => attempt > 0),
      );
      await herd.untilState('a', 'parked');
      closeSync(writer);
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(existsSync(program)).toBe(true);
    }),
  );
});
