// Owns the check of evidence: whatever the ledger is told of as a sign of work has a source of that kind in the attempt
// that it is told of, and a new one for each new sign (I5).
import type { Sign } from '../../src/core/sign.ts';
import type { EvidenceNote } from '../../src/ports.ts';
import { stirOfChildren } from './family.ts';
import type { Instance } from './instance.ts';
import type { Stage } from './stage.ts';
import { type AttemptTruth, nameOf } from './truth.ts';
import { SLOW_PASS_MS, sampleMs, stirredAs } from './work.ts';

/** A child is looked at by itself, before it is looked at for its parent. */
const CHILD_SAMPLE_MS_MAX = 10_000;

export function checkNotes(stage: Stage, by: Instance, notes: readonly EvidenceNote[]): void {
  for (const note of notes) {
    const attempt = stage.truth.attempt(note);
    if (attempt === undefined) continue;
    for (const sign of note.signs) checkSign(stage, by, attempt, sign);
  }
}

function checkSign(stage: Stage, by: Instance, attempt: AttemptTruth, sign: Sign): void {
  const { kind, at, detail } = sign;
  const before = attempt.noted.get(kind);
  if (before?.detail === detail && (before.by !== by || before.at === at)) return;
  const lookedAt = by.lookedAt.get(nameOf(attempt.key)) ?? stage.timeline.now;
  attempt.noted.set(kind, { at, detail, by, lookedAt });
  // What happened since the sample that has shown the sign before; that may be one sample older than what was told of it.
  const slackMs = 2 * (sampleMs(attempt.spec) + SLOW_PASS_MS) + CHILD_SAMPLE_MS_MAX;
  const since = before === undefined ? attempt.claimedAt : before.lookedAt - slackMs;
  const source = sourceOf(stage, attempt, kind);
  if (source !== null && source >= since) return;
  const last = source === null ? 'never' : `${Math.round(stage.timeline.now - source)} ms ago`;
  const message = `${nameOf(attempt.key)} (${attempt.name}) shows ${kind} (${detail}), and had a source of it ${last}`;
  stage.judge.report('I5 evidence is its own', message);
}

function sourceOf(
  { truth, timeline: { now } }: Stage,
  attempt: AttemptTruth,
  kind: Sign['kind'],
): number | null {
  if (kind === 'child') return stirOfChildren(truth, attempt.key, now);
  // For how long a lease counts that nobody touches is said elsewhere.
  if (kind === 'operation' && attempt.lease !== null) return now;
  return stirredAs(attempt, kind, now);
}
