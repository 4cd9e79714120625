// Owns where a dispatch works: in its directory, or in a git worktree of its own; and that a worktree goes when nobody needs
// it any more.
import type { Dispatch, DispatchId, LiveDispatch } from '../core/dispatch.ts';
import type { WorktreeFate, WorktreeResult } from '../ports.ts';
import type { World } from './world.ts';

const READY = { kind: 'ready' } as const;

/** Before each start: a further attempt finds what the one before it has left. */
export async function prepareWorkspace(
  { worktrees }: World,
  { dispatch, attempt }: LiveDispatch,
): Promise<WorktreeResult> {
  const { id, campaign, name, spec } = dispatch;
  if (spec.workspace !== 'worktree') return READY;
  const { fence } = attempt;
  return await worktrees.prepare({ dispatch: id, fence, campaign, name, cwd: spec.cwd });
}

/** Where its agent and its `done_when` run. */
export function cwdOf({ worktrees }: World, { id, spec }: Pick<Dispatch, 'id' | 'spec'>): string {
  return spec.workspace === 'worktree' ? worktrees.cwdOf(id, spec.cwd) : spec.cwd;
}

/** The end of a dispatch that has succeeded; of every other one a person may want to see what it had. */
export async function leaveWorkspace(world: World, dispatch: DispatchId): Promise<WorktreeFate> {
  const { ledger, worktrees } = world;
  return await worktrees.remove(dispatch, async () => {
    const [view] = await ledger.dispatches({ ids: [dispatch] });
    const state = view?.dispatch.state;
    return state?.kind === 'ended' && state.outcome.kind === 'succeeded';
  });
}

/** A few git commands each. What is not merged now may be later. */
const LOOKS_PER_SWEEP_MAX = 4;
const LOOK_AGAIN_MS = 10 * 60_000;

/** Repeats the leaving until it is done: at the end of its dispatch a worktree is hardly ever merged. */
export function createWorkspaceSweep(world: World): () => Promise<void> {
  const { worktrees, clock, log } = world;
  /** when it was looked at last, monotonic */
  const lookedAt = new Map<DispatchId, number>();
  return async () => {
    const list = worktrees.list();
    if (list.kind === 'unknown') log(`worktrees not swept: ${list.because}`);
    const all = list.kind === 'seen' ? list.value : [];
    for (const known of lookedAt.keys()) if (!all.includes(known)) lookedAt.delete(known);
    const nowMs = clock.monotonicMs();
    const due = all.filter((id) => nowMs - (lookedAt.get(id) ?? -LOOK_AGAIN_MS) >= LOOK_AGAIN_MS);
    for (const id of due.slice(0, LOOKS_PER_SWEEP_MAX)) {
      lookedAt.set(id, nowMs);
      await leaveWorkspace(world, id);
    }
  };
}
