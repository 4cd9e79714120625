// Owns whose evidence a child dispatch is, in truth: that of the very attempt that has added it, while it works (I5).
import { FRESH_MS } from '../../src/core/verdict.ts';
import type { AttemptKey } from '../../src/ports.ts';
import type { Stage } from './stage.ts';
import { type AttemptTruth, type Truth, nameOf } from './truth.ts';
import { SLOW_PASS_MS, lastWorkOf, sampleMs, stirredBefore } from './work.ts';

/** From a look that is due to the one that takes place. */
const PASS_MS = 200;

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
  // Whose agent runs is looked at before his parent is ended. Of who runs no more, the last sample of his parent tells, before which
  // lies one of his own: they are as close as those of the parent (src/supervisor/family.ts).
  const lagMs = PASS_MS + (until < at ? 2 * betweenSamplesMs(stage, parent) : 0);
  if (until - lagMs < runningAt) return null;
  const workedAt = lastWorkOf(child, until - lagMs);
  if (workedAt === null || workedAt < runningAt) return null;
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
    const stirredAt = stirredBefore(child, at);
    if (stirredAt === null) continue;
    // Dated by the child's own sample, which may come that much later.
    latest = Math.max(latest ?? 0, Math.min(at, stirredAt + sampleMs(child.spec)));
  }
  return latest;
}
