// Owns how an attempt begins: its deadline, the session that it goes on in, its row.
import type { Attempt, Deadline, Dispatch, Millis } from '../core/dispatch.ts';
import { formatDuration } from '../core/duration.ts';
import type { ClaimOrder } from '../ports.ts';
import { text, whole } from './columns.ts';
import type { Query } from './driver.ts';
import { placeholders } from './rows.ts';

export interface Beginning {
  readonly number: number;
  readonly fence: number;
  readonly because: string;
  readonly now: Millis;
}

/** Writes the row of a new attempt of `queued`. */
export async function beginAttempt(
  query: Query,
  queued: Dispatch,
  { number, fence, because, now }: Beginning,
  order: ClaimOrder,
): Promise<Attempt> {
  const { id, spec } = queued;
  const attempt: Attempt = {
    dispatch: id,
    attempt: number,
    fence,
    nonce: order.nonce(),
    containment: spec.containment ?? order.containment,
    claimedAt: now,
    startedAt: null,
    process: null,
    deadline: firstDeadline(spec.deadlineMs, spec.extendMs, now),
    signs: [],
    resultAt: null,
    watchedSince: null,
    unseen: null,
    stream: null,
    ...((await sessionBefore(query, queued)) ?? {
      sessionId: order.newSessionId(spec),
      resumedFrom: null,
    }),
    endedAt: null,
    end: null,
    because,
  };
  await insertAttempt(query, attempt, queued);
  return attempt;
}

function firstDeadline(deadlineMs: number | null, extendMs: number, now: Millis): Deadline | null {
  if (deadlineMs === null) return null;
  const softAt = now + deadlineMs;
  const further = extendMs === 0 ? '' : `, up to ${formatDuration(extendMs)} more on evidence`;
  const because = `${formatDuration(deadlineMs)} from the claim${further}`;
  return { softAt, hardAt: softAt + extendMs, extendedCount: 0, extendedMs: 0, because };
}

/**
 * One that never started has no session, whatever was planned for it. One that ended before it was seen to run has, if
 * anything was read of it; a note of its stream alone says nothing, for a step of the clock writes one.
 */
const SESSION_BEFORE = `select attempt, session_id from attempts
  where dispatch = $1 and session_id is not null
    and (started_at is not null or stdout_next > 0 or stderr_next > 0)
  order by fence desc limit 1`;

/** The newest session of an earlier attempt; null: a fresh one begins. */
async function sessionBefore(
  query: Query,
  { id, fence, spec }: Dispatch,
): Promise<{ readonly sessionId: string; readonly resumedFrom: number } | null> {
  if (fence === 0 || spec.task === null || spec.task.resume === 'never') return null;
  const [row] = await query(SESSION_BEFORE, [id]);
  if (row === undefined) return null;
  return { sessionId: text(row, 'session_id'), resumedFrom: whole(row, 'attempt') };
}

const INSERT = `insert into attempts (dispatch, fence, attempt, nonce, containment, claimed_at, soft_at,
  hard_at, extended_count, extended_ms, deadline_because, because, pool, campaign, session_id, resumed_from)
  values (${placeholders(16)})`;

async function insertAttempt(
  query: Query,
  attempt: Attempt,
  { pool, campaign }: Dispatch,
): Promise<void> {
  const { deadline } = attempt;
  await query(INSERT, [
    attempt.dispatch,
    attempt.fence,
    attempt.attempt,
    attempt.nonce,
    attempt.containment,
    attempt.claimedAt,
    deadline?.softAt ?? null,
    deadline?.hardAt ?? null,
    deadline?.extendedCount ?? null,
    deadline?.extendedMs ?? null,
    deadline?.because ?? null,
    attempt.because,
    pool,
    campaign,
    attempt.sessionId,
    attempt.resumedFrom,
  ]);
}
