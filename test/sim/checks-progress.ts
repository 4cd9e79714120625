// Owns the checks that something happens at all (I6, I7, I8, I19): in a world that nothing disturbs, with a supervisor that
// runs, nothing stays undecided for long.
import { type Dispatch, isHeldBack } from '../../src/core/dispatch.ts';
import type { DispatchView } from '../../src/ports.ts';
import { appliesTo } from './checks-pools.ts';
import { checkWaitEnds } from './checks-waits.ts';
import { checkKept } from './checks-limits.ts';
import { stirOfChildren } from './family.ts';
import { isLive } from './row-change.ts';
import type { Stage } from './stage.ts';
import type { AttemptTruth } from './truth.ts';
import { LEASE_TOUCHED_MS, lastWorkOf, stirredBefore } from './work.ts';

/** Longer than every poll, back-off and record of a slow machine together (longest: 30 s between two kills). */
const SOON_MS = 60_000;
/** Polls alone, and a done_when that takes its time. */
const NOTICE_WITHIN_MS = 40_000;
/** And than done_when may take beside it. */
const STOP_WITHIN_MS = 120_000;

/**
 * @param claims true while a supervisor runs that may start something
 */
export function checkProgress(stage: Stage, claims: boolean): void {
  const { timeline, truth } = stage;
  const calmMs = timeline.now - truth.calmSince;
  for (const { dispatch } of truth.rows.values()) {
    const attempt = truth.attempt({ dispatch: dispatch.id, fence: dispatch.fence });
    if (attempt === undefined || !isLive(dispatch.state)) continue;
    /** For how long this has been so, and nothing has disturbed it. */
    const since = (moment: number | null) =>
      moment === null ? 0 : Math.min(calmMs, timeline.now - moment);
    checkStart(stage, dispatch, attempt, since(attempt.claimedAt));
    checkDeath(stage, dispatch, attempt, since(attempt.agentEndedAt));
    checkWish(stage, dispatch, since(truth.dispatch(dispatch.id).cancelledAt));
    checkEnding(stage, dispatch, attempt, since(attempt.stoppingAt));
    // What a person is to confirm waits for a person.
    if (isHeldBack(dispatch.state)) continue;
    checkHardLimit(stage, dispatch, attempt, calmMs);
    checkSilence(stage, dispatch, attempt, calmMs);
    checkKept(stage, dispatch, attempt, calmMs);
    checkWaitEnds(stage, dispatch, attempt, calmMs);
  }
  if (!claims || calmMs < SOON_MS) return;
  checkSlotsAreUsed(stage);
  checkNobodyWaits(stage);
}

function checkStart(
  { judge }: Stage,
  { name, state, because }: Dispatch,
  { damaged, shimLives }: AttemptTruth,
  sinceMs: number,
): void {
  if (state.kind !== 'starting' || sinceMs < SOON_MS) return;
  // Where the pid record was destroyed, a living shim is waited for; it will record the end.
  if (damaged && shimLives) return;
  judge.report(
    'I19 a start is judged',
    `${name} is starting for ${Math.round(sinceMs)} ms: ${because}`,
  );
}

function checkDeath(
  { judge }: Stage,
  { name, state, because }: Dispatch,
  { agentLives, shimLives, damaged }: AttemptTruth,
  sinceMs: number,
): void {
  // Without its records somebody else of its tree may be watched in its place.
  if (damaged) return;
  if (state.kind !== 'running' || agentLives || shimLives || sinceMs < NOTICE_WITHIN_MS) return;
  judge.report(
    'I19 a death is noticed',
    `${name} is dead for ${Math.round(sinceMs)} ms: ${because}`,
  );
}

function checkWish({ judge }: Stage, { name, state, because }: Dispatch, sinceMs: number): void {
  if (state.kind === 'stopping' || sinceMs < SOON_MS) return;
  const message = `${name} was cancelled ${Math.round(sinceMs)} ms ago and is ${state.kind}: ${because}`;
  judge.report('I19 a wish is carried out', message);
}

function checkEnding(
  stage: Stage,
  { name, state, because }: Dispatch,
  attempt: AttemptTruth,
  sinceMs: number,
): void {
  if (state.kind !== 'stopping' || isStuck(stage, attempt)) return;
  if (sinceMs < STOP_WITHIN_MS + attempt.spec.graceMs + attempt.spec.leftoverGraceMs) return;
  const message = `${name} is stopping for ${Math.round(sinceMs)} ms: ${because}`;
  stage.judge.report('I8 a tree that has to go is ended', message);
}

/** The only excuse: a process that no signal reaches, now or until a moment ago. */
function isStuck({ machine, truth }: Stage, attempt: AttemptTruth): boolean {
  for (const process of machine.all()) {
    if (process.attempt === attempt && process.stuckUntil > truth.calmSince) return true;
  }
  return false;
}

function checkHardLimit(
  { judge, timeline }: Stage,
  { name, state, because }: Dispatch,
  { spec, deadlineFrom, agentLives, unfollowedMs }: AttemptTruth,
  calmMs: number,
): void {
  if (state.kind !== 'running' || spec.deadlineMs === null || !agentLives) return;
  const hardMs = spec.deadlineMs + spec.extendMs + Math.max(0, -unfollowedMs);
  const beyondMs = timeline.now - deadlineFrom - hardMs;
  if (Math.min(beyondMs, calmMs) < SOON_MS) return;
  const message = `${name} runs ${Math.round(beyondMs)} ms beyond its hard limit: ${because}`;
  judge.report('I7 the hard limit is kept', message);
}

/** A result that was there when it fell silent is found by the first question, if that gets an answer. */
function windowOf(
  { truth }: Stage,
  { key, spec, lastGoal }: AttemptTruth,
  silentSince: number,
): number {
  const { goalReachedAt } = truth.dispatch(key.dispatch);
  if (lastGoal === 'unknown') return spec.stallMs;
  const isThere = spec.doneWhen !== null && goalReachedAt !== null && goalReachedAt <= silentSince;
  return isThere ? Math.min(spec.stallMs, spec.lingerMs) : spec.stallMs;
}

function checkSilence(
  stage: Stage,
  { name, state, because }: Dispatch,
  attempt: AttemptTruth,
  calmMs: number,
): void {
  const { judge, timeline } = stage;
  if (state.kind !== 'running' || !attempt.agentLives) return;
  const workedAt = lastWorkOf(attempt, timeline.now) ?? attempt.claimedAt;
  const stirredAt = Math.max(
    stirredBefore(attempt, timeline.now) ?? 0,
    stirOfChildren(stage.truth, attempt.key, timeline.now) ?? 0,
  );
  // Nobody is silent whose start is not on record.
  const beganAt = attempt.runningAt ?? timeline.now;
  // Who slept grants the leases that he knew anew (src/supervisor/memory.ts).
  const grantedUntil = attempt.lease === null ? 0 : stage.truth.calmSince + LEASE_TOUCHED_MS;
  const leasedAt = Math.min(timeline.now, grantedUntil);
  const silentMs = timeline.now - Math.max(workedAt, stirredAt, beganAt, leasedAt);
  // Twice, for a window that is granted afresh may begin late.
  // What may only have been taken for a sign need not have made anybody ask for its result again.
  const silentSince = Math.min(timeline.now - silentMs, workedAt);
  const withinMs = 2 * windowOf(stage, attempt, silentSince) + SOON_MS;
  if (Math.min(silentMs, calmMs) < withinMs) return;
  const message = `${name} is silent for ${Math.round(silentMs)} ms (stall ${attempt.spec.stallMs}, linger ${attempt.spec.lingerMs}): ${because}`;
  judge.report('I6 the silent are stopped', message);
}

function checkSlotsAreUsed(stage: Stage): void {
  const { judge, truth, timeline } = stage;
  const rows = [...truth.rows.values()].map(({ dispatch }) => dispatch);
  for (const [pool, { slots, paused }] of truth.pools) {
    const used = rows.filter(({ pool: its, state }) => its === pool && isLive(state)).length;
    const free = slots - used;
    if (paused || free <= 0) continue;
    const waiting = rows.find(
      (dispatch) =>
        dispatch.pool === pool &&
        dispatch.state.kind === 'queued' &&
        dispatch.stopWish === null &&
        !isUnderLimit(stage, dispatch) &&
        !isHalted(truth.rows.values(), dispatch.campaign) &&
        !isHeld(stage, dispatch) &&
        timeline.now - (truth.queuedSince.get(dispatch.id) ?? timeline.now) > SOON_MS &&
        timeline.now - (truth.liftedAt.get(pool) ?? 0) > SOON_MS,
    );
    if (waiting === undefined) continue;
    const message = `${waiting.name} waits, and pool ${pool} has ${free} free slots`;
    judge.report('I11 nothing waits beside a free slot', message);
  }
}

function isUnderLimit({ truth: { limits } }: Stage, { pool, spec }: Dispatch): boolean {
  return limits.some((limit) => appliesTo(limit, pool, spec.task?.model ?? null));
}

/** Its campaign has used up its tokens, or had done so until just now. */
function isHeld({ truth: { budgets }, timeline }: Stage, { campaign }: Dispatch): boolean {
  return budgets.isSpent(campaign) || timeline.now - budgets.resumedAt(campaign) <= SOON_MS;
}

/** Somebody asks whether it is over, as soon as it may be and there is a slot for that. */
function checkNobodyWaits(stage: Stage): void {
  const { judge, truth, timeline, clocks } = stage;
  const rows = [...truth.rows.values()].map(({ dispatch }) => dispatch);
  for (const limit of truth.limits) {
    const { pool, until, probe } = limit;
    const overMs = clocks.wall() - until;
    const { slots, paused } = truth.pools.get(pool) ?? { slots: 2, paused: false };
    const live = rows.filter((row) => row.pool === pool && isLive(row.state));
    if (probe !== null || overMs < SOON_MS || paused || live.length >= slots) continue;
    // It waited for another one as well.
    if (timeline.now - (truth.liftedAt.get(pool) ?? 0) <= SOON_MS) continue;
    const waiting = rows.find(
      (row) =>
        row.pool === pool &&
        row.state.kind === 'queued' &&
        row.stopWish === null &&
        truth.limits.every((one) => one === limit || !appliesTo(one, pool, modelOf(row))) &&
        appliesTo(limit, pool, modelOf(row)) &&
        !isHalted(truth.rows.values(), row.campaign) &&
        !isHeld(stage, row) &&
        timeline.now - (truth.queuedSince.get(row.id) ?? timeline.now) > SOON_MS,
    );
    if (waiting === undefined) continue;
    const message = `${waiting.name} waits for a limit that ended ${Math.round(overMs)} ms ago`;
    judge.report('I15 nobody waits for a limit that is over', message);
  }
}

function modelOf({ spec }: Dispatch): string | null {
  return spec.task?.model ?? null;
}

/** By the rule of the campaign file: after a failure of class `agent` nothing new starts. */
export function isHalted(rows: Iterable<DispatchView>, campaign: string): boolean {
  if (!campaign.startsWith('halting')) return false;
  for (const { dispatch } of rows) {
    const { state } = dispatch;
    if (dispatch.campaign !== campaign || state.kind !== 'ended') continue;
    if (state.class === 'agent') return true;
  }
  return false;
}
