// Owns what the truth takes over from a commit: new attempts, what people asked for, since when somebody waits. It runs
// before the checks of that commit.
import type { DispatchView, Ledger } from '../../src/ports.ts';
import type { ClockReading } from '../../src/core/clock-reading.ts';
import { formatMark } from '../../src/core/identity.ts';
import type { Commit, LedgerDesk } from './ledger-desk.ts';
import { isLive } from './row-change.ts';
import type { Stage } from './stage.ts';
import { nothingSaid } from './said.ts';
import { type AttemptTruth, LEDGER_ID } from './truth.ts';
import { lastWorkOf } from './work.ts';

export function keepBooks(stage: Stage, commit: Commit): void {
  const { truth, timeline } = stage;
  if (commit.method === 'followClock') clockFollowed(stage, commit);
  if (commit.limits.after !== commit.limits.before) {
    for (const { pool } of commit.limits.before) truth.liftedAt.set(pool, timeline.now);
  }
  for (const [id, view] of commit.after) {
    const before = commit.before.get(id);
    const { dispatch } = view;
    if (before?.dispatch.revision === dispatch.revision) continue;
    tellChange(stage, before, view, commit);
    noteRun(stage, before, view);
    if (dispatch.state.kind === 'ended') truth.dispatch(id).cancelledAt = null;
    notePause(stage, before, view, commit);
    if (dispatch.state.kind === 'starting' && before?.dispatch.fence !== dispatch.fence) {
      truth.add(newAttempt(stage, view, commit));
    }
    if (dispatch.state.kind !== 'queued') truth.queuedSince.delete(id);
    else if (!truth.queuedSince.has(id)) truth.queuedSince.set(id, timeline.now);
  }
}

function clockFollowed({ truth, clocks }: Stage, { args, answer }: Commit): void {
  const [reading] = args as Parameters<Ledger['followClock']>;
  // What has jumped since the clocks were read is for the next reading.
  truth.unfollowedMs = Math.round(clocks.wall() - clocks.monotonicMs() - reading.aheadMs);
  // It was of a clock that lay there already.
  if ((answer as ClockReading).aheadMs !== reading.aheadMs) return;
  for (const { noted } of truth.attempts.values()) {
    for (const sign of noted.values()) sign.by = null;
  }
}

/** Its provider has let it not in: nothing of its pool starts until a person says so, whatever the ledger has made of it. */
function notePause(
  stage: Stage,
  before: DispatchView | undefined,
  { dispatch, attempt }: DispatchView,
  { overtaken }: Commit,
): void {
  if (before === undefined || !isLive(before.dispatch.state)) return;
  const closed = attempt?.fence === before.dispatch.fence ? attempt : overtaken.get(dispatch.id);
  if (closed?.end?.class !== 'auth') return;
  const ended = dispatch.state.kind === 'ended';
  const pool = stage.truth.pools.get(before.dispatch.pool) ?? { slots: 2, paused: false };
  if (ended) return;
  stage.truth.pools.set(before.dispatch.pool, { ...pool, paused: true });
}

/**
 * A pass whose supervisor was slow, or was stopped in the middle of it, has begun before, and claims by the moment that it
 * says. When that was is not to be told from what the clock says by now: it may have been set since.
 */
function claimedSince({ timeline }: Stage, { by, args }: Commit): number {
  const [pass] = args as Parameters<Ledger['commitPass']>;
  return by?.clockReadAt.get(pass.now) ?? by?.passAt ?? timeline.now;
}

/** When an attempt became `running`, and ceased to be so. */
function noteRun(
  { truth, timeline }: Stage,
  before: DispatchView | undefined,
  { dispatch: { id, fence, state } }: DispatchView,
): void {
  const runs = truth.attempt({ dispatch: id, fence });
  if (state.kind === 'running' && runs !== undefined) runs.runningAt ??= timeline.now;
  if (before === undefined || before.dispatch.state.kind !== 'running') return;
  const ran = truth.attempt({ dispatch: id, fence: before.dispatch.fence });
  const goesOn = state.kind === 'running' && before.dispatch.fence === fence;
  if (ran !== undefined && !goesOn) ran.ranUntil = timeline.now;
}

function newAttempt(stage: Stage, view: DispatchView, commit: Commit): AttemptTruth {
  const { truth } = stage;
  const { dispatch, attempt } = view;
  const { id, fence, name, spec } = dispatch;
  const claimedAt = claimedSince(stage, commit);
  // Its deadline was counted from before these.
  const missed = truth.unfollowedJumps.filter(({ at }) => at >= claimedAt);
  const mark = { ledger: LEDGER_ID, dispatch: id, fence };
  return {
    key: { dispatch: id, fence },
    name,
    mark: formatMark({ ...mark, attempt: attempt!.attempt, nonce: attempt!.nonce }),
    spec,
    pool: dispatch.pool,
    argv: [],
    said: nothingSaid(spec),
    containment: attempt!.containment,
    claimedAt,
    deadlineFrom: claimedAt,
    namedAt: Number.NEGATIVE_INFINITY,
    readAnewAt: claimedAt,
    claimed: false,
    agentStarts: 0,
    agentLives: false,
    shimLives: false,
    workedAt: [],
    stirredAt: new Map(),
    busy: 0,
    busySince: 0,
    ioSince: null,
    lease: null,
    noted: new Map(),
    status: null,
    agentEndedAt: null,
    recordedAt: null,
    damaged: false,
    unheard: false,
    unfollowedMs: missed.reduce((sum, { byMs }) => sum + byMs, 0),
    sleptMs: missed.reduce((sum, { byMs }) => sum + Math.max(0, byMs), 0),
    beyondSince: null,
    runningAt: null,
    ranUntil: null,
    stoppingAt: null,
    toldToGo: false,
    foundNoRoom: false,
    signalled: false,
    lastGoal: null,
  };
}

function tellChange(
  { trace, truth, timeline }: Stage,
  before: DispatchView | undefined,
  { dispatch }: DispatchView,
  { by, method }: Commit,
): void {
  trace.tell(by?.name ?? 'user', () => {
    const { name, state, fence, because } = dispatch;
    const from = before?.dispatch.state.kind ?? 'new';
    const outcome = state.kind === 'ended' ? ` ${state.outcome.kind}` : '';
    const attempt = truth.attempt({ dispatch: dispatch.id, fence });
    const workedAt = attempt === undefined ? null : lastWorkOf(attempt, timeline.now);
    const work = workedAt === null ? '' : `, last work at ${(workedAt / 1_000).toFixed(3)}s`;
    return `${method}: ${name}/${fence} ${from} → ${state.kind}${outcome}: ${because}${work}`;
  });
}

/** Written at the end: what the ledger itself must have kept in order (I14). */
export async function eventGaps(desk: LedgerDesk): Promise<string | null> {
  const last = await desk.look('lastSeq');
  const events = await desk.look('events', { since: 0, limit: last + 1 });
  const broken = events.find(({ seq }, index) => seq !== index + 1);
  return broken === undefined ? null : `event ${broken.seq} stands where another belongs`;
}
