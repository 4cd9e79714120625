// Owns by which clock all moments of the ledger are told, and moves them along where it has stepped.
import { type ClockReading, stepBetween } from '../core/clock-reading.ts';
import type { Millis, State } from '../core/dispatch.ts';
import { shiftSigns } from '../core/sign.ts';
import { moveBrakeAlong } from './brake.ts';
import { OVER } from './claims.ts';
import { text, whole } from './columns.ts';
import type { Query } from './driver.ts';
import { DURATION, moveLimitsAlong } from './limits.ts';
import { ATTEMPT, DISPATCH, toAttempt, toDispatch } from './rows.ts';
import { HOST, LIVE, OPEN } from './schema-1.ts';
import { shiftStreamOf } from './streams.ts';
import { type Writing, setState } from './writing.ts';

export async function followClock(writing: Writing, reading: ClockReading): Promise<ClockReading> {
  const { query } = writing;
  const before = await lastReading(query);
  const byMs = before === null ? 0 : stepBetween(before, reading);
  // Less than a step is left to add up, or many starts together could lose what one start may not.
  if (before?.origin === reading.origin && byMs === 0) return before;
  const { origin, aheadMs } = reading;
  await query(
    `insert into clock (host, origin, ahead_ms) values ($1, $2, $3)
     on conflict (host) do update set origin = excluded.origin, ahead_ms = excluded.ahead_ms`,
    [HOST, origin, aheadMs],
  );
  if (byMs === 0) await beginAnew(writing);
  else await shiftTimes(writing, byMs);
  return reading;
}

async function lastReading(query: Query): Promise<ClockReading | null> {
  const [row] = await query('select origin, ahead_ms from clock where host = $1', [HOST]);
  if (row === undefined) return null;
  return { origin: text(row, 'origin'), aheadMs: whole(row, 'ahead_ms') };
}

/**
 * Nobody can tell how far the clock has moved over a boot. Back-offs and limits keep their time of day, but what has begun in
 * the future begins now: a clock that was not set yet would make it last until it is right again, and longer.
 */
async function beginAnew(writing: Writing): Promise<void> {
  const { query, now } = writing;
  await moveLimitsAlong(query, { kind: 'begun-after', now });
  for (const dispatch of (await query(WITH_DURATIONS, [])).map(toDispatch)) {
    const { state, because } = dispatch;
    if (state.kind !== 'parked' || state.since <= now) continue;
    await setState(writing, dispatch, shifted(state, now - state.since), because);
  }
}

const SHIFT_DEADLINES = `update attempts set soft_at = soft_at + $1, hard_at = hard_at + $1
  where ended_at is null and soft_at is not null
  and dispatch in (select id from dispatches where ${LIVE})`;

/** Whom a limit stops that lasts for so long, and not until some time of day. */
const UNDER_DURATION = `exists (select 1 from limits l where ${DURATION} and ${OVER})`;

/** A quota that lifts at a time of day is no duration, and stays where it is. */
const WITH_DURATIONS = `select ${DISPATCH} from dispatches d where ${OPEN}
  and (d.state in ('starting', 'stopping') or (d.state = 'parked' and d.until_at is not null
    and (d.parked_for = 'backoff' or (d.parked_for = 'quota' and ${UNDER_DURATION}))))`;

/** Moves by `byMs` what is a duration from some moment on: deadlines, kill moments, back-offs, limits without a reset. */
async function shiftTimes(writing: Writing, byMs: number): Promise<void> {
  const { query, events } = writing;
  await query(SHIFT_DEADLINES, [byMs]);
  await shiftWishes(writing, byMs);
  await shiftEvidence(query, byMs);
  await moveBrakeAlong(writing, byMs);
  await moveLimitsAlong(query, { kind: 'all', byMs });
  for (const row of await query(WITH_DURATIONS, [])) {
    const dispatch = toDispatch(row);
    await setState(writing, dispatch, shifted(dispatch.state, byMs), dispatch.because);
  }
  events.push({ type: 'clock.stepped', dispatch: null, attempt: null, data: { byMs } });
}

/** Or a sign from before a step back would be the newest for as long as the step was. */
async function shiftEvidence(query: Query, byMs: number): Promise<void> {
  const rows = await query(
    `select ${ATTEMPT} from dispatches d join attempts a on a.dispatch = d.id and a.fence = d.fence
     where ${LIVE}`,
    [],
  );
  for (const { dispatch, fence, signs, stream } of rows.map(toAttempt)) {
    await query(
      `update attempts set evidence_at = evidence_at + $3, result_at = result_at + $3,
         watched_since = watched_since + $3, signs = $4
       where dispatch = $1 and fence = $2 and ended_at is null`,
      [dispatch, fence, byMs, JSON.stringify(shiftSigns(signs, byMs))],
    );
    if (stream === null) continue;
    await shiftStreamOf(query, { dispatch, fence, state: stream.state }, byMs);
  }
}

/**
 * The grace of a wish is counted from when it was made. Where that was after the step it is told rightly already: it would
 * lie in the future, or does not yet.
 */
async function shiftWishes({ query, now }: Writing, byMs: number): Promise<void> {
  const rows = await query(
    `select ${DISPATCH} from dispatches d where d.stop_wish is not null and d.state <> 'ended'`,
    [],
  );
  for (const { id, stopWish } of rows.map(toDispatch)) {
    if (stopWish === null || isOfNewClock(stopWish.at, { byMs, now })) continue;
    const wish = JSON.stringify({ ...stopWish, at: stopWish.at + byMs });
    await query('update dispatches set stop_wish = $2, revision = revision + 1 where id = $1', [
      id,
      wish,
    ]);
  }
}

function isOfNewClock(at: Millis, { byMs, now }: { byMs: number; now: Millis }): boolean {
  return byMs > 0 ? at + byMs > now : at <= now;
}

function shifted(state: State, byMs: number): State {
  const later = (moment: Millis) => moment + byMs;
  switch (state.kind) {
    case 'stopping':
      return { ...state, since: later(state.since), killAt: later(state.killAt) };
    case 'parked': {
      const { since, until } = state;
      return { ...state, since: later(since), until: until === null ? null : later(until) };
    }
    case 'starting':
      return { ...state, since: later(state.since) };
    case 'queued':
    case 'running':
    case 'ended':
      return state;
  }
}
