// Owns what git and the process table say of a worktree, or of a repository in it, that may go. Changes nothing.
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DispatchId } from '../core/dispatch.ts';
import type { Git, GitResult } from './git.ts';
import { lookAtRunDirUse } from './run-dir-use.ts';
import { leavingPath, type WorktreeRecord } from './worktree-record.ts';

/** Why something stays. */
export class Kept extends Error {}

/** Whoever is in it may be a git that removes it, for a supervisor that is gone. */
export class InUse extends Kept {}

/** What of a worktree lies in the repository; absolute, symbolic links resolved. */
export interface GitDirs {
  /** its own: goes with it */
  readonly own: string;
  /** of the repository: stays */
  readonly common: string;
}

/** @throws Kept: git would look at whichever repository lies around it */
export async function gitDirsOf(git: Git, path: string): Promise<GitDirs> {
  const found = await git(
    path,
    'rev-parse',
    '--show-toplevel',
    '--absolute-git-dir',
    '--git-common-dir',
  );
  if (found.kind === 'unknown') throw new Kept(found.because);
  const [top, own = '', common = ''] = found.out.split('\n');
  if (found.status === 0 && top === realpathSync(path)) {
    const dirs = { own: realpathSync(own), common: realpathSync(resolve(path, common)) };
    // The same where it has become a repository of its own: nothing of that would stay.
    if (dirs.own !== dirs.common) return dirs;
  }
  throw new Kept(`${path} is no git worktree any more`);
}

/** Whatever the repository's own settings say of new files and of submodules. */
const STATUS = ['status', '--porcelain', '--untracked-files=all'] as const;
/** git looks into the submodules too, as they are where they were checked out. */
export const WITH_SUBMODULES = [...STATUS, '--ignore-submodules=none'] as const;
/** Which commit of a submodule is checked out counts, and nothing that is in it. */
export const WITHOUT_SUBMODULES = [...STATUS, '--ignore-submodules=dirty'] as const;

/** Files are missing, and that is all. */
export function isOnlyMissing(status: string): boolean {
  // The first line has lost the space at its beginning.
  return status !== '' && status.split('\n').every((line) => /^ ?D /.test(line));
}

export function uncommitted(status: string): string {
  const count = status.split('\n').length;
  return `${count} ${count === 1 ? 'file is' : 'files are'} not committed`;
}

/** Merged into the branch that it was made from, or into its upstream, or known to a remote. */
export async function requireElsewhere(
  git: Git,
  { repository, base, branch, commit: from }: WorktreeRecord,
  commit: string,
): Promise<void> {
  if (commit === from) return;
  for (const place of base === null ? [] : [base, `${base}@{upstream}`]) {
    const merged = await git(repository, 'merge-base', '--is-ancestor', commit, place);
    if (merged.kind === 'answered' && merged.status === 0) return;
  }
  const remotes = await git(
    repository,
    'for-each-ref',
    '--count=1',
    '--format=%(refname)',
    `--contains=${commit}`,
    'refs/remotes',
  );
  if (answer(remotes) === '') throw new Kept(`${branch} is neither merged nor pushed`);
}

/** @param dir where worktrees lie */
export function requireUnused(dir: string, dispatch: DispatchId): void {
  const leaving = leavingPath('', dispatch).slice(1);
  requireNobodyIn(dir, [dispatch, leaving]);
}

/** @param names in `dir`; whoever has a file open in one of them, or works there, may write to it */
export function requireNobodyIn(dir: string, names: readonly string[]): void {
  const use = lookAtRunDirUse(dir);
  if (use.kind !== 'seen') {
    const because = use.kind === 'unknown' ? use.because : 'nobody was seen';
    throw new InUse(`it cannot be told who uses it: ${because}`);
  }
  const users = names.flatMap((name) => [...(use.value.get(name) ?? [])]);
  if (users.length > 0) throw new InUse(`process ${users.join(', ')} still uses it`);
}

export function answer(result: GitResult): string {
  if (result.kind === 'unknown') throw new Kept(result.because);
  if (result.status === 0) return result.out;
  const [first = `status ${result.status}`] = result.err.split('\n');
  throw new Kept(`git cannot look at it: ${first}`);
}
