// Owns the tests of `kill -9` against the supervisor: before and after each of its effects, at random places, at random
// moments. They fail where nobody has died at one of the places.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { CRASH_POINTS, type CrashPoint } from '../../src/supervisor/crash-points.ts';
import { orphan } from './harness/astray.ts';
import { createSequence } from '../../src/host/crash-point.ts';
import {
  BRAKE,
  CGROUP_END,
  CGROUP_FREEZE,
  EVERYDAY,
  GRACEFUL,
  INTERRUPT,
  KILL,
  LONG,
  SESSION_GONE,
  STARTS_AND_ENDS,
  WORKTREE_MAKE,
  WORKTREE_REMOVE,
} from './harness/crash-places.ts';
import { CrashSupply } from './harness/crash-supply.ts';
import { FLAWLESS, Hunt, Toll, judge } from './harness/crashes.ts';
import { git, repository } from './harness/git.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { isAlive } from './harness/process-list.ts';
import { countOf, endedOnce } from './harness/reaping.ts';
import { ANSWER, DONE, SESSION, campaign as speaking } from './harness/speaking.ts';
import { NO_CGROUP, onOldKernel } from './harness/tiers.ts';
import { until } from './harness/until.ts';

const toll = new Toll();

async function beginAndKill(herd: TestHerd, file: string, names: readonly string[]) {
  const run = herd.start(['run', file]);
  for (const name of names) await herd.untilBegun(name);
  run.kill('SIGKILL');
  await run.ended;
  toll.count('moment');
}

/** No fence has begun twice; and how often each of them has begun. */
function expectBegun(herd: TestHerd, names: readonly string[], times: number): void {
  const marks = herd.journal().flatMap(({ word, mark }) => (word === 'begin' ? [mark] : []));
  expect(new Set(marks).size).toBe(marks.length);
  expect(names.map((name) => herd.begun(name).length)).toEqual(names.map(() => times));
  toll.dispatches += names.length;
}

interface Quarry {
  readonly points: readonly CrashPoint[];
  readonly file: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Lives in each of which something happens as soon as the dispatch `a` runs. */
async function huntWhileRunning(
  herd: TestHerd,
  { points, file, env }: Quarry,
  happens: (life: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const hunt = new Hunt(herd, toll, points);
  for (let lives = 1; hunt.left.length > 0; lives++) {
    const run = herd.start(['run', file], { env: { ...env, ...hunt.environment() } });
    await until('it supervises', async () => (await countOf(herd, 'supervisor.started')) === lives);
    await herd.untilState('a', 'running');
    await happens(run.ended);
    expect(hunt.mourn(await run.ended)).not.toBeNull();
  }
}

describe.concurrent('2. I1, I2, I19: kill -9 of the supervisor', () => {
  test.for([
    ['at each everyday place', EVERYDAY] as const,
    ['once more at starts and ends', STARTS_AND_ENDS] as const,
  ])('%s: every dispatch runs once and keeps its exit code', ([, points], context) =>
    withHerd(async (herd) => {
      const supply = new CrashSupply(herd);
      const next = () => supply.next();
      await new Hunt(herd, toll, points).all(() => ['run', supply.file], { next });
      expect(await judge(herd, await supply.finish(), toll)).toEqual(FLAWLESS);
    })(context),
  );

  test(
    'while an agent works for longer than its deadline, and says more than is kept',
    withHerd(async (herd) => {
      herd.configure('max_output: 64KiB\n');
      const work = `until [ -e ${herd.path('gate')} ]; do seq 9000; sleep 0.2; done`;
      const run = `${work}; exec ${herd.recorder('a').join(' ')}`;
      const dispatch = { name: 'a', run, deadline: '200ms', extend: '1h', stall: '6s' };
      const file = herd.campaign({ campaign: 'c', dispatches: [dispatch] });
      await new Hunt(herd, toll, LONG).all(() => ['run', file]);
      herd.write('gate', '');
      await herd.ok(['run', file]);
      expect(await judge(herd, new Map([['a', 0]]), toll)).toEqual(FLAWLESS);
    }),
  );

  test(
    'in the middle of a stop, signal by signal: the next one ends it to zero',
    withHerd(async (herd) => {
      const run = `trap '' TERM; ${herd.recorder('a', { seconds: 300 }).join(' ')}`;
      const file = herd.campaign({ campaign: 'c', dispatches: [{ name: 'a', run }] });
      await beginAndKill(herd, file, ['a']);
      await new Hunt(herd, toll, GRACEFUL).all(() => ['stop', 'c/a', '--grace', '1h']);
      expect(await herd.row('a')).toMatchObject({ state: 'stopping' });
      await new Hunt(herd, toll, KILL).all(() => ['stop', 'c/a', '--grace', '0s']);
      await herd.ok(['stop', 'c/a']);
      expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'cancelled' });
      expect(herd.marked()).toEqual([]);
      expectBegun(herd, ['a'], 1);
    }),
  );

  test.skipIf(NO_CGROUP !== null)(
    'in the middle of ending cgroups, whether or not the kernel can kill one: nobody and none is left',
    withHerd(async (herd) => {
      const names = ['a', 'b', 'd'];
      const file = herd.campaign({
        campaign: 'c',
        pools: { work: { slots: 3 } },
        defaults: { pool: 'work', containment: 'cgroup' },
        dispatches: names.map((name) => ({ name, run: herd.recorder(name, { seconds: 300 }) })),
      });
      await beginAndKill(herd, file, names);
      await herd.drover(['reap']);
      const { restore } = await onOldKernel(herd, 'a');
      await new Hunt(herd, toll, CGROUP_FREEZE).all(() => ['stop', 'c/a', '--grace', '0s']);
      restore();
      const stop = ['stop', '--campaign', 'c', '--grace', '0s'];
      await new Hunt(herd, toll, CGROUP_END).all(() => stop);
      await herd.ok(stop);
      await herd.ok(['up', '--until', 'idle']);
      for (const { outcome, cause } of await herd.rows()) {
        expect({ outcome, cause }).toEqual({ outcome: 'stopped', cause: 'cancelled' });
      }
      expect(herd.cgroups()).toEqual([]);
      expect(herd.marked()).toEqual([]);
      expectBegun(herd, names, 1);
    }),
  );

  test(
    'in the middle of reaping: the next one finds the rest',
    withHerd(async (herd) => {
      const mark = await endedOnce(herd);
      const strays = [await orphan(herd, mark), await orphan(herd, mark)];
      await new Hunt(herd, toll, [...BRAKE, 'processes.signal.kill.after']).all(() => ['reap']);
      await herd.ok(['reap']);
      expect(strays.filter(isAlive)).toEqual([]);
    }),
  );

  test(
    'while worktrees are removed and made: they are gone or whole, and each agent runs once',
    withHerd(async (herd) => {
      const repo = repository(herd);
      const campaign = (name: string, runs: readonly string[]) => {
        const dispatches = runs.map((run, index) => {
          const its = `${name}-${index}`;
          return { name: its, run: `${run} exec ${herd.recorder(its).join(' ')}` };
        });
        const pools = { one: { slots: 1 } };
        const defaults = { pool: 'one', workspace: 'worktree', cwd: 'repo/sub' };
        return herd.campaign({ campaign: name, pools, defaults, dispatches });
      };
      // Each that has ended leaves.
      const going = campaign('going', ['', '', '', '']);
      await new Hunt(herd, toll, WORKTREE_REMOVE).all(() => ['run', going]);
      await herd.ok(['run', going]);
      await herd.ok(['clean']);
      expect(git(repo, 'worktree', 'list').split('\n')).toHaveLength(1);
      expect(git(repo, 'branch', '--list', 'drover/*')).toBe('');

      const staying = campaign('staying', ['touch new;']);
      await new Hunt(herd, toll, WORKTREE_MAKE).all(() => ['run', staying]);
      await herd.ok(['run', staying]);
      const path = `${herd.state}/worktrees/${(await herd.row('staying-0')).id}`;
      expect(git(path, 'symbolic-ref', '--short', 'HEAD')).toBe('drover/staying/staying-0');
      expect(git(path, 'status', '--porcelain')).toBe('?? sub/new');
      expect(git(repo, 'worktree', 'list').split('\n')).toHaveLength(2);
      const names = ['going-0', 'going-1', 'going-2', 'going-3', 'staying-0'];
      expectBegun(herd, names, 1);
    }),
  );

  test(
    'while a fresh session is noted in place of one that is gone: its agent begins in one of them, once',
    withHerd(async (herd) => {
      const once = herd.path('once');
      const cut = `touch ${once}; ${SESSION}; ${ANSWER}; rm -r $HOME/sessions; kill -9 $$`;
      const again = `${herd.recorder('x').join(' ')}; ${DONE}`;
      const prompt = `if test -e ${once}; then ${again}; else ${cut}; fi`;
      const file = speaking(herd, [{ name: 'x', prompt, continue_prompt: 'exit 7' }]);
      await new Hunt(herd, toll, SESSION_GONE).all(() => ['run', file]);
      await herd.ok(['run', file]);
      expect(await herd.row('x')).toMatchObject({ outcome: 'succeeded' });
      expectBegun(herd, ['x'], 1);
    }),
  );

  test(
    'while its agents are interrupted: what was interrupted runs again',
    withHerd(async (herd) => {
      const dispatches = [{ name: 'a', run: herd.gated('a') }];
      const file = herd.campaign({ campaign: 'c', dispatches });
      await huntWhileRunning(herd, { points: INTERRUPT, file }, async () => {
        await herd.drover(['down', '--stop-agents']);
      });
      const run = herd.start(['run', file]);
      await herd.untilBegun('a', 2);
      herd.open('a');
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(await herd.attempts('c/a')).toMatchObject([{ cause: 'superseded' }, {}]);
      expectBegun(herd, ['a'], 2);
    }),
  );

  test(
    'at any of its places by chance',
    withHerd(async (herd) => {
      const supply = new CrashSupply(herd);
      for (let seed = 1, kills = 0; kills < 6; seed++) {
        const env = { DROVER_TEST_CRASH_CHANCE: '0.06', DROVER_TEST_CRASH_SEED: String(seed) };
        const words = seed % 2 === 0 ? ['up', '--until', 'idle'] : ['run', supply.file];
        const { code, signal } = await herd.drover(words, { env });
        if (signal === 'SIGKILL') {
          kills += 1;
          toll.count('chance');
        } else if (words[0] === 'run' && (code === 0 || code === 1)) supply.next();
      }
      expect(await judge(herd, await supply.finish(), toll)).toEqual(FLAWLESS);
    }),
  );

  test(
    'at any moment, from outside',
    withHerd(async (herd) => {
      const supply = new CrashSupply(herd);
      const next = createSequence(20_261_120);
      for (let kills = 0; kills < 8; ) {
        const life = herd.start(['run', supply.file]);
        const lock = until('it works', async () => herd.supervisors().length > 0);
        await Promise.race([lock, life.ended]);
        await Promise.race([pause(40 + next() * 400), life.ended]);
        life.kill('SIGKILL');
        const { signal } = await life.ended;
        if (signal === 'SIGKILL') {
          kills += 1;
          toll.count('moment');
        } else supply.next();
      }
      expect(await judge(herd, await supply.finish(), toll)).toEqual(FLAWLESS);
    }),
  );
});

test('2. I2, I12: the toll: somebody has died at every crash point; at least 80 kills and 30 dispatches, none lost or run twice', () => {
  const { kills, dispatches, duplicates, lost, killsAt } = toll;
  console.log(
    `${kills} kills (${CRASH_POINTS.length} places, ${killsAt.get('chance')} by chance, ${killsAt.get('moment')} at any moment), ` +
      `${dispatches} dispatches, ${duplicates} duplicates, ${lost} lost`,
  );
  // Without cgroups nobody can come there; cgroup.test.ts says why.
  const skipped = NO_CGROUP === null ? [] : [...CGROUP_FREEZE, ...CGROUP_END];
  const missed = CRASH_POINTS.filter((point) => !killsAt.has(point) && !skipped.includes(point));
  expect({ duplicates, lost, missed }).toEqual({ duplicates: 0, lost: 0, missed: [] });
  expect(kills).toBeGreaterThanOrEqual(80);
  expect(dispatches).toBeGreaterThanOrEqual(30);
});
