// Owns the removal of a worktree that nobody needs any more: what is in it is committed, and what is committed is elsewhere.
import { renameSync, statSync } from 'node:fs';
import type { DispatchId } from '../core/dispatch.ts';
import type { WorktreeFate } from '../ports.ts';
import type { Git, GitResult } from './git.ts';
import { lookAtRunDirUse } from './run-dir-use.ts';
import {
  forgetWorktree,
  halfWorktrees,
  readWorktree,
  type WorktreeRecord,
  worktreePath,
} from './worktree-record.ts';

interface Removing {
  readonly dir: string;
  readonly git: Git;
  readonly crashPoint: (name: 'worktree.leaving') => void;
}

const LEAVING = 'leaving';

class Kept extends Error {}

/** Safe to repeat: each step finds out what is left. */
export async function removeWorktree(
  removing: Removing,
  dispatch: DispatchId,
): Promise<WorktreeFate> {
  return await unlessKept(removing, dispatch, async (record, path) => {
    const isThere = await requireNoNeed(removing, record, path);
    if (isThere) {
      // Away under a name of its own, which no start takes: a git that outlives us cannot remove the next one.
      const away = `${removing.dir}/.${dispatch}.${LEAVING}`;
      renameSync(path, away);
      removing.crashPoint('worktree.leaving');
    }
    await removeHalves(removing, record);
    // Of one whose directory somebody has removed the repository still has the name.
    if (!isThere) await removing.git(record.repository, 'worktree', 'remove', '--force', path);
    await removeBranch(removing, record);
    forgetWorktree(removing.dir, dispatch);
  });
}

/** What would become of it; changes nothing. */
export async function foreseeRemoval(
  looking: Pick<Removing, 'dir' | 'git'>,
  dispatch: DispatchId,
): Promise<WorktreeFate> {
  return await unlessKept(looking, dispatch, async (record, path) => {
    await requireNoNeed(looking, record, path);
  });
}

async function unlessKept(
  { dir }: Pick<Removing, 'dir'>,
  dispatch: DispatchId,
  work: (record: WorktreeRecord, path: string) => Promise<void>,
): Promise<WorktreeFate> {
  const record = readWorktree(dir, dispatch);
  if (record === null) return { kind: 'absent' };
  const path = worktreePath(dir, dispatch);
  try {
    await work(record, path);
    return { kind: 'removed', path };
  } catch (error) {
    if (error instanceof Kept) return { kind: 'kept', because: error.message };
    throw error;
  }
}

/** @returns whether it is there at all */
async function requireNoNeed(
  { dir, git }: Pick<Removing, 'dir' | 'git'>,
  record: WorktreeRecord,
  path: string,
): Promise<boolean> {
  const { repository, branch, dispatch } = record;
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
  if (isThere) await requireSafe(git, record, path);
  const tip = await git(repository, 'rev-parse', '--verify', '--quiet', `refs/heads/${branch}`);
  if (tip.kind !== 'answered') throw new Kept(tip.because);
  if (tip.status === 0) await requireElsewhere(git, record, tip.out);
  if (isThere) requireUnused(dir, dispatch);
  return isThere;
}

async function requireSafe(git: Git, record: WorktreeRecord, path: string): Promise<void> {
  const status = answer(await git(path, 'status', '--porcelain', '--untracked-files=all'));
  if (status !== '') {
    const count = status.split('\n').length;
    throw new Kept(`${count} ${count === 1 ? 'file is' : 'files are'} not committed`);
  }
  const head = answer(await git(path, 'rev-parse', '--verify', 'HEAD^{commit}'));
  await requireElsewhere(git, record, head);
}

/** Merged into the branch that it was made from, or into its upstream, or known to a remote. */
async function requireElsewhere(
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

function requireUnused(dir: string, dispatch: DispatchId): void {
  const use = lookAtRunDirUse(dir);
  if (use.kind !== 'seen') {
    const because = use.kind === 'unknown' ? use.because : 'nobody was seen';
    throw new Kept(`it cannot be told who uses it: ${because}`);
  }
  const users = use.value.get(dispatch);
  if (users !== undefined) throw new Kept(`process ${[...users].join(', ')} still uses it`);
}

/** What a crash has left between its renaming and its end counts as checked: nobody could write there since. */
async function removeHalves(
  { dir, git }: Removing,
  { dispatch, repository }: WorktreeRecord,
): Promise<void> {
  for (const half of halfWorktrees(dir, dispatch)) {
    await git(repository, 'worktree', 'repair', half);
    // Nobody has ever worked in one that was not finished. Of others git looks once more whether all is committed.
    const force = half.endsWith(LEAVING) ? [] : ['--force', '--force'];
    const removed = await git(repository, 'worktree', 'remove', ...force, half);
    if (removed.kind === 'answered' && removed.status === 0) continue;
    const because = removed.kind === 'answered' ? removed.err : removed.because;
    throw new Kept(`git does not remove ${half}: ${because.split('\n')[0] ?? ''}`);
  }
}

/** Only as it was when its commit was found elsewhere: git compares before it deletes. */
async function removeBranch({ git }: Removing, record: WorktreeRecord): Promise<void> {
  const { repository, branch } = record;
  const ref = `refs/heads/${branch}`;
  const tip = await git(repository, 'rev-parse', '--verify', '--quiet', ref);
  if (tip.kind !== 'answered') throw new Kept(tip.because);
  if (tip.status !== 0) return;
  await requireElsewhere(git, record, tip.out);
  const removed = await git(repository, 'update-ref', '-d', ref, tip.out);
  if (removed.kind === 'answered' && removed.status === 0) return;
  throw new Kept(`the branch ${branch} could not be removed`);
}

function answer(result: GitResult): string {
  if (result.kind === 'unknown') throw new Kept(result.because);
  if (result.status === 0) return result.out;
  const [first = `status ${result.status}`] = result.err.split('\n');
  throw new Kept(`git cannot look at it: ${first}`);
}
