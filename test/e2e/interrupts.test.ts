// Owns the tests of what reaches a `run` or a supervisor from outside: Ctrl-C, SIGTERM, a lost reader, `down`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { CLI, type RunningCommand } from './harness/command-line.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';
import type { JournalLine } from './harness/journal.ts';
import { isAlive } from './harness/process-list.ts';
import { until } from './harness/until.ts';

function plan(herd: TestHerd): string {
  return herd.campaign({
    campaign: 'c',
    pools: { one: { slots: 1 } },
    defaults: { pool: 'one', grace: '100ms' },
    dispatches: [
      { name: 'a', run: herd.gated('a') },
      { name: 'b', run: herd.recorder('b'), after: ['a'] },
    ],
  });
}

async function startRun(herd: TestHerd): Promise<{ run: RunningCommand; agent: JournalLine }> {
  const run = herd.start(['run', plan(herd)]);
  const agent = await herd.untilBegun('a');
  await herd.untilState('a', 'running');
  return { run, agent };
}

async function untilAlone(herd: TestHerd, agent: JournalLine): Promise<void> {
  await herd.untilUnsupervised();
  expect(isAlive(agent)).toBe(true);
}

describe.concurrent('the first Ctrl-C', () => {
  test(
    'stops following with 130: the agent goes on, a supervisor takes over, and the message names both ways on',
    withHerd(async (herd) => {
      const { run, agent } = await startRun(herd);
      run.kill('SIGINT');
      const { code, stdout } = await run.ended;
      expect({ code, stdout }).toMatchObject({ code: 130 });
      expect(stdout).toContain('agents go on');
      expect(stdout).toContain(`run ${herd.path('c.yaml')} --state ${herd.state}`);
      expect(stdout).toContain(`stop --campaign c --state ${herd.state}`);
      expect(isAlive(agent)).toBe(true);
      expect(herd.supervisors()).toHaveLength(1);
      herd.open('a');
      await herd.untilBegun('b');
      await herd.ok(['wait', 'c']);
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );
});

describe.concurrent('the second Ctrl-C', () => {
  test(
    'stops the campaign with 3: nothing of it is left, nothing of it starts again',
    withHerd(async (herd) => {
      const { run } = await startRun(herd);
      run.kill('SIGINT');
      await until('the first was heard', () => run.stdout().includes('Ctrl-C again'));
      run.kill('SIGINT');
      expect(await run.ended).toMatchObject({ code: 3 });
      expect(herd.marked()).toEqual([]);
      await herd.untilUnsupervised();
      expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'cancelled' });
      expect((await herd.row('b')).state).toBe('ended');
      expect(herd.begun('b')).toEqual([]);
    }),
  );

  test(
    'leaves other campaigns alone, and a supervisor with them',
    withHerd(async (herd) => {
      const { run } = await startRun(herd);
      await herd.ok(['add', '--name', 'other', '--', ...herd.gated('other')]);
      const other = await herd.untilBegun('other');
      run.kill('SIGINT');
      await until('the first was heard', () => run.stdout().includes('Ctrl-C again'));
      run.kill('SIGINT');
      expect(await run.ended).toMatchObject({ code: 3 });
      expect(isAlive(other)).toBe(true);
      expect((await herd.doctor()).supervisor.alive).toBe(true);
      herd.open('other');
      await herd.ok(['wait', 'adhoc/other']);
    }),
  );
});

describe.concurrent('SIGTERM', () => {
  test(
    'to run: ends at once with 143, nobody takes its place, the agent goes on',
    withHerd(async (herd) => {
      const { run, agent } = await startRun(herd);
      run.kill('SIGTERM');
      expect(await run.ended).toMatchObject({ code: 143 });
      await untilAlone(herd, agent);
      herd.open('a');
      expect(await herd.drover(['run', herd.path('c.yaml')])).toMatchObject({ code: 0 });
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );

  test(
    'to up: ends in order with 143, the agent goes on',
    withHerd(async (herd) => {
      const up = herd.start(['up']);
      await until('it supervises', () => up.stdout().includes('supervising'));
      await herd.ok(['run', plan(herd), '--detach']);
      const agent = await herd.untilBegun('a');
      up.kill('SIGTERM');
      expect(await up.ended).toMatchObject({ code: 143 });
      await untilAlone(herd, agent);
      await herd.ok(['stop', '--all']);
    }),
  );
});

describe.concurrent('a terminal or a reader that goes away', () => {
  test(
    'SIGHUP ends the following; a supervisor goes on with the agent',
    withHerd(async (herd) => {
      const { run, agent } = await startRun(herd);
      run.kill('SIGHUP');
      expect(await run.ended).toMatchObject({ code: 130 });
      expect(isAlive(agent)).toBe(true);
      herd.open('a');
      await herd.untilBegun('b');
      await herd.ok(['wait', 'c']);
    }),
  );

  test(
    'a closed pipe does the same',
    withHerd(async (herd) => {
      const child = spawn(process.execPath, [CLI, 'run', plan(herd), '--state', herd.state], {
        cwd: herd.dir,
        env: { PATH: process.env['PATH'], HOME: herd.dir },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const agent = await herd.untilBegun('a');
      child.stdout.destroy();
      const ended = once(child, 'exit');
      // The next line that it prints meets nobody.
      herd.open('a');
      await ended;
      await herd.untilBegun('b');
      await herd.ok(['wait', 'c']);
      expect(herd.begun('a')).toEqual([agent]);
    }),
  );
});

describe.concurrent('down', () => {
  test(
    'I10: ends the supervisor and leaves the agent; up adopts it again',
    withHerd(async (herd) => {
      await herd.ok(['up', '--detach']);
      await herd.ok(['run', plan(herd), '--detach']);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      const down = await herd.ok(['down']);
      expect(down.stdout).toContain('c/a');
      await untilAlone(herd, agent);
      expect(await herd.row('a')).toMatchObject({ state: 'running', pid: agent.pid });
      await herd.ok(['up', '--detach']);
      expect(isAlive(agent)).toBe(true);
      herd.open('a');
      await herd.ok(['wait', 'c']);
      await herd.ok(['down']);
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );

  test(
    '--drain starts nothing new and ends when what runs has ended',
    withHerd(async (herd) => {
      await herd.ok(['run', plan(herd), '--detach']);
      await herd.untilBegun('a');
      const down = herd.start(['down', '--drain']);
      await until('it waits', () => down.stderr().includes('waiting for 1 live'));
      herd.open('a');
      expect(await down.ended).toMatchObject({ code: 0 });
      await herd.untilUnsupervised();
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded' });
      expect(await herd.row('b')).toMatchObject({ state: 'queued', attempt: 0 });
      expect(herd.begun('b')).toEqual([]);
    }),
  );

  test(
    'I14: --stop-agents interrupts: nothing is left, and the dispatch runs again without using a retry',
    withHerd(async (herd) => {
      const file = plan(herd);
      await herd.ok(['run', file, '--detach']);
      await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      await herd.ok(['down', '--stop-agents']);
      expect(herd.marked()).toEqual([]);
      await herd.untilUnsupervised();
      expect(await herd.row('a')).toMatchObject({ state: 'queued' });
      herd.open('a');
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      const attempts = await herd.attempts('c/a');
      expect(attempts).toMatchObject([
        { outcome: 'stopped', cause: 'superseded', class: null },
        { outcome: 'succeeded' },
      ]);
    }),
  );

  test(
    'of a supervisor that a run follows: the run ends with 130 and says how to go on; nobody takes the place',
    withHerd(async (herd) => {
      const { run, agent } = await startRun(herd);
      await herd.ok(['down']);
      const { code, stdout } = await run.ended;
      expect({ code, stdout }).toMatchObject({ code: 130 });
      expect(stdout).toContain('down: asked to end');
      await untilAlone(herd, agent);
      await herd.ok(['stop', '--all']);
    }),
  );

  test(
    'where no supervisor is says so and is no error',
    withHerd(async (herd) => {
      expect(await herd.drover(['down'])).toMatchObject({ code: 0 });
      await herd.ok(['add', '--', 'true']);
      await herd.untilUnsupervised();
      const down = await herd.ok(['down']);
      expect(down.stdout).toContain('no supervisor is running');
    }),
  );
});
