// Owns a real git with a repository, and the worktree that a dispatch gets in it, for tests: made, removed, and left half way
// by a life that dies.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
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

export function repository(name: string): string {
  const path = join(root, name);
  git(root, 'init', '-q', '-b', 'main', path);
  commit(path, 'first');
  return path;
}

/** Before each test of a file. */
export function withRepository(): void {
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'drover-worktree-')));
    repo = repository('repo');
    mkdirSync(join(root, 'state'));
    dir = join(root, 'state/worktrees');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
}

class Crash extends Error {}

/** @param at done at that point, in place of a death */
export function life(crashAt: string | null = null, at: (() => void) | null = null): HostWorktrees {
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
export const LEAVING = 'worktrees.remove.leaving';
export const path = (...within: string[]) => join(dir, 'd1', ...within);
export const away = (...within: string[]) => join(dir, '.d1.leaving', ...within);
export const prepare = async (cwd: string = repo) =>
  await life().prepare({
    dispatch: 'd1',
    fence: ++fence,
    campaign: 'nightly',
    name: 'a',
    cwd,
  });
export const remove = async (crashAt: string | null = null, at: (() => void) | null = null) =>
  await life(crashAt, at).remove('d1', async () => true);
export const foresee = async () => await life().foresee('d1');
export const kept = (because: RegExp) => ({
  kind: 'kept',
  because: expect.stringMatching(because),
});
export const there = () => readdirSync(dir).toSorted();
