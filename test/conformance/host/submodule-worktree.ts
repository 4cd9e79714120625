// Owns a worktree with submodules of a real git, made for a dispatch, and what tests do to it.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { createGit } from '../../../src/host/git.ts';
import { type HostWorktrees, createWorktrees } from '../../../src/host/worktrees.ts';

export let root: string;
export let repo: string;
let dir: string;

export function git(where: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
  const local = ['-c', 'protocol.file.allow=always'];
  return execFileSync('git', ['-C', where, ...identity, ...local, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: root, GIT_CONFIG_NOSYSTEM: '1' },
  }).trim();
}

export function commit(where: string, file: string): void {
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

/** Before each test of a file. The name of the submodule has a slash, and is not its path. */
async function setUp(): Promise<void> {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'drover-submodules-')));
  const [deep, library] = [repository('deep'), repository('library')];
  git(library, 'submodule', '--quiet', 'add', deep, 'deep');
  git(library, 'commit', '-q', '-m', 'deep');
  repo = repository('repo');
  git(repo, 'submodule', '--quiet', 'add', '--name', 'of/library', library, 'lib');
  git(repo, 'commit', '-q', '-m', 'lib');
  mkdirSync(join(root, 'state'));
  dir = join(root, 'state/worktrees');
  await prepare();
}

export function withWorktree(): void {
  beforeEach(setUp);
  afterEach(() => rmSync(root, { recursive: true, force: true }));
}

class Crash extends Error {}

/** @param at done at that point, in place of a death */
function life(crashAt: string | null = null, at: (() => void) | null = null): HostWorktrees {
  return createWorktrees({
    dir,
    git: createGit({ PATH: process.env['PATH'], HOME: root }),
    crashPoint(name) {
      if (name !== crashAt) return;
      if (at === null) throw new Crash(name);
      at();
    },
  });
}

let fence = 0;
export const BRANCH = 'drover/nightly/a';
const LEAVING = 'worktrees.remove.leaving';
export const path = (...within: string[]) => join(dir, 'd1', ...within);
export const away = (...within: string[]) => join(dir, '.d1.leaving', ...within);
export const inGit = (...within: string[]) => join(repo, '.git/worktrees', ...within);
export const prepare = async () =>
  await life().prepare({
    dispatch: 'd1',
    fence: ++fence,
    campaign: 'nightly',
    name: 'a',
    cwd: repo,
  });
export const checkOut = () =>
  git(path(), 'submodule', '--quiet', 'update', '--init', '--recursive');
export const remove = async (at: (() => void) | null = null) =>
  await life(at === null ? null : LEAVING, at).remove('d1', async () => true);
export const foresee = async () => await life().foresee('d1');
export const die = async () => await life(LEAVING).remove('d1', async () => true);
export const kept = (because: RegExp) => ({
  kind: 'kept',
  because: expect.stringMatching(because),
});
export const there = () => readdirSync(dir).toSorted();

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
