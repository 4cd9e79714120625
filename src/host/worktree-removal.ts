// Owns the removal of a worktree that nobody needs any more: what is in it is committed, and what is committed is elsewhere.
import { realpathSync, renameSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { DispatchId } from '../core/dispatch.ts';
import type { WorktreeFate } from '../ports.ts';
import type { Git, GitResult } from './git.ts';
import { lookAtRunDirUse } from './run-dir-use.ts';
import {
  forgetWorktree,
  halfWorktrees,
  leavingPath,
  readWorktree,
  type WorktreeRecord,
  worktreePath,
} from './worktree-record.ts';

export type RemovalStep = 'worktrees.remove.leaving';

interface Removing {
  readonly dir: string;
  readonly git: Git;
  readonly crashPoint: (name: RemovalStep) => void;
}

class Kept extends Error {}

/** Safe to repeat: each step finds out what is left. */
export async function removeWorktree(
  removing: Removing,
  dispatch: DispatchId,
): Promise<WorktreeFate> {
  return await unlessKept(removing, dispatch, async (record, path) => {
    const isThere = await requireNoNeed(removing, record, path);
    await requireLeft(removing, record);
    if (isThere) {
      // Away under a name of its own, which no start takes: a git that outlives us cannot remove the next one.
      renameSync(path, leavingPath(removing.dir, dispatch));
      removing.crashPoint('worktrees.remove.leaving');
      await requireLeft(removing, record);
    }
    await removeHalves(removing, record);
    // Of one whose directory somebody has removed the repository still has the name.
    if (!isThere) await removing.git(record.repository, 'worktree', 'remove', '--force', path);
    await removeBranch(removing, record);
    forgetWorktree(removing.dir, dispatch);
  });
}

/**
 * Ends the removal of what was renamed for it. git looks once more, and may refuse (it is locked, or has submodules): then
 * it gets its place back, with all that is in it.
 *
 * @returns why it is still there; null: nothing is on its way out any more
 */
export async function endLeaving(
  { dir, git }: Pick<Removing, 'dir' | 'git'>,
  { dispatch, repository }: WorktreeRecord,
): Promise<string | null> {
  const away = leavingPath(dir, dispatch);
  if (!isThereAt(away)) return null;
  await git(repository, 'worktree', 'repair', away);
  let removed = await git(repository, 'worktree', 'remove', away);
  if (isRefused(removed) && (await isCutRemoval(git, away))) {
    removed = await git(repository, 'worktree', 'remove', '--force', away);
  }
  if (removed.kind === 'unknown') return removed.because;
  if (removed.status === 0) return null;
  const path = worktreePath(dir, dispatch);
  if (!isThereAt(path)) {
    renameSync(away, path);
    await git(repository, 'worktree', 'repair', path);
  }
  return `git does not remove it: ${removed.err.split('\n')[0] ?? ''}`;
}

function isRefused(result: GitResult): boolean {
  return result.kind === 'answered' && result.status !== 0;
}

/** Nothing was uncommitted when it was renamed. If files are missing, and that is all, a git has not come to its end. */
async function isCutRemoval(git: Git, away: string): Promise<boolean> {
  if (whyNoTopLevel(await topLevelOf(git, away), away) !== null) return false;
  const status = await git(away, ...STATUS);
  if (status.kind !== 'answered' || status.status !== 0 || status.out === '') return false;
  // The first line has lost the space at its beginning.
  return status.out.split('\n').every((line) => /^ ?D /.test(line));
}

/** Whatever the repository's own settings say of new files and of submodules. */
const STATUS = ['status', '--porcelain', '--untracked-files=all', '--ignore-submodules=none'];

async function requireLeft(removing: Removing, record: WorktreeRecord): Promise<void> {
  const because = await endLeaving(removing, record);
  if (because !== null) throw new Kept(because);
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
  const { dispatch } = record;
  const isThere = isThereAt(path);
  if (isThere) await requireSafe(git, record, path);
  const tip = await tipOf(git, record);
  if (tip !== null) {
    await requireElsewhere(git, record, tip);
    await requireFree(git, record);
  }
  if (isThere) requireUnused(dir, dispatch);
  return isThere;
}

async function requireSafe(git: Git, record: WorktreeRecord, path: string): Promise<void> {
  // git would look at whichever repository lies around it.
  const strange = whyNoTopLevel(await topLevelOf(git, path), path);
  if (strange !== null) throw new Kept(strange);
  const status = answer(await git(path, ...STATUS));
  if (status !== '') {
    const count = status.split('\n').length;
    throw new Kept(`${count} ${count === 1 ? 'file is' : 'files are'} not committed`);
  }
  const head = answer(await git(path, 'rev-parse', '--verify', 'HEAD^{commit}'));
  await requireElsewhere(git, record, head);
}

async function topLevelOf(git: Git, path: string): Promise<GitResult> {
  return await git(path, 'rev-parse', '--show-toplevel');
}

function whyNoTopLevel(top: GitResult, path: string): string | null {
  if (top.kind === 'unknown') return top.because;
  if (top.status === 0 && top.out === realpathSync(path)) return null;
  return `${path} is no git worktree any more`;
}

/** null: there is no such branch, which is something else than a repository that cannot be looked at. */
async function tipOf(
  git: Git,
  { repository, branch }: Pick<WorktreeRecord, 'repository' | 'branch'>,
): Promise<string | null> {
  const tip = await git(repository, 'rev-parse', '--verify', '--quiet', `refs/heads/${branch}`);
  if (tip.kind === 'answered' && tip.status === 1) return null;
  return answer(tip);
}

/** Whoever has checked it out elsewhere would stand on nothing. */
async function requireFree(
  git: Git,
  { repository, branch, dispatch }: WorktreeRecord,
): Promise<void> {
  const list = answer(await git(repository, 'worktree', 'list', '--porcelain'));
  for (const one of list.split('\n\n')) {
    const lines = one.split('\n');
    if (!lines.includes(`branch refs/heads/${branch}`)) continue;
    const place = lines[0]?.replace(/^worktree /, '') ?? '';
    const name = basename(place);
    if (name === dispatch || name.startsWith(`.${dispatch}.`)) continue;
    throw new Kept(`${branch} is checked out at ${place}`);
  }
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

async function removeHalves(
  { dir, git }: Removing,
  { dispatch, repository }: WorktreeRecord,
): Promise<void> {
  for (const half of halfWorktrees(dir, dispatch)) {
    await git(repository, 'worktree', 'repair', half);
    const removed = await git(repository, 'worktree', 'remove', '--force', '--force', half);
    if (removed.kind === 'answered' && removed.status === 0) continue;
    const because = removed.kind === 'answered' ? removed.err : removed.because;
    throw new Kept(`git does not remove ${half}: ${because.split('\n')[0] ?? ''}`);
  }
}

/** @returns whether it is gone; `half` is one of `strayHalves`, which names its repository itself */
export async function removeStray(git: Git, half: string): Promise<boolean> {
  if (whyNoTopLevel(await topLevelOf(git, half), half) !== null) return false;
  const list = await git(half, 'worktree', 'list', '--porcelain');
  const main = list.kind === 'answered' ? /^worktree (.+)$/m.exec(list.out)?.[1] : undefined;
  if (main === undefined) return false;
  const removed = await git(main, 'worktree', 'remove', '--force', '--force', half);
  return removed.kind === 'answered' && removed.status === 0;
}

/** Only as it was when its commit was found elsewhere: git compares before it deletes. */
async function removeBranch({ git }: Removing, record: WorktreeRecord): Promise<void> {
  const { repository, branch } = record;
  const tip = await tipOf(git, record);
  if (tip === null) return;
  await requireElsewhere(git, record, tip);
  await requireFree(git, record);
  const removed = await git(repository, 'update-ref', '-d', `refs/heads/${branch}`, tip);
  if (removed.kind === 'answered' && removed.status === 0) return;
  throw new Kept(`the branch ${branch} could not be removed`);
}

function answer(result: GitResult): string {
  if (result.kind === 'unknown') throw new Kept(result.because);
  if (result.status === 0) return result.out;
  const [first = `status ${result.status}`] = result.err.split('\n');
  throw new Kept(`git cannot look at it: ${first}`);
}

function isThereAt(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
