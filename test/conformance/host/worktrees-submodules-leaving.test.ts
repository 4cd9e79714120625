// Worktrees with submodules on their way out: who writes there between the look and the removal, and what a crash leaves.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  checkOut,
  die,
  expectGone,
  inGit,
  removeWhile,
  withWorktree,
} from './submodule-worktree.ts';
import { away, git, kept, path, prepare, remove, repo, root, there } from './worktree-life.ts';

withWorktree();

describe('between the look and the removal', () => {
  beforeEach(checkOut);

  test.each<[string, () => void, RegExp]>([
    ['a new file', () => writeFileSync(away('new'), 'x'), /^1 file is not committed$/],
    [
      'a new file in one',
      () => writeFileSync(away('lib/deep/new'), 'x'),
      /^submodule lib\/deep: 1/,
    ],
    [
      'a commit in one',
      () => {
        const own = join(inGit(readdirSync(inGit())[0]!), 'modules/of/library');
        const at = ['--git-dir', own, '--work-tree', away('lib')];
        git(root, ...at, 'update-ref', 'refs/heads/late', git(root, ...at, ...LATE));
      },
      /^submodule of\/library: commit/,
    ],
    ['a lock', () => git(repo, 'worktree', 'lock', path()), /git does not remove it: .*lock/],
  ])('%s gives it its place back, with all that is in it', async (_what, work, because) => {
    expect(await removeWhile(work)).toEqual(kept(because));
    expect(there()).toEqual(['d1', 'd1.json']);
    expect(git(path('lib/deep'), 'rev-parse', '--show-toplevel')).toBe(path('lib/deep'));
    expect(git(repo, 'worktree', 'list')).toContain(path());
  });

  test.each<[string, () => string]>([
    ['it', () => away('lib/deep')],
    ['the repository of one', () => join(inGit(readdirSync(inGit())[0]!), 'modules/of')],
  ])('who is in %s keeps it where it is until he has gone', async (_what, where) => {
    let somebody: ChildProcess | undefined;
    const come = () => void (somebody = spawn('sleep', ['60'], { cwd: where() }));
    expect(await removeWhile(come)).toEqual(kept(/process \d+ still uses it/));
    expect(there()).toEqual(['.d1.leaving', 'd1.json']);
    expect(await prepare()).toEqual({
      kind: 'failed',
      because: expect.stringMatching(/a removal of its worktree goes on: process \d+ still/),
    });
    const gone = new Promise((resolve) => somebody!.once('exit', resolve));
    somebody!.kill('SIGKILL');
    await gone;
    expect(await remove()).toMatchObject({ kind: 'removed' });
    expectGone();
  });
});

const LATE = ['commit-tree', '-m', 'late', 'HEAD^{tree}'];

describe('after a crash', () => {
  beforeEach(async () => {
    checkOut();
    await die();
  });

  test('the next one removes it', async () => {
    expect(there()).toEqual(['.d1.leaving', 'd1.json']);
    expect(await remove()).toMatchObject({ kind: 'removed' });
    expectGone();
  });

  test('a start makes a new one', async () => {
    expect(await prepare()).toEqual({ kind: 'ready' });
    expect(there()).toEqual(['d1', 'd1.json']);
    expect(readdirSync(path('lib'))).toEqual([]);
  });

  test('a start finds what was written meanwhile', async () => {
    writeFileSync(away('lib/late'), 'x');
    expect(await prepare()).toEqual({ kind: 'ready' });
    expect(git(path('lib'), 'status', '--porcelain')).toBe('?? late');
  });

  test.each<[string, readonly string[]]>([
    ['files', ['first', 'lib/first']],
    ['the link of a submodule', ['lib/.git', 'lib/deep']],
    ['the link of the worktree', ['.git', '.gitmodules', 'lib/deep/.git']],
    ['a submodule', ['lib']],
  ])('in the middle of deleting %s the removal goes on', async (_what, deleted) => {
    git(repo, 'worktree', 'repair', away());
    for (const one of deleted) rmSync(away(one), { recursive: true });
    expect(await remove()).toMatchObject({ kind: 'removed' });
    expectGone();
  });

  test('after the files were deleted what git has of it goes too', async () => {
    git(repo, 'worktree', 'repair', away());
    rmSync(away(), { recursive: true });
    expect(await remove()).toMatchObject({ kind: 'removed' });
    expectGone();
  });

  test('when it was put back and git was not told: that is done', async () => {
    git(repo, 'worktree', 'repair', away());
    renameSync(away(), path());
    expect(await remove()).toMatchObject({ kind: 'removed' });
    expectGone();
  });
});
