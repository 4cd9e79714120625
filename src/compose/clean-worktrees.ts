// Owns the part of `drover clean` that removes git worktrees: those of dispatches that have ended, where everything is
// committed and every commit is elsewhere. While a supervisor runs, only that one touches them.
import type { DispatchId, Millis } from '../core/dispatch.ts';
import { formatDuration } from '../core/duration.ts';
import { ownEnvironment } from '../host/agent-environment.ts';
import { crashPoint } from '../host/crash-point.ts';
import { createGit } from '../host/git.ts';
import type { StateDirPaths } from '../host/state-dir.ts';
import { errorCode } from '../host/system-error.ts';
import { listWorktrees, strayHalves, worktreePath } from '../host/worktree-record.ts';
import { removeStray } from '../host/worktree-removal.ts';
import { createWorktrees } from '../host/worktrees.ts';
import {
  isSupervisorLockHeld,
  type SupervisorLock,
  takeSupervisorLock,
} from '../ledger/supervisor-lock.ts';
import type { Ledger } from '../ports.ts';

/** What of a cleaning concerns worktrees. */
interface WorktreeCleaning {
  readonly paths: StateDirPaths;
  readonly ledger: Ledger;
  readonly now: Millis;
  readonly order: { readonly dryRun: boolean; readonly olderThanMs: number | null };
  readonly removed: string[];
  readonly kept: { readonly path: string; readonly reason: string; readonly next: string | null }[];
}

const SUPERVISED =
  'a supervisor runs, and removes those of dispatches that have succeeded by itself';

export async function cleanWorktrees(cleaning: WorktreeCleaning): Promise<void> {
  const { paths, kept } = cleaning;
  const all = listed(cleaning);
  if (all === null) return;
  await cleanStrays(cleaning);
  for (const id of all) {
    // For each by itself: git may take its time, and a supervisor that wants to come up does not wait for all of them.
    const place = takePlace(cleaning);
    if (place === null) {
      const next = 'drover down, then drover clean';
      kept.push({ path: worktreePath(paths.worktrees, id), reason: SUPERVISED, next });
      continue;
    }
    try {
      await cleanOne(cleaning, id);
    } finally {
      place.release();
    }
  }
}

/** null: they cannot be looked for. */
function listed({ paths: { worktrees }, kept }: WorktreeCleaning): readonly DispatchId[] | null {
  try {
    return listWorktrees(worktrees);
  } catch (error) {
    const reason = `it cannot be looked into (${errorCode(error) ?? String(error)})`;
    kept.push({ path: worktrees, reason, next: 'make it a directory that you can read' });
    return null;
  }
}

/** Nobody has ever worked in one, and no record names it. */
async function cleanStrays(cleaning: WorktreeCleaning): Promise<void> {
  const { paths, order, removed } = cleaning;
  for (const half of strayHalves(paths.worktrees)) {
    const place = takePlace(cleaning);
    if (place === null) return;
    try {
      const isGone = order.dryRun || (await removeStray(createGit(ownEnvironment()), half));
      if (isGone) removed.push(half);
    } finally {
      place.release();
    }
  }
}

/** null: a supervisor has it. Who only looks takes it from nobody. */
function takePlace({ paths, order }: WorktreeCleaning): SupervisorLock | null {
  if (!order.dryRun) return takeSupervisorLock(paths.lock);
  return isSupervisorLockHeld(paths.lock) ? null : { release: () => {} };
}

async function cleanOne(cleaning: WorktreeCleaning, id: DispatchId): Promise<void> {
  const { paths, order, removed, kept } = cleaning;
  const path = worktreePath(paths.worktrees, id);
  const keep = (reason: string) => void kept.push({ path, reason, next: null });
  const standing = await whyNot(cleaning, id);
  if (standing !== null) return keep(standing);
  const git = createGit(ownEnvironment());
  const worktrees = createWorktrees({ dir: paths.worktrees, git, crashPoint });
  const fate = order.dryRun
    ? await worktrees.foresee(id)
    : await worktrees.remove(id, async () => (await whyNot(cleaning, id)) === null);
  if (fate.kind === 'removed') removed.push(path);
  if (fate.kind === 'kept') keep(fate.because);
}

/** null: its dispatch has ended, long enough ago. */
async function whyNot(
  { ledger, now, order }: WorktreeCleaning,
  id: DispatchId,
): Promise<string | null> {
  const [view] = await ledger.dispatches({ ids: [id] });
  if (view === undefined) return 'no dispatch of this ledger has it';
  const { campaign, name, state } = view.dispatch;
  if (state.kind !== 'ended') return `${campaign}/${name} has not ended`;
  return order.olderThanMs === null ? null : youngOrNull(now - state.at, order.olderThanMs);
}

function youngOrNull(ageMs: Millis, olderThanMs: number): string | null {
  return ageMs > olderThanMs ? null : `it ended less than ${formatDuration(olderThanMs)} ago`;
}
