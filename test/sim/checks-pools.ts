// Owns the checks of limits of providers as states of pools (I15): what they keep from starting, who asks whether they are
// over, and how they go.
import type { PoolLimit } from '../../src/core/pool.ts';
import type { PassCommit, PassResult } from '../../src/ports.ts';
import type { Commit } from './ledger-desk.ts';
import { isLive } from './row-change.ts';
import type { Stage } from './stage.ts';
import { type AttemptTruth, nameOf } from './truth.ts';

export function checkLimits(stage: Stage, commit: Commit): void {
  if (commit.method === 'commitPass') checkStarts(stage, commit);
  for (const limit of commit.limits.after) {
    checkProbe(stage, commit, limit);
    checkTaken(stage, commit, limit);
  }
  for (const limit of commit.limits.before) checkLifted(stage, commit, limit);
}

const same = (one: PoolLimit) => (other: PoolLimit) =>
  one.pool === other.pool && one.model === other.model;

export function appliesTo({ pool, model }: PoolLimit, its: string, uses: string | null): boolean {
  return pool === its && (model === null || model === uses);
}

/** What was committed in the same transaction came before. */
function checkStarts({ judge }: Stage, { args, answer, limits }: Commit): void {
  const { now } = args[0] as PassCommit;
  for (const { dispatch } of (answer as PassResult).claimed) {
    const { id, fence, name, pool, spec } = dispatch;
    for (const limit of limits.after) {
      if (!appliesTo(limit, pool, spec.task?.model ?? null)) continue;
      if (limit.until > now) {
        const message = `${name} starts ${limit.until - now} ms before the limit of ${pool} ends`;
        judge.report('I15 nothing starts under a limit', message);
      } else if (limit.probe === null || nameOf(limit.probe) !== nameOf({ dispatch: id, fence })) {
        const message = `${name} starts beside the probe of pool ${pool}`;
        judge.report('I15 one attempt asks whether a limit is over', message);
      }
    }
  }
}

/** What was told once closes a pool once: not longer with each look, nor again after somebody was answered. */
function checkTaken(
  { judge, truth, clocks }: Stage,
  { limits, by }: Commit,
  limit: PoolLimit,
): void {
  // It closes nothing.
  if (limit.until <= clocks.wall()) return;
  const before = limits.before.find(same(limit));
  if (before !== undefined) {
    const byMs = limit.until - before.until;
    // Shorter by a person; or along with the clock, as everything that is known of it.
    if (byMs <= 0 || byMs === limit.since - before.since) return;
  }
  const said = truth.attempt(limit.by)?.said ?? null;
  if (said === null || said.limitSaidAt === null) return;
  // What was said after the look that this comes from is still to be told.
  const lookedAt = by?.lookedAt.get(nameOf(limit.by)) ?? null;
  if (lookedAt !== null && lookedAt < said.limitSaidAt) return;
  // Who reads in pieces meets each notice by itself.
  if (by !== null && (by.behindAt.get(nameOf(limit.by)) ?? 0) >= by.passAt) return;
  const isTaken = said.limitTakenAt === said.limitSaidAt;
  said.limitTakenAt = said.limitSaidAt;
  if (!isTaken) return;
  const how = before === undefined ? 'anew' : `${limit.until - before.until} ms longer`;
  const message = `${nameOf(limit.by)} has told of a limit once, and pool ${limit.pool} is closed ${how}`;
  judge.report('I15 one notice is one limit', message);
}

/** Who has ended asks nobody any more, and would keep everybody else out for ever. */
function checkProbe({ judge }: Stage, { after }: Commit, { pool, probe }: PoolLimit): void {
  if (probe === null) return;
  const row = after.get(probe.dispatch)?.dispatch;
  if (row !== undefined && row.fence === probe.fence && isLive(row.state)) return;
  const message = `the probe ${nameOf(probe)} of pool ${pool} is over`;
  judge.report('I15 one attempt asks whether a limit is over', message);
}

/** A limit goes, or becomes shorter, with an answer of its provider, or with the end of who was to ask. */
function checkLifted(stage: Stage, { limits, after, by: who }: Commit, limit: PoolLimit): void {
  const { judge, truth } = stage;
  const now = limits.after.find(same(limit));
  if (now !== undefined && now.until >= limit.until) return;
  const { probe, by, pool } = limit;
  if (now !== undefined) {
    // A person who resumes the pool has it probed at once; and a clock that is set back takes everything along.
    if (who === null || now.until - limit.until === now.since - limit.since) return;
    if (probe !== null && nameOf(now.by) === nameOf(probe)) return;
    const message = `the limit of pool ${pool} became shorter, and nobody asked`;
    judge.report('I15 a limit goes with an answer', message);
    return;
  }
  const asker = probe === null ? undefined : truth.attempt(probe);
  const row = probe === null ? undefined : after.get(probe.dispatch)?.dispatch;
  const hasEnded = probe !== null && (row?.fence !== probe.fence || !isLive(row.state));
  if (hasEnded || isAnswered(asker)) return;
  if (truth.attempt(by)?.said?.answeredAfterLimit === true) return;
  // Of who has no stream it is enough that it runs.
  if (asker?.said === null && asker.runningAt !== null) return;
  const message = `the limit of pool ${pool} is lifted, and nobody was answered`;
  judge.report('I15 a limit goes with an answer', message);
}

function isAnswered(attempt: AttemptTruth | undefined): boolean {
  return (attempt?.said?.state.answers ?? 0) > 0;
}
