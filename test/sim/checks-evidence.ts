// Owns the check of evidence: whatever the ledger is told of as a sign of work has a source of that kind in the attempt
// that it is told of, and a new one for each new sign (I5).
import type { Sign } from '../../src/core/sign.ts';
import { FRESH_MS } from '../../src/core/verdict.ts';
import type { EvidenceNote } from '../../src/ports.ts';
import { stirOfChildren } from './family.ts';
import type { Instance } from './instance.ts';
import type { Outage, Stage } from './stage.ts';
import { type AttemptTruth, nameOf } from './truth.ts';
import { SLOW_PASS_MS, sampleMs, stirredAs } from './work.ts';

/** Signs that are there at each look for as long as they last. */
const LASTING: ReadonlySet<Sign['kind']> = new Set(['operation', 'tool', 'child']);

/** From a look that is due to the one that takes place. */
const PASS_MS = 500;

/** For as long as one of these lasts a sample may miss what it is of, and a later one finds it. */
const BLINDING: readonly Outage[] = ['dirs', 'scan', 'sight', 'io', 'protection'];

export function checkNotes(stage: Stage, by: Instance, notes: readonly EvidenceNote[]): void {
  for (const note of notes) {
    const attempt = stage.truth.attempt(note);
    if (attempt === undefined) continue;
    for (const sign of note.signs) checkSign(stage, by, attempt, sign);
  }
}

/** The ledger took them. */
export function keepNotes({ truth }: Stage, notes: readonly EvidenceNote[]): void {
  for (const note of notes) {
    for (const { kind } of note.signs) {
      const noted = truth.attempt(note)?.noted.get(kind);
      if (noted !== undefined) noted.taken = true;
    }
  }
}

function checkSign(stage: Stage, by: Instance, attempt: AttemptTruth, sign: Sign): void {
  const { kind, at, detail } = sign;
  const before = attempt.noted.get(kind);
  if (before?.detail === detail && (before.by !== by || before.at === at)) return;
  const name = nameOf(attempt.key);
  const { now } = stage.timeline;
  // A supervisor that is stopped between the two ends its sample long after it has read what it is of.
  const sampledAt = Math.min(by.lookedAt.get(name) ?? now, by.sampledAt.get(name) ?? now);
  // Where nothing has kept anybody from looking, a sign is found by the sample that follows its source.
  const lateMs = slackMs(stage, attempt, kind);
  const { calmSince } = stage.truth;
  // Whose start is not on record is not sampled yet.
  const watchedSince = Math.max(calmSince, attempt.runningAt ?? now);
  const isBlind = BLINDING.some((out) => stage.isOut(out));
  const isCalm = sampledAt - watchedSince > 2 * lateMs && !isBlind;
  // Whose ledger was gone for a while has looked at nobody.
  const foundSince = Math.min(sampledAt, by.sampledBefore.get(name) ?? sampledAt);
  const knownSince = before?.sampledAt ?? attempt.claimedAt;
  const ownSince = (isCalm ? foundSince : knownSince) - lateMs;
  // What the ledger did not take is found again by whoever comes next; what was written while nobody read is read piece
  // by piece, for as long as there is more; and what one sample could not read is for the next.
  const isBehind = sampledAt - (by.behindAt.get(name) ?? Number.NEGATIVE_INFINITY) < lateMs;
  const isNear = before !== undefined && sampledAt - before.sampledAt < lateMs;
  // Passes follow each other closely once a trouble is over, and the first of them tells what was found before it.
  const isCatchingUp = !LASTING.has(kind) && now - calmSince < lateMs;
  const goesOn =
    before !== undefined && (!before.taken || (isNear && (isBehind || isBlind || isCatchingUp)));
  // Whoever names again what runs has all of it at once.
  const isNamed = kind === 'child' && attempt.namedAt >= knownSince;
  const foundFrom = isNamed ? attempt.claimedAt : ownSince;
  const since = goesOn ? Math.min(foundFrom, before.since) : foundFrom;
  // What is told while nobody can look is of an earlier sample.
  const ofSample = isBlind ? knownSince : sampledAt;
  attempt.noted.set(kind, { at, detail, by, sampledAt: ofSample, since, taken: false });
  const source = sourceOf(stage, attempt, kind);
  if (source !== null && source >= since) return;
  const last = source === null ? 'never' : `${Math.round(stage.timeline.now - source)} ms ago`;
  const message = `${nameOf(attempt.key)} (${attempt.name}) shows ${kind} (${detail}), and had a source of it ${last}`;
  stage.judge.report('I5 evidence is its own', message);
}

/**
 * How much older than the sample before which a sign is told its source may be: a sample has missed it, and one more was
 * taken until it was told. A child that works may have done so before it was this attempt's.
 */
function slackMs({ profile }: Stage, { spec }: AttemptTruth, kind: Sign['kind']): number {
  const passMs = PASS_MS + (profile.slow > 0 ? SLOW_PASS_MS : 0);
  return 3 * (sampleMs(spec) + passMs) + (kind === 'child' ? FRESH_MS : 0);
}

function sourceOf(
  { truth, timeline: { now } }: Stage,
  attempt: AttemptTruth,
  kind: Sign['kind'],
): number | null {
  // Its start is dated by when that was written, by the clock of then.
  if (kind === 'tool' && truth.jumpedMs > 0) return now;
  if (kind === 'child') return stirOfChildren(truth, attempt.key, now);
  // For how long a lease counts that nobody touches is said elsewhere.
  if (kind === 'operation' && attempt.lease !== null) return now;
  return stirredAs(attempt, kind, now);
}
