// Owns the removal of a worktree that nobody needs any more: what is in it is committed, and what is committed is elsewhere.
import { renameSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { DispatchId } from '../core/dispatch.ts';
import type { WorktreeFate } from '../ports.ts';
import type { Git, GitResult } from './git.ts';
import {
  type GitDirs,
  InUse,
  Kept,
  WITHOUT_SUBMODULES,
  WITH_SUBMODULES,
  answer,
  gitDirsOf,
  isOnlyMissing,
  requireElsewhere,
  requireNobodyIn,
  requireUnused,
  uncommitted,
} from './worktree-look.ts';
import {
  forgetWorktree,
  halfWorktrees,
  leavingPath,
  readWorktree,
  type WorktreeRecord,
  worktreePath,
} from './worktree-record.ts';
import {
  gitDirsLeftOf,
  hasSubmodules,
  requireCommitsElsewhere,
  requireSubmodulesSafe,
} from './worktree-submodules.ts';

export type RemovalStep = 'worktrees.remove.leaving';

interface Removing {
  readonly dir: string;
  readonly git: Git;
  readonly crashPoint: (name: RemovalStep) => void;
}

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
    if (!isThere) await removeLeft(removing, record);
    await removeBranch(removing, record);
    forgetWorktree(removing.dir, dispatch);
  });
}

/**
 * Ends the removal of what was renamed for it. git looks once more, and may refuse (it is locked): then it gets its place
 * back, with all that is in it.
 *
 * @returns why it is still there; null: nothing is on its way out any more
 */
export async function endLeaving(
  { dir, git }: Pick<Removing, 'dir' | 'git'>,
  record: WorktreeRecord,
): Promise<string | null> {
  const { dispatch, repository } = record;
  const away = leavingPath(dir, dispatch);
  if (!isThereAt(away)) return null;
  const why = await removeAway({ dir, git }, record, away);
  if (why === null || why.kind === 'open') return why?.because ?? null;
  const path = worktreePath(dir, dispatch);
  if (!isThereAt(path)) {
    renameSync(away, path);
    await git(repository, 'worktree', 'repair', path);
  }
  return why.because;
}

/** `open`: a git may still be at it, and whoever comes next finds out. */
interface WhyThere {
  readonly kind: 'refused' | 'open';
  readonly because: string;
}

/** Never a locked one: that takes more than one --force. */
async function removeAway(
  removing: Pick<Removing, 'dir' | 'git'>,
  record: WorktreeRecord,
  away: string,
): Promise<WhyThere | null> {
  const { dir, git } = removing;
  const remove = async (...words: readonly string[]) =>
    await git(record.repository, 'worktree', 'remove', ...words, away);
  let removed: GitResult;
  try {
    // By its former name nobody comes in any more.
    requireUnused(dir, record.dispatch);
    await git(record.repository, 'worktree', 'repair', away);
    const dirs = await gitDirsOf(git, away);
    await requireSafeAgain(git, record, away, dirs);
    removed = await remove(...(hasSubmodules(dirs) ? ['--force'] : []));
    if (isRefused(removed) && (await isCutRemoval(git, away))) removed = await remove('--force');
  } catch (error) {
    if (!(error instanceof Kept)) throw error;
    return { kind: error instanceof InUse ? 'open' : 'refused', because: error.message };
  }
  if (removed.kind === 'unknown') return { kind: 'open', because: removed.because };
  if (removed.status === 0) return null;
  const said = removed.err.split('\n')[0] ?? '';
  return { kind: 'refused', because: `git does not remove it: ${said}` };
}

function isRefused(result: GitResult): boolean {
  return result.kind === 'answered' && result.status !== 0;
}

/** Whatever git does not look at by itself. With submodules it removes only by force, and so looks at nothing. */
async function requireSafeAgain(
  git: Git,
  record: WorktreeRecord,
  away: string,
  dirs: GitDirs,
): Promise<void> {
  if (hasSubmodules(dirs)) {
    requireNobodyIn(dirs.own, ['modules']);
    await requireElsewhere(git, record, answer(await git(away, ...HEAD)));
    const status = answer(await git(away, ...WITHOUT_SUBMODULES));
    if (status !== '' && !isOnlyMissing(status)) throw new Kept(uncommitted(status));
  }
  await requireSubmodulesSafe(git, dirs, away, 'cut');
}

const HEAD = ['rev-parse', '--verify', 'HEAD^{commit}'] as const;

/** Nothing was uncommitted when it was renamed. If files are missing, and that is all, a git has not come to its end. */
async function isCutRemoval(git: Git, away: string): Promise<boolean> {
  const status = await git(away, ...WITH_SUBMODULES);
  return status.kind === 'answered' && status.status === 0 && isOnlyMissing(status.out);
}

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
  else await requireLeftSafe({ dir, git }, record);
  const tip = await tipOf(git, record);
  if (tip !== null) {
    await requireElsewhere(git, record, tip);
    await requireFree(git, record);
  }
  if (isThere) requireUnused(dir, dispatch);
  return isThere;
}

async function requireSafe(git: Git, record: WorktreeRecord, path: string): Promise<void> {
  const dirs = await gitDirsOf(git, path);
  // Before the worktree itself, of which git would say no more than that a submodule differs.
  await requireSubmodulesSafe(git, dirs, path, 'whole');
  const status = answer(await git(path, ...WITH_SUBMODULES));
  if (status !== '') throw new Kept(uncommitted(status));
  await requireElsewhere(git, record, answer(await git(path, ...HEAD)));
}

/** Somebody has removed its directory; its submodules' repositories may be there still, and go with its name. */
async function requireLeftSafe(
  { dir, git }: Pick<Removing, 'dir' | 'git'>,
  { dispatch, repository }: WorktreeRecord,
): Promise<void> {
  const said = answer(await git(repository, 'rev-parse', '--git-common-dir'));
  const places = [worktreePath(dir, dispatch), leavingPath(dir, dispatch)];
  for (const dirs of gitDirsLeftOf(resolve(repository, said), places)) {
    await requireCommitsElsewhere(git, dirs);
  }
}

/** Of one whose directory somebody has removed the repository still has the name. */
async function removeLeft(
  { dir, git }: Removing,
  { dispatch, repository }: WorktreeRecord,
): Promise<void> {
  for (const place of [worktreePath(dir, dispatch), leavingPath(dir, dispatch)]) {
    await git(repository, 'worktree', 'remove', '--force', place);
  }
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
  try {
    await gitDirsOf(git, half);
  } catch {
    return false;
  }
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

function isThereAt(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
