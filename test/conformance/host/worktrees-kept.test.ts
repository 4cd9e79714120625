// Worktrees that are somebody's only copy in a way that `git status` alone does not tell, and what a removal that git refuses
// leaves.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  BRANCH,
  away,
  commit,
  git,
  kept,
  life,
  path,
  prepare,
  remove,
  repo,
  repository,
  root,
  there,
  withRepository,
} from './worktree-life.ts';

withRepository();

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
  writeFileSync(away('late'), 'x');
  expect(await prepare()).toEqual({ kind: 'ready' });
  expect(there()).toEqual(['d1', 'd1.json']);
  expect(git(path(), 'status', '--porcelain')).toBe('?? late');
});

test('a removal that was cut in the middle of deleting goes on', async () => {
  await prepare();
  await remove('worktrees.remove.leaving');
  git(repo, 'worktree', 'repair', away());
  rmSync(away('first'));
  rmSync(away('.git'));
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
