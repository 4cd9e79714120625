// Worktrees that are somebody's only copy in a way that `git status` alone does not tell, and what a removal that git refuses
// leaves.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGit } from '../../../src/host/git.ts';
import { createWorktrees } from '../../../src/host/worktrees.ts';
import type { Worktrees } from '../../../src/ports.ts';

let root: string;
let repo: string;
let dir: string;

function git(where: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
  const local = ['-c', 'protocol.file.allow=always'];
  return execFileSync('git', ['-C', where, ...identity, ...local, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: root, GIT_CONFIG_NOSYSTEM: '1' },
  }).trim();
}

function commit(where: string, file: string): void {
  writeFileSync(join(where, file), file);
  git(where, 'add', '-A');
  git(where, 'commit', '-q', '-m', file);
}

function repository(name: string): string {
  const path = join(root, name);
  git(root, 'init', '-q', '-b', 'main', path);
  commit(path, 'first');
  return path;
}

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'drover-kept-')));
  repo = repository('repo');
  mkdirSync(join(root, 'state'));
  dir = join(root, 'state/worktrees');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

class Crash extends Error {}

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
const BRANCH = 'drover/nightly/a';
const path = () => join(dir, 'd1');
const prepare = async (cwd: string = repo) =>
  await life().prepare({
    dispatch: 'd1',
    fence: ++fence,
    campaign: 'nightly',
    name: 'a',
    cwd,
  });
const remove = async (crashAt: string | null = null) =>
  await life(crashAt).remove('d1', async () => true);
const kept = (because: RegExp) => ({ kind: 'kept', because: expect.stringMatching(because) });
const there = () => readdirSync(dir).toSorted();

test('one that git does not remove (a person has locked it) keeps its place and all that is in it', async () => {
  await prepare();
  git(repo, 'worktree', 'lock', path());
  expect(await remove()).toEqual(kept(/git does not remove it: .*lock/));
  expect(there()).toEqual(['d1', 'd1.json']);
  expect(git(path(), 'symbolic-ref', '--short', 'HEAD')).toBe(BRANCH);
  expect(git(repo, 'worktree', 'list')).toContain(path());
  git(repo, 'worktree', 'unlock', path());
  expect(await remove()).toMatchObject({ kind: 'removed' });
});

test('one with the only copy of a commit in a submodule keeps its place, and the next start finds what is committed there', async () => {
  git(repo, 'submodule', '--quiet', 'add', repository('library'), 'library');
  git(repo, 'commit', '-q', '-m', 'library');
  await prepare();
  git(path(), 'submodule', '--quiet', 'update', '--init');
  commit(join(path(), 'library'), 'only-copy');
  git(path(), 'commit', '-q', '-a', '-m', 'work');
  git(repo, 'merge', '-q', '--ff-only', BRANCH);
  expect(await remove()).toEqual(kept(/submodule library: commit \w{10} is not pushed/));
  expect(await prepare()).toEqual({ kind: 'ready' });
  expect(existsSync(join(path(), 'library/only-copy'))).toBe(true);
});

test('what a crash has left on its way out is not destroyed by a start, where git refuses', async () => {
  await prepare();
  await remove('worktrees.remove.leaving');
  writeFileSync(join(dir, '.d1.leaving/late'), 'x');
  expect(await prepare()).toEqual({ kind: 'ready' });
  expect(there()).toEqual(['d1', 'd1.json']);
  expect(git(path(), 'status', '--porcelain')).toBe('?? late');
});

test('a removal that was cut in the middle of deleting goes on', async () => {
  await prepare();
  await remove('worktrees.remove.leaving');
  git(repo, 'worktree', 'repair', join(dir, '.d1.leaving'));
  rmSync(join(dir, '.d1.leaving/first'));
  rmSync(join(dir, '.d1.leaving/.git'));
  expect(await remove()).toMatchObject({ kind: 'removed' });
  expect(there()).toEqual([]);
});

test('one that is no worktree any more is not taken for the repository around it', async () => {
  git(root, 'init', '-q', '-b', 'main', join(root, 'state'));
  writeFileSync(join(root, 'state/.gitignore'), '*\n');
  git(join(root, 'state'), 'add', '-f', '.gitignore');
  git(join(root, 'state'), 'commit', '-q', '-m', 'all ignored');
  git(join(root, 'state'), 'remote', 'add', 'origin', repo);
  git(repo, 'remote', 'add', 'around', join(root, 'state'));
  git(repo, 'fetch', '-q', 'around');
  await prepare();
  writeFileSync(join(path(), 'only-copy'), 'x');
  rmSync(join(path(), '.git'));
  expect(await remove()).toEqual(kept(/d1 is no git worktree any more/));
  expect(existsSync(join(path(), 'only-copy'))).toBe(true);
});

test('a branch that somebody has checked out meanwhile stays', async () => {
  await prepare();
  git(path(), 'switch', '-q', '--detach');
  git(repo, 'switch', '-q', BRANCH);
  expect(await remove()).toEqual(kept(/drover\/nightly\/a is checked out at .*repo/));
  git(repo, 'worktree', 'remove', path());
  expect(await remove()).toEqual(kept(/is checked out at/));
  expect(git(repo, 'status', '--porcelain')).toBe('');
  git(repo, 'switch', '-q', 'main');
  expect(await remove()).toMatchObject({ kind: 'removed' });
});

test('a repository that is not there (a disk that is not mounted) is no repository without the branch', async () => {
  await prepare();
  commit(path(), 'work');
  rmSync(path(), { recursive: true });
  renameSync(repo, `${repo}-away`);
  expect(await remove()).toEqual(kept(/git cannot look at it: .*cannot change to/));
  expect(await prepare()).toMatchObject({ kind: 'failed' });
  expect(there()).toEqual(['d1.json']);
  renameSync(`${repo}-away`, repo);
  expect(await prepare()).toEqual({ kind: 'ready' });
  expect(existsSync(join(path(), 'work'))).toBe(true);
});

test('one that was made from a worktree of the user goes on, and goes, without that', async () => {
  mkdirSync(join(repo, 'sub'));
  commit(repo, 'sub/file');
  const feature = join(root, 'feature');
  git(repo, 'worktree', 'add', '-q', '-b', 'feature', feature);
  commit(feature, 'of-feature');
  expect(await prepare(join(feature, 'sub'))).toEqual({ kind: 'ready' });
  expect(life().cwdOf('d1', '')).toBe(join(path(), 'sub'));
  expect(existsSync(join(path(), 'of-feature'))).toBe(true);
  git(repo, 'worktree', 'remove', feature);
  rmSync(path(), { recursive: true });
  expect(await prepare()).toEqual({ kind: 'ready' });
  expect(await remove()).toMatchObject({ kind: 'removed' });
  expect(there()).toEqual([]);
});

test('one that was made from a worktree of a bare repository', async () => {
  git(root, 'clone', '-q', '--bare', repo, join(root, 'bare.git'));
  const feature = join(root, 'feature');
  git(join(root, 'bare.git'), 'worktree', 'add', '-q', '-b', 'feature', feature);
  expect(await prepare(feature)).toEqual({ kind: 'ready' });
  git(join(root, 'bare.git'), 'worktree', 'remove', feature);
  expect(await remove()).toMatchObject({ kind: 'removed' });
});
