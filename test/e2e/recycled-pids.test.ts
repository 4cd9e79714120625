// Owns the test of pids that are used again within a second (I3): in a pid namespace of its own, with few pids, thousands of
// strangers come and go while attempts end in every way, and none of them gets a signal.
import { spawn, spawnSync } from 'node:child_process';
import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import { fake, withHerd } from './harness/herd.ts';
import { CLI } from './harness/command-line.ts';
import { TIERS } from './harness/tiers.ts';

/** Enough for one herd and its strangers; the least that Linux allows is 301. */
const PIDS = 800;
const UNSHARE = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const OWN_PID_MAX = '/proc/sys/kernel/pid_max';

/** Only where the bound is one of the namespace (Linux 6.14), or it would be one of the machine. */
function hasOwnPidMax(): boolean {
  const [major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(release())?.slice(1).map(Number) ?? [];
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  if (major < 6 || (major === 6 && minor < 14)) return false;
  return (
    spawnSync('unshare', [...UNSHARE, 'sh', '-c', `echo ${PIDS} >${OWN_PID_MAX}`]).status === 0
  );
}

async function inNamespace(argv: readonly string[]): Promise<void> {
  const child = spawn('unshare', [...UNSHARE, ...argv], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
}

const IS_POSSIBLE = hasOwnPidMax();

describe('12. I3: a pid that is somebody else by now', () => {
  test.for(TIERS)('is never signalled, at tier %s', async (tier, context) => {
    if (!IS_POSSIBLE) context.skip('needs root, and Linux 6.14 for few pids in a namespace');
    await withHerd(async (herd) => {
      const names = (kind: string) => Array.from({ length: 6 }, (_, index) => `${kind}${index}`);
      const file = herd.campaign({
        campaign: 'c',
        pools: { work: { slots: 6 } },
        defaults: {
          pool: 'work',
          containment: tier,
          leftover_grace: '0s',
          grace: '50ms',
          retries: { 'timed-out': 0 },
        },
        dispatches: [
          ...names('leaves').map((name) => ({
            name,
            run: 'sleep 300 & setsid sleep 300 & sleep 0.1',
          })),
          ...names('hangs').map((name) => ({
            name,
            run: `trap '' TERM; sleep 300 & setsid sleep 300 & wait; sleep 300`,
            deadline: '300ms',
            extend: '0s',
          })),
        ],
      });
      herd.configure('brake: { max: 1000 }\nsweep: 1s\n');
      const over = herd.path('over');
      const drover = [process.execPath, CLI, 'run', file, '--state', herd.state];
      const script = [
        `echo ${PIDS} >${OWN_PID_MAX}`,
        `${fake('fork-storm.pl')} ${over} >${herd.path('storm')} & storm=$!`,
        `sleep 0.5`,
        `"$@" >${herd.path('out')} 2>&1; echo $? >${herd.path('code')}`,
        `touch ${over}; wait $storm`,
      ].join('\n');
      await inNamespace(['sh', '-c', script, 'sh', ...drover]);
      const storm = JSON.parse(herd.read('storm')) as {
        readonly forks: number;
        readonly usedAgain: number;
        readonly hit: readonly string[];
      };
      expect(storm.hit).toEqual([]);
      expect(storm.forks).toBeGreaterThan(2_000);
      expect(storm.usedAgain).toBeGreaterThan(300);
      expect({ code: herd.read('code'), out: herd.read('out') }).toMatchObject({ code: '1\n' });
      const rows = await herd.rows();
      const outcomes = rows.map(({ name, outcome, cause }) => `${name} ${outcome} ${cause}`);
      expect(outcomes).toEqual([
        ...names('leaves').map((name) => `${name} succeeded null`),
        ...names('hangs').map((name) => `${name} stopped timed-out`),
      ]);
    })(context);
  });
});
