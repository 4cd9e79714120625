// Owns a machine that has no room for another start: no descriptors, no processes. Nobody in the queue pays for it.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { type LiveProcess, killExactly, liveProcesses } from './harness/process-list.ts';
import { until } from './harness/until.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

function limit(pid: number, what: string): void {
  execFileSync('prlimit', ['--pid', String(pid), what]);
}

function campaign(herd: TestHerd, containment: string): string {
  return herd.campaign({
    campaign: 'c',
    pools: { two: { slots: 2 } },
    defaults: { pool: 'two', containment, retries: { infrastructure: 0 } },
    dispatches: NAMES.map((name) => ({ name, run: herd.recorder(name) })),
  });
}

test.for([
  ['sh', 'the supervisor'],
  ['subreaper', 'its starter'],
  ['subreaper', 'the supervisor, and its starter is killed'],
] as const)(
  'I14: descriptors run out at tier %s, of %s: all wait in the queue, and run once there are some',
  async ([tier, who], context) => {
    await withHerd(async (herd) => {
      const up = herd.start(['up']);
      await until('it supervises', () => up.stdout().includes('supervising'));
      const starter = starterOf(up.pid);
      const pid = who === 'its starter' ? starter.pid : up.pid;
      limit(pid, `--nofile=${leftOf(pid) + (pid === up.pid ? 3 : 0)}:4096`);
      if (who.endsWith('killed')) killExactly(starter);
      await herd.ok(['run', campaign(herd, tier), '--detach']);
      await until(
        'it has said so twice',
        () => up.stderr().split('nothing can be started now').length > 2,
      );
      const waiting = await herd.rows();
      expect(waiting.filter(({ state }) => state === 'ended' || state === 'parked')).toEqual([]);
      expect((await herd.ok(['why', 'c/a'])).stdout).toMatch(
        /could not be started: .*(EMFILE|Too many open files)/,
      );
      limit(pid, '--nofile=4096:4096');
      await herd.ok(['wait', 'c']);
      expect(
        herd
          .journal()
          .filter(({ word }) => word === 'begin')
          .map(({ name }) => name)
          .toSorted(),
      ).toEqual(NAMES);
      for (const row of await herd.rows())
        expect(row).toMatchObject({ outcome: 'succeeded', attempt: 1 });
      up.kill('SIGTERM');
      await up.ended;
    })(context);
  },
);

/** None. With three more a supervisor can look, and start nobody. */
function leftOf(pid: number): number {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let free = 0;
  while (open.has(free)) free++;
  return free;
}

function starterOf(up: number): LiveProcess {
  const starter = liveProcesses().find(
    ({ parent, commandLine }) => parent === up && commandLine.startsWith('drover-starter'),
  );
  if (starter === undefined) throw new Error('there is no starter');
  return starter;
}
