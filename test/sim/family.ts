// Owns whose evidence a child dispatch is, in truth: that of the very attempt that has added it, while it works (I5).
import { FRESH_MS } from '../../src/core/verdict.ts';
import type { AttemptKey } from '../../src/ports.ts';
import type { Stage } from './stage.ts';
import { type AttemptTruth, type Truth, nameOf } from './truth.ts';
import { SLOW_PASS_MS, lastWorkOf, sampleMs, stirredBefore } from './work.ts';

/** From a look that is due to the one that takes place; a child is not sampled twice in 200 ms. */
const PASS_MS = 500;

/** How many have added each other until this one was added; 0: people have submitted it. */
export function generationOf(truth: Truth, id: string): number {
  const parent = truth.rows.get(id)?.dispatch.parent ?? null;
  return parent === null ? 0 : 1 + generationOf(truth, parent.dispatch);
}

/** Every attempt of the dispatches that this attempt has added, or has named again. */
function childrenOf({ rows, attempts }: Truth, key: AttemptKey): AttemptTruth[] {
  const parent = nameOf(key);
  const ids = new Set<string>();
  for (const { dispatch } of rows.values()) {
    if (dispatch.parent !== null && nameOf(dispatch.parent) === parent) ids.add(dispatch.id);
  }
  if (ids.size === 0) return [];
  return [...attempts.values()].filter((attempt) => ids.has(attempt.key.dispatch));
}

/**
 * The last moment, `at` or before, at which one of its children did something that makes it a working child at the look
 * that follows; null: there is none.
 */
export function workOfChildren(stage: Stage, parent: AttemptTruth, at: number): number | null {
  let latest: number | null = null;
  for (const child of childrenOf(stage.truth, parent.key)) {
    const workedAt = seenWork(stage, parent, child, at);
    if (workedAt !== null) latest = Math.max(latest ?? 0, workedAt);
  }
  return latest;
}

/** What the child's own samples have shown, while it was fresh, to a sample of its parent. */
function seenWork(
  stage: Stage,
  parent: AttemptTruth,
  child: AttemptTruth,
  at: number,
): number | null {
  const { runningAt, ranUntil, agentEndedAt, damaged, spec } = child;
  if (runningAt === null || damaged) return null;
  const until = Math.min(at, ranUntil ?? at, agentEndedAt ?? at);
  // Whose agent runs is looked at before his parent is ended. Of who runs no more, the last sample of his parent tells,
  // before which lies one of his own: they are as close as those of the parent (src/supervisor/family.ts).
  const lagMs = PASS_MS + (until < at ? 2 * betweenSamplesMs(stage, parent) : 0);
  if (until - lagMs < runningAt) return null;
  // A lease that has run out since the child's last sample leaves nothing to be seen but what the one before that has, and
  // that is dated to the sample.
  const leaseMs = child.lease === null ? 0 : sampleMs(spec);
  const held = lastWorkOf(child, until - lagMs - 2 * leaseMs);
  const own = held === null ? null : held - leaseMs;
  // It works as well while it waits for a child of its own that does.
  const others = workOfChildren(stage, child, until - lagMs);
  if (own === null && others === null) return null;
  const workedAt = Math.max(own ?? 0, others ?? 0);
  // Its first sample, with which growth begins, comes that much after the look that found it running.
  if (workedAt < runningAt + betweenSamplesMs(stage, parent)) return null;
  const freshMs = Math.min(FRESH_MS, spec.stallMs) - stage.truth.driftMs;
  return until - workedAt < freshMs ? workedAt : null;
}

function betweenSamplesMs({ profile }: Stage, { spec }: AttemptTruth): number {
  return sampleMs(spec) + PASS_MS + (profile.slow > 0 ? 2 * SLOW_PASS_MS : 0);
}

/** The last moment, `at` or before, from which a working child may have counted; null: there is none. */
export function stirOfChildren(truth: Truth, key: AttemptKey, at: number): number | null {
  let latest: number | null = null;
  for (const child of childrenOf(truth, key)) {
    // Dated by the child's own sample, which may come that much later.
    const own = stirredBefore(child, at);
    if (own !== null) latest = Math.max(latest ?? 0, Math.min(at, own + sampleMs(child.spec)));
    const others = stirOfChildren(truth, child.key, at);
    if (others !== null) latest = Math.max(latest ?? 0, others);
  }
  return latest;
}
