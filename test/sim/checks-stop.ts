// Owns the checks of a decision to stop, and of a deadline that moves: was there silence, was it time (I6, I7)?
import type { State } from '../../src/core/dispatch.ts';
import { FRESH_MS } from '../../src/core/verdict.ts';
import { checkBroken, checkSpent } from './checks-limits.ts';
import { checkNotWaiting } from './checks-waits.ts';
import type { RowChange } from './row-change.ts';
import type { Stage } from './stage.ts';
import { type AttemptTruth, nameOf } from './truth.ts';
import { finalState } from './said.ts';
import { stirOfChildren, workOfChildren } from './family.ts';
import { lastWorkOf, sampleMs, stirredBefore } from './work.ts';

function isWaiting({ said }: AttemptTruth): boolean {
  return said?.wait != null;
}

/** Who is late by less than five seconds does not notice (time-watch.ts), and may have planned to sleep as long. */
const UNNOTICED_MS_MAX = 10_000;

type Stopping = Extract<State, { kind: 'stopping' }>;

export function checkStop(stage: Stage, change: RowChange): void {
  const { before, after, attempt } = change;
  if (attempt === null) return;
  const { state } = after.dispatch;
  if (state.kind === 'stopping' && before.dispatch.state.kind !== 'stopping') {
    attempt.stoppingAt = stage.timeline.now;
    const { said } = attempt;
    attempt.toldToGo = state.reason.kind !== 'leftovers';
    if (said !== null) said.doneBefore = said.state.result?.ok === true;
    if (state.reason.kind === 'cause') checkCause(stage, change, attempt, state);
    else if (state.reason.kind === 'lingering') checkLingering(stage, change, attempt);
    else if (attempt.agentLives) {
      const message = `${attempt.name} lives and is ended as a leftover: ${after.dispatch.because}`;
      stage.judge.report('I4 no end while its agent lives', message);
    }
  }
  checkExtension(stage, change, attempt);
}

function checkCause(
  stage: Stage,
  change: RowChange,
  attempt: AttemptTruth,
  { reason }: Stopping,
): void {
  if (reason.kind !== 'cause') return;
  switch (reason.cause) {
    case 'stalled':
      checkNotWaiting(stage, change, attempt, lookedAt(stage, change, attempt));
      checkSilent(stage, change, attempt, attempt.spec.stallMs);
      return;
    case 'timed-out':
      checkInTime(stage, change, attempt);
      return;
    case 'max-output':
    case 'max-memory':
    case 'max-processes':
      checkBroken(stage, change, attempt, reason.cause);
      return;
    case 'max-tokens':
    case 'max-cost':
      checkSpent(stage, change, attempt);
      return;
    case 'quota':
      // Whether what is on the other stream was an answer to an earlier limit, nobody can tell who did not read it then.
      if (attempt.said?.mixed === true) return;
      checkNotWaiting(stage, change, attempt, lookedAt(stage, change, attempt));
      // At its soft limit it has to work, as anybody.
      if (change.after.dispatch.because.startsWith('its deadline has passed'))
        checkInTime(stage, change, attempt);
      else if (!isWaiting(attempt) && !hasSpokenSince(stage, change, attempt))
        checkSilent(stage, change, attempt, attempt.spec.stallMs);
      return;
    case 'cancelled':
    case 'superseded':
      return;
  }
}

/** What it waited for at the look may have been answered before the commit. */
function hasSpokenSince(stage: Stage, change: RowChange, attempt: AttemptTruth): boolean {
  return (attempt.stirredAt.get('output') ?? 0) > lookedAt(stage, change, attempt);
}

/** When the evidence was gathered on which the decision rests. */
function lookedAt({ timeline }: Stage, { commit }: RowChange, { key }: AttemptTruth): number {
  return commit.by?.lookedAt.get(nameOf(key)) ?? timeline.now;
}

/** Nobody lingers whose result is not there, or who did something within the window. */
function checkLingering(stage: Stage, change: RowChange, attempt: AttemptTruth): void {
  const { stallMs, lingerMs } = attempt.spec;
  checkSilent(stage, change, attempt, Math.min(stallMs, lingerMs));
  if (stage.truth.dispatch(attempt.key.dispatch).goalReachedAt !== null) return;
  // Its last line counts without an end, once it has ended itself.
  const { said, spec, agentLives } = attempt;
  const state = said === null || agentLives ? said?.state : finalState(said, spec);
  if (state?.result != null) return;
  const message = `${attempt.name} has no result: ${change.after.dispatch.because}`;
  stage.judge.report('I12 no success without proof', message);
}

function checkSilent(
  stage: Stage,
  change: RowChange,
  attempt: AttemptTruth,
  windowMs: number,
): void {
  const lookAt = lookedAt(stage, change, attempt);
  const workedAt = workBefore(stage, attempt, lookAt);
  const silentMs = lookAt - workedAt + unnoticedMs(stage, workedAt);
  if (silentMs >= windowMs - stage.truth.driftMs) return;
  // What it writes into a removed directory is seen by nobody, nor the end of whose record was destroyed.
  const { wasRemoved } = stage.disk.get(attempt.key);
  if (attempt.damaged && (wasRemoved || !attempt.agentLives)) return;
  const message = `${attempt.name} worked ${Math.round(silentMs)} ms before it was called silent (${windowMs} ms): ${change.after.dispatch.because}`;
  stage.judge.report('I6 only the silent are stalled', message);
}

/** Sleeps of the machine that are too short to be noticed where the monotonic clock counts them. */
function unnoticedMs({ truth }: Stage, since: number): number {
  const short = truth.unfollowedJumps.filter(
    ({ at, byMs }) => at >= since && byMs < UNNOTICED_MS_MAX,
  );
  return short.reduce((sum, { byMs }) => sum + Math.max(0, byMs), 0);
}

function checkInTime(stage: Stage, change: RowChange, attempt: AttemptTruth): void {
  const { judge } = stage;
  const { spec, name, deadlineFrom } = attempt;
  if (spec.deadlineMs === null) {
    judge.report('I7 no time-out before its time', `${name} has no deadline`);
    return;
  }
  const lookAt = lookedAt(stage, change, attempt);
  const ranMs = lookAt - deadlineFrom + stage.truth.driftMs + Math.max(0, attempt.unfollowedMs);
  if (ranMs < spec.deadlineMs) {
    const message = `${name} timed out after ${Math.round(ranMs)} of ${spec.deadlineMs} ms: ${change.after.dispatch.because}`;
    judge.report('I7 no time-out before its time', message);
  }
  const workedAt = workBefore(stage, attempt, lookAt);
  const quietMs = lookAt - workedAt + unnoticedMs(stage, workedAt);
  const freshMs = Math.min(FRESH_MS, spec.stallMs);
  // Who has asked a person works no more by his own word.
  if (attempt.said?.state.waitingFor != null) return;
  if (ranMs >= spec.deadlineMs + spec.extendMs || quietMs >= freshMs - stage.truth.driftMs) return;
  const message = `${name} timed out ${Math.round(quietMs)} ms after a sign of work, and before its hard limit: ${change.after.dispatch.because}`;
  judge.report('I7 no time-out while it works', message);
}

/**
 * What it did until that moment, and whom it waits for; its claim counts as the first sign, for silence begins there at the
 * earliest.
 */
function workBefore(stage: Stage, attempt: AttemptTruth, at: number): number {
  const own = lastWorkOf(attempt, at) ?? attempt.claimedAt;
  return Math.max(own, workOfChildren(stage, attempt, at) ?? 0);
}

/** I7: only evidence extends, and a person; a step of the clock moves the wall, not the deadline. */
function checkExtension(stage: Stage, change: RowChange, attempt: AttemptTruth): void {
  const { before, after, commit } = change;
  if (commit.method !== 'setDeadline' || commit.by === null) return;
  const from = before.attempt?.deadline?.softAt;
  const to = after.attempt?.deadline?.softAt;
  if (from === undefined || to === undefined || to <= from) return;
  if (before.dispatch.state.kind === 'starting') {
    waitForStart(stage, attempt, to - from);
    return;
  }
  const lookAt = lookedAt(stage, change, attempt);
  const own = stirredBefore(attempt, lookAt) ?? 0;
  const quietMs = lookAt - Math.max(own, stirOfChildren(stage.truth, attempt.key, lookAt) ?? 0);
  // A sign is dated by the look that found it, so it may be older by what lies between two looks.
  const freshMs = Math.min(FRESH_MS, attempt.spec.stallMs) + sampleMs(attempt.spec) + 1_000;
  if (quietMs <= freshMs) return;
  // After a gap in the looks, growth is dated by the look that ends it.
  const gaps = stage.truth.calmSince > lookAt - 2 * freshMs || stage.profile.slow > 0;
  if (gaps && stage.isFaulty) return;
  const message = `${attempt.name} was extended after ${Math.round(quietMs)} ms of silence`;
  stage.judge.report('I7 only evidence extends', message);
}

/** Who waits to be started is given the time in which nobody could, and no more than has passed. */
function waitForStart(
  { judge, timeline, truth }: Stage,
  attempt: AttemptTruth,
  byMs: number,
): void {
  // A sleep of the machine that no deadline follows is made up for as well.
  const sleptMs = Math.min(byMs, attempt.sleptMs);
  attempt.sleptMs -= sleptMs;
  attempt.unfollowedMs -= sleptMs;
  attempt.deadlineFrom += byMs - sleptMs;
  const aheadMs = attempt.deadlineFrom - timeline.now - truth.driftMs;
  if (aheadMs <= 0) return;
  const message = `${attempt.name} was given ${Math.round(aheadMs)} ms more than it has waited`;
  judge.report('I7 only evidence extends', message);
}
