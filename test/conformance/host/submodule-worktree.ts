// Owns a worktree with submodules of a real git, made for a dispatch, and what tests do to it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect } from 'vitest';
import {
  BRANCH,
  git,
  LEAVING,
  life,
  path,
  prepare,
  remove,
  repo,
  repository,
  there,
  withRepository,
} from './worktree-life.ts';

/** Before each test of a file. The name of the submodule has a slash, and is not its path. */
export function withWorktree(): void {
  withRepository();
  beforeEach(async () => {
    const [deep, library] = [repository('deep'), repository('library')];
    git(library, 'submodule', '--quiet', 'add', deep, 'deep');
    git(library, 'commit', '-q', '-m', 'deep');
    git(repo, 'submodule', '--quiet', 'add', '--name', 'of/library', library, 'lib');
    git(repo, 'commit', '-q', '-m', 'lib');
    await prepare();
  });
}

export const inGit = (...within: string[]) => join(repo, '.git/worktrees', ...within);
export const checkOut = () =>
  git(path(), 'submodule', '--quiet', 'update', '--init', '--recursive');
/** @param at done once it is on its way out */
export const removeWhile = async (at: () => void) => await remove(LEAVING, at);
export const die = async () => await life(LEAVING).remove('d1', async () => true);

export function expectGone(): void {
  expect(there()).toEqual([]);
  expect(git(repo, 'worktree', 'list').split('\n')).toHaveLength(1);
  expect(git(repo, 'branch', '--list', 'drover/*')).toBe('');
  expect(existsSync(inGit())).toBe(false);
  // Those of the main worktree are its own.
  expect(git(repo, 'status', '--porcelain')).toBe('');
  expect(git(repo, 'submodule', 'status')).toMatch(/^\w+ lib /);
}

/** What is committed in the submodule is in the worktree, and that is merged: only the submodule itself is in question. */
export function record(): void {
  git(path(), 'commit', '-q', '-a', '-m', 'lib moves');
  git(repo, 'merge', '-q', '--ff-only', BRANCH);
}

export function push(): void {
  git(path('lib'), 'push', '-q', 'origin', 'HEAD:refs/heads/work');
}
