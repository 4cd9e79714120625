// Owns the git repositories of tests, and git itself for who looks into them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { TestHerd } from './herd.ts';

/** Words for git: who commits. */
export const WHO = ['-c', 'user.name=a', '-c', 'user.email=a@b'];

export function git(where: string, ...args: string[]): string {
  const env = { PATH: process.env['PATH'], HOME: where, GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', ['-C', where, ...WHO, ...args], { encoding: 'utf8', env }).trim();
}

/** A repository with one commit in `repo`, and a directory `sub` in it. */
export function repository(herd: TestHerd): string {
  const repo = herd.path('repo');
  mkdirSync(`${repo}/sub`, { recursive: true });
  git(herd.dir, 'init', '-q', '-b', 'main', repo);
  writeFileSync(`${repo}/sub/file`, 'x');
  git(repo, 'add', '-A');
  git(repo, 'commit', '-q', '-m', 'first');
  return repo;
}
