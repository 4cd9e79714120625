// Owns the tests of `workspace: worktree` on a real git and the built command line.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WHO, git, repository } from './harness/git.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { until } from './harness/until.ts';

const COMMIT = `git ${WHO.join(' ')} commit -qm work`;

function campaign(herd: TestHerd, dispatches: readonly object[]): string {
  return herd.campaign({
    campaign: 'trees',
    pools: { work: { slots: 3 } },
    defaults: {
      pool: 'work',
      cwd: 'repo/sub',
      workspace: 'worktree',
      grace: '100ms',
      retries: { infrastructure: 0, agent: 1 },
    },
    dispatches,
  });
}

const place = async (herd: TestHerd, name: string) =>
  `${herd.state}/worktrees/${(await herd.row(name)).id}`;

describe.concurrent('workspace: worktree', () => {
  test(
    'who submits something while they are cleaned is supervised as soon as that is done',
    withHerd(async (herd) => {
      repository(herd);
      await herd.drover(['run', campaign(herd, [{ name: 'a', run: 'exit 3' }])]);
      const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
      const wait = `touch ${herd.path('cleans')}; until test -e ${herd.path('go')}; do sleep 0.1; done`;
      mkdirSync(herd.path('bin'));
      writeFileSync(herd.path('bin/git'), `#!/bin/sh\n${wait}\nexec ${real} "$@"\n`, {
        mode: 0o755,
      });
      const env = { PATH: `${herd.path('bin')}:${process.env['PATH']}` };
      const cleaning = herd.start(['clean'], { env });
      await until('it cleans', () => existsSync(herd.path('cleans')));
      const next = herd.campaign({ campaign: 'next', dispatches: [{ name: 'b', run: 'true' }] });
      await herd.ok(['run', '--detach', next]);
      herd.write('go', '');
      expect(await cleaning.ended).toMatchObject({ code: 0 });
      await herd.untilState('b', 'ended');
    }),
  );

  test(
    'what a git has made after its supervisor and its dispatch were gone goes with a cleaning',
    withHerd(async (herd) => {
      const repo = repository(herd);
      await herd.drover(['run', campaign(herd, [{ name: 'a', run: 'exit 3' }])]);
      const half = herd.path('state/worktrees/.gone.1');
      git(repo, 'worktree', 'add', '-q', '--detach', half);
      expect((await herd.ok(['clean', '--dry-run'])).stdout).toContain(`would remove ${half}\n`);
      expect(existsSync(half)).toBe(true);
      expect((await herd.ok(['clean'])).stdout).toContain(`removed ${half}\n`);
      expect(git(repo, 'worktree', 'list').split('\n')).toHaveLength(1);
    }),
  );

  test(
    'gives each dispatch its own, with its branch; done_when and a retry see the same',
    withHerd(async (herd) => {
      const repo = repository(herd);
      const run = `pwd > where; test -e again || { touch again; exit 3; }; git add -A; ${COMMIT}`;
      const file = campaign(herd, [
        { name: 'a', run, done_when: 'test -f where && git log -1 --format=%s | grep -q work' },
        { name: 'b', run, done_when: 'test -f where' },
      ]);
      const finished = await herd.drover(['run', file]);
      expect(finished, finished.stderr).toMatchObject({ code: 0 });
      for (const name of ['a', 'b']) {
        const path = await place(herd, name);
        expect(herd.read(`${path.slice(herd.dir.length + 1)}/sub/where`)).toBe(`${path}/sub\n`);
        expect(git(path, 'symbolic-ref', '--short', 'HEAD')).toBe(`drover/trees/${name}`);
        expect((await herd.row(name)).outcome).toBe('succeeded');
      }
      expect(await herd.attempts('trees/a')).toHaveLength(2);
      expect(existsSync(`${repo}/sub/where`)).toBe(false);
      // Not merged, and so still there; listed, and kept by a cleaning, which says why.
      const a = await place(herd, 'a');
      expect((await herd.drover(['doctor'])).stdout).toContain(`${a} on drover/trees/a`);
      const kept = await herd.ok(['clean']);
      expect(kept.stdout).toContain(`kept ${a}: drover/trees/a is neither merged nor pushed`);
      git(repo, 'merge', '-q', 'drover/trees/a');
      const dry = await herd.ok(['clean', '--dry-run']);
      expect(dry.stdout).toContain(`would remove ${a}\n`);
      expect(existsSync(a)).toBe(true);
      expect((await herd.ok(['clean'])).stdout).toContain(`removed ${a}\n`);
      expect(existsSync(a)).toBe(false);
      expect(git(repo, 'branch', '--list', 'drover/*')).toMatch(/^\W*drover\/trees\/b$/);
    }),
  );

  test(
    'is gone with a success that has left nothing, and stays with a failure',
    withHerd(async (herd) => {
      const repo = repository(herd);
      const file = campaign(herd, [
        { name: 'clean', run: 'test -f file' },
        { name: 'fails', run: 'exit 3', retries: { agent: 0 } },
      ]);
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      const fails = await place(herd, 'fails');
      const names = readdirSync(herd.path('state/worktrees')).toSorted();
      expect(names).toEqual([fails, `${fails}.json`].map((path) => path.split('/').at(-1)));
      expect(existsSync(fails)).toBe(true);
      expect(git(repo, 'worktree', 'list')).toContain(fails);
    }),
  );

  test(
    'is refused where it cannot be made, with the reason',
    withHerd(async (herd) => {
      mkdirSync(herd.path('repo/sub'), { recursive: true });
      const file = campaign(herd, [{ name: 'a', run: 'true' }]);
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      const row = await herd.row('a');
      expect(row).toMatchObject({ outcome: 'refused' });
      expect(row.because).toMatch(/workspace: worktree, and there is no git repository at/);
    }),
  );
});
