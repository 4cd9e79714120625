// Worktrees of dispatches against a real git: how they are made, found again after a crash at any step, and removed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGit } from '../../../src/host/git.ts';
import { createWorktrees } from '../../../src/host/worktrees.ts';
import type { Worktrees } from '../../../src/ports.ts';

let root: string;
let repo: string;
let dir: string;

const git = (where: string, ...args: string[]) =>
  execFileSync('git', ['-C', where, ...args], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      HOME: root,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
    },
  }).trim();

function commit(where: string, file: string): string {
  writeFileSync(join(where, file), file);
  git(where, 'add', '-A');
  git(where, 'commit', '-q', '-m', file);
  return git(where, 'rev-parse', 'HEAD');
}

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'drover-worktrees-')));
  repo = join(root, 'repo');
  dir = join(root, 'state/worktrees');
  mkdirSync(join(root, 'state'));
  mkdirSync(join(repo, 'sub/deep'), { recursive: true });
  git(root, 'init', '-q', '-b', 'main', repo);
  writeFileSync(join(repo, 'sub/deep/file'), 'x');
  commit(repo, 'first');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

class Crash extends Error {}

/** A life of a supervisor; ends as if it were killed where `crashAt` says. */
function life(crashAt: string | null = null): Worktrees {
  return createWorktrees({
    dir,
    git: createGit({ PATH: process.env['PATH'], HOME: root }),
    crashPoint(name) {
      if (name === crashAt) throw new Crash(name);
    },
  });
}

let fence = 0;
const order = (cwd: string = repo) => ({
  dispatch: 'd1',
  fence: ++fence,
  campaign: 'nightly',
  name: 'fix-142',
  cwd,
});
const BRANCH = 'drover/nightly/fix-142';
const YES = async () => true;
const path = () => join(dir, 'd1');
const listed = () => git(repo, 'worktree', 'list', '--porcelain');

describe('a worktree', () => {
  test('is made from HEAD on a branch of its own, with the place of its directory kept', async () => {
    const worktrees = life();
    expect(worktrees.cwdOf('d1', '/elsewhere')).toBe('/elsewhere');
    expect(await worktrees.prepare(order(join(repo, 'sub/deep')))).toEqual({ kind: 'ready' });
    expect(worktrees.cwdOf('d1', repo)).toBe(`${path()}/sub/deep`);
    expect(git(path(), 'symbolic-ref', 'HEAD')).toBe(`refs/heads/${BRANCH}`);
    expect(git(path(), 'rev-parse', 'HEAD')).toBe(git(repo, 'rev-parse', 'HEAD'));
    expect(git(path(), 'status', '--porcelain')).toBe('');
    expect(git(repo, 'symbolic-ref', 'HEAD')).toBe('refs/heads/main');
    expect(worktrees.list()).toEqual({ kind: 'seen', value: ['d1'] });
  });

  test('is found again with all that is in it, by whoever comes next', async () => {
    await life().prepare(order());
    commit(path(), 'work');
    writeFileSync(join(path(), 'dirty'), 'x');
    git(path(), 'switch', '-q', '-c', 'elsewhere');
    const next = life();
    expect(await next.prepare(order())).toEqual({ kind: 'ready' });
    expect(next.cwdOf('d1', repo)).toBe(path());
    expect(git(path(), 'status', '--porcelain')).toBe('?? dirty');
    expect(git(path(), 'symbolic-ref', '--short', 'HEAD')).toBe('elsewhere');
  });

  test('whose directory was removed comes back with what was committed', async () => {
    await life().prepare(order());
    const work = commit(path(), 'work');
    rmSync(path(), { recursive: true });
    expect(await life().prepare(order())).toEqual({ kind: 'ready' });
    expect(git(path(), 'rev-parse', BRANCH, 'HEAD')).toBe(`${work}\n${work}`);
    expect(git(path(), 'symbolic-ref', '--short', 'HEAD')).toBe(BRANCH);
  });

  test('runs no hooks of the repository', async () => {
    const hook = join(repo, '.git/hooks/post-checkout');
    mkdirSync(join(repo, '.git/hooks'), { recursive: true });
    writeFileSync(hook, `#!/bin/sh\ntouch ${root}/hooked\n`, { mode: 0o755 });
    await life().prepare(order());
    expect(existsSync(join(root, 'hooked'))).toBe(false);
  });
});

describe('after a crash', () => {
  test.each(['worktrees.prepare.recorded', 'worktrees.prepare.added', 'worktrees.prepare.placed'])(
    'at %s the next start makes it whole, and nothing is left of the first',
    async (point) => {
      expect(await life(point).prepare(order())).toMatchObject({ kind: 'failed' });
      expect(await life().prepare(order())).toEqual({ kind: 'ready' });
      expect(git(path(), 'symbolic-ref', '--short', 'HEAD')).toBe(BRANCH);
      expect(git(path(), 'status', '--porcelain')).toBe('');
      expect(readdirSync(dir).toSorted()).toEqual(['d1', 'd1.json']);
      expect(listed().match(/^worktree /gm)).toHaveLength(2);
      expect(listed()).not.toContain('prunable');
    },
  );

  test('between its renaming and the word to git it is found again', async () => {
    await life('worktrees.prepare.added').prepare(order());
    const [half] = readdirSync(dir).filter((name) => name.startsWith('.'));
    execFileSync('mv', [join(dir, half!), path()]);
    expect(await life().prepare(order())).toEqual({ kind: 'ready' });
    expect(git(path(), 'symbolic-ref', '--short', 'HEAD')).toBe(BRANCH);
    expect(listed()).not.toContain('prunable');
  });

  test('in the middle of its removal the next one removes it, or makes it anew', async () => {
    await life().prepare(order());
    expect(await life('worktrees.remove.leaving').remove('d1', YES)).toMatchObject({
      kind: 'kept',
    });
    expect(existsSync(path())).toBe(false);
    expect(await life().remove('d1', YES)).toEqual({ kind: 'removed', path: path() });
    expect(readdirSync(dir)).toEqual([]);
    await life().prepare(order());
    await life('worktrees.remove.leaving').remove('d1', YES);
    expect(await life().prepare(order())).toEqual({ kind: 'ready' });
    expect(readdirSync(dir).toSorted()).toEqual(['d1', 'd1.json']);
    expect(listed().match(/^worktree /gm)).toHaveLength(2);
  });
});

describe('is refused, in a sentence', () => {
  test.each<[string, () => string, RegExp]>([
    [
      'outside of a repository',
      () => root,
      /there is no git repository at .*: not a git repository/,
    ],
    ['where the directory is missing', () => join(root, 'none'), /none cannot be found/],
    [
      'without a commit',
      () => {
        git(root, 'init', '-q', join(root, 'empty'));
        return join(root, 'empty');
      },
      /empty has no commit yet/,
    ],
    [
      'where the branch is somebody else’s',
      () => {
        git(repo, 'branch', BRANCH);
        return repo;
      },
      /the branch drover\/nightly\/fix-142 is there already, and is not of this dispatch/,
    ],
    [
      'where the directory is somebody else’s',
      () => {
        mkdirSync(path(), { recursive: true });
        return repo;
      },
      /worktrees\/d1 is there already, and is not of this dispatch/,
    ],
  ])('%s', async (_what, cwd, because) => {
    const result = await life().prepare(order(cwd()));
    expect(result).toEqual({ kind: 'refused', because: expect.stringMatching(because) });
    expect(existsSync(join(dir, 'd1.json'))).toBe(false);
  });

  test('where git takes no such branch', async () => {
    const result = await life().prepare({ ...order(), name: 'a..b' });
    expect(result).toMatchObject({ kind: 'refused', because: /takes no branch of the name/ });
  });
});

describe('is removed', () => {
  const kept = (because: RegExp) => ({ kind: 'kept', because: expect.stringMatching(because) });
  const merge = () => git(repo, 'merge', '-q', '--ff-only', BRANCH);

  test.each<[string, () => void]>([
    ['where nothing was committed', () => {}],
    [
      'once it is merged',
      () => {
        commit(path(), 'work');
        merge();
      },
    ],
    [
      'once it is pushed',
      () => {
        git(root, 'init', '-q', '--bare', join(root, 'origin'));
        git(repo, 'remote', 'add', 'origin', join(root, 'origin'));
        commit(path(), 'work');
        git(path(), 'push', '-q', 'origin', 'HEAD');
      },
    ],
    ['with what git ignores in it', () => writeFileSync(join(path(), 'build.o'), 'x')],
  ])('with its branch, %s', async (_what, work) => {
    writeFileSync(join(repo, '.git/info/exclude'), '*.o\n');
    await life().prepare(order());
    work();
    const main = git(repo, 'rev-parse', 'HEAD');
    expect(await life().remove('d1', YES)).toEqual({ kind: 'removed', path: path() });
    expect(readdirSync(dir)).toEqual([]);
    expect(git(repo, 'branch', '--list', BRANCH)).toBe('');
    expect(listed().match(/^worktree /gm)).toHaveLength(1);
    expect(git(repo, 'rev-parse', 'HEAD')).toBe(main);
    expect(await life().remove('d1', YES)).toEqual({ kind: 'absent' });
  });

  test.each<[string, () => void, RegExp]>([
    ['where a file is new', () => writeFileSync(join(path(), 'new'), 'x'), /1 file is not comm/],
    ['where a file differs', () => writeFileSync(join(path(), 'first'), 'y'), /1 file is not/],
    ['where it is not merged', () => commit(path(), 'work'), /is neither merged nor pushed/],
    [
      'where only what is checked out is merged',
      () => {
        commit(path(), 'work');
        git(path(), 'switch', '-q', '--detach', 'main');
      },
      /is neither merged nor pushed/,
    ],
  ])('but not %s', async (_what, work, because) => {
    await life().prepare(order());
    work();
    const branch = git(repo, 'rev-parse', BRANCH);
    expect(await life().remove('d1', YES)).toEqual(kept(because));
    expect(git(repo, 'rev-parse', BRANCH)).toBe(branch);
    expect(await life().prepare(order())).toEqual({ kind: 'ready' });
  });

  test('but not where somebody is in it, nor where its dispatch goes on', async () => {
    await life().prepare(order());
    expect(await life().remove('d1', async () => false)).toEqual(kept(/goes on/));
    const here = process.cwd();
    const child = (await import('node:child_process')).spawn('sleep', ['60'], { cwd: path() });
    try {
      await new Promise((resolve) => child.once('spawn', resolve));
      expect(await life().remove('d1', YES)).toEqual(kept(/process \d+ still uses it/));
    } finally {
      child.kill('SIGKILL');
    }
    expect(process.cwd()).toBe(here);
  });

  test('only once, however many ask; a start meanwhile waits, and makes a new one', async () => {
    const worktrees = life();
    await worktrees.prepare(order());
    const [first, second, third] = await Promise.all([
      worktrees.remove('d1', YES),
      worktrees.remove('d1', YES),
      worktrees.prepare(order()),
    ]);
    expect([first.kind, second.kind, third.kind]).toEqual(['removed', 'absent', 'ready']);
    expect(git(path(), 'symbolic-ref', '--short', 'HEAD')).toBe(BRANCH);
  });
});
