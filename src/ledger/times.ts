// Owns what moves with time while an attempt is live: its last evidence, its deadline, and all moments after a step of
// the clock.
import type { Deadline, Millis, State } from '../core/dispatch.ts';
import { newestSign, shiftSigns } from '../core/sign.ts';
import type { Witness } from '../core/snapshot.ts';
import type { AttemptKey, EvidenceNote } from '../ports.ts';
import { moveBrakeAlong } from './brake.ts';
import { OVER } from './claims.ts';
import { whole } from './columns.ts';
import type { Query } from './driver.ts';
import { DURATION, moveLimitsAlong } from './limits.ts';
import { ATTEMPT, DISPATCH, toAttempt, toDispatch } from './rows.ts';
import { LIVE, OPEN } from './schema-1.ts';
import { CURRENT, noteStream, shiftStreamOf } from './streams.ts';
import type { Writing } from './writing.ts';
import { setState } from './writing.ts';

/**
 * Only ever moves forward, but from a sign of the future: that is of a clock that was set back while nobody watched.
 * Leaves the revision alone: evidence is no decision that could be overtaken.
 */
export async function noteEvidence(
  writing: Writing,
  notes: readonly EvidenceNote[],
): Promise<void> {
  for (const { dispatch, fence, stream, signs, resultAt, watchedSince, unseen } of notes) {
    await writing.query(
      `update attempts set evidence_at = $3, signs = $4, result_at = $5, unseen = $6,
         watched_since = $8
       where ${CURRENT} and (evidence_at is null or evidence_at <= $3 or evidence_at > $7)`,
      [
        dispatch,
        fence,
        newestSign(signs)?.at ?? null,
        JSON.stringify(signs),
        resultAt,
        unseen,
        writing.now,
        watchedSince,
      ],
    );
    if (stream !== null) await noteStream(writing, { dispatch, fence }, stream);
  }
}

/**
 * Compares with the deadline that was read: an extension by hand and one on evidence may meet, and neither may undo the
 * other. Bumps the revision: a decision to end the attempt that was made under the old deadline must fail its
 * compare-and-set, or an extension by hand would lose against a kill.
 */
export async function setDeadline(
  { query, events }: Writing,
  { dispatch, fence }: AttemptKey,
  { from, to }: { readonly from: Deadline; readonly to: Deadline },
  evidence: readonly Witness[] | null = null,
): Promise<boolean> {
  const { softAt, hardAt, extendedCount, extendedMs, because } = to;
  const [row] = await query(
    `update attempts set soft_at = $3, hard_at = $4, extended_count = $5, extended_ms = $6,
       deadline_because = $7
     where ${CURRENT} and soft_at = $8 and hard_at = $9 and extended_count = $10 returning attempt`,
    [
      dispatch,
      fence,
      softAt,
      hardAt,
      extendedCount,
      extendedMs,
      because,
      from.softAt,
      from.hardAt,
      from.extendedCount,
    ],
  );
  if (row === undefined) return false;
  await query('update dispatches set revision = revision + 1 where id = $1', [dispatch]);
  const data = { softAt, hardAt, extendedCount, extendedMs, because };
  events.push({
    type: 'deadline.extended',
    dispatch,
    attempt: whole(row, 'attempt'),
    data: evidence === null ? data : { ...data, evidence },
  });
  return true;
}

const SHIFT_DEADLINES = `update attempts set soft_at = soft_at + $1, hard_at = hard_at + $1
  where ended_at is null and soft_at is not null
  and dispatch in (select id from dispatches where ${LIVE})`;

/** Whom a limit stops that lasts for so long, and not until some time of day. */
const UNDER_DURATION = `exists (select 1 from limits l where ${DURATION} and ${OVER})`;

/** A quota that lifts at a time of day is no duration, and stays where it is. */
const WITH_DURATIONS = `select ${DISPATCH} from dispatches d where ${OPEN}
  and (d.state = 'stopping' or (d.state = 'parked' and d.until_at is not null
    and (d.parked_for = 'backoff' or (d.parked_for = 'quota' and ${UNDER_DURATION}))))`;

/** Moves by `byMs` what is a duration from some moment on: deadlines, kill moments, back-offs, limits without a reset. */
export async function shiftTimes(writing: Writing, byMs: number): Promise<void> {
  const { query, events } = writing;
  await query(SHIFT_DEADLINES, [byMs]);
  await shiftWishes(query, byMs);
  await shiftEvidence(query, byMs);
  await moveBrakeAlong(writing, byMs);
  await moveLimitsAlong(query, byMs);
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

/** The grace of a wish is counted from when it was made. */
async function shiftWishes(query: Query, byMs: number): Promise<void> {
  const rows = await query(
    `select ${DISPATCH} from dispatches d where d.stop_wish is not null and d.state <> 'ended'`,
    [],
  );
  for (const { id, stopWish } of rows.map(toDispatch)) {
    if (stopWish === null) continue;
    const wish = JSON.stringify({ ...stopWish, at: stopWish.at + byMs });
    await query('update dispatches set stop_wish = $2, revision = revision + 1 where id = $1', [
      id,
      wish,
    ]);
  }
}

function shifted(state: State, byMs: number): State {
  const later = (moment: Millis) => moment + byMs;
  switch (state.kind) {
    case 'stopping':
      return { ...state, since: later(state.since), killAt: later(state.killAt) };
    case 'parked':
      return { ...state, until: state.until === null ? null : later(state.until) };
    case 'queued':
    case 'starting':
    case 'running':
    case 'ended':
      return state;
  }
}
