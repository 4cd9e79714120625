// Owns what agent programs say as the ledger keeps it: state and offsets of a stream, the session, what was used.
import type { AttemptKey } from '../core/dispatch.ts';
import { shiftStream, type StreamNote, type StreamState } from '../core/stream.ts';
import { json, textOrNull, whole, wholeOrNull } from './columns.ts';
import type { Query, Row } from './driver.ts';
import type { FreshSession } from '../ports.ts';
import type { Writing } from './writing.ts';

/** The attempt of the key, if it is the current one of its dispatch and has not ended. */
export const CURRENT = `dispatch = $1 and fence = $2 and ended_at is null
  and exists (select 1 from dispatches d where d.id = $1 and d.fence = $2)`;

/** A note of what was read before something that is on record says nothing new. */
const READ = `select attempt, session_id, resumed_from, stream from attempts where ${CURRENT}
  and (stdout_next is null or (stdout_next <= $3 and stderr_next <= $4))`;

const WRITE = `update attempts set stream = $3, stdout_next = $4, stderr_next = $5, session_id = $6,
    input_tokens = $7, output_tokens = $8, cost_usd = $9
  where dispatch = $1 and fence = $2 and ended_at is null`;

const parseState = (value: string): StreamState => JSON.parse(value);

/** Never moves an offset back. Tells of a session when its program first names it, and when it names another. */
export async function noteStream(
  writing: Writing,
  { dispatch, fence }: AttemptKey,
  { state, stdoutNext, stderrNext }: StreamNote,
): Promise<void> {
  const [row] = await writing.query(READ, [dispatch, fence, stdoutNext, stderrNext]);
  if (row === undefined) return;
  const { sessionId, usage } = state;
  const expected = textOrNull(row, 'session_id');
  await writing.query(WRITE, [
    dispatch,
    fence,
    JSON.stringify(state),
    stdoutNext,
    stderrNext,
    sessionId ?? expected,
    usage?.inputTokens ?? null,
    usage?.outputTokens ?? null,
    usage?.costUsd ?? null,
  ]);
  if (sessionId === null || sessionId === sessionSaid(row)) return;
  const data = { sessionId, resumedFrom: wholeOrNull(row, 'resumed_from'), expected };
  writing.events.push({ type: 'session.started', dispatch, attempt: whole(row, 'attempt'), data });
}

/** What its program has said so far; what was planned for it is not its word. */
function sessionSaid(row: Row): string | null {
  return row['stream'] === null ? null : json(row, 'stream', parseState).sessionId;
}

/** The attempt goes on in no session: its program begins one, or has done so. Nothing where it does already. */
export async function noteFreshSession(
  { query, events }: Writing,
  { dispatch, fence }: AttemptKey,
  { sessionId, because }: FreshSession,
): Promise<void> {
  const [row] = await query(
    `select attempt, resumed_from, stream from attempts
     where ${CURRENT} and (resumed_from is not null or session_id is null)`,
    [dispatch, fence],
  );
  if (row === undefined) return;
  await query(
    `update attempts set session_id = $3, resumed_from = null
     where dispatch = $1 and fence = $2 and ended_at is null`,
    [dispatch, fence, sessionSaid(row) ?? sessionId],
  );
  // An attempt that was to begin one anyhow has only been given its id.
  if (row['resumed_from'] === null) return;
  events.push({
    type: 'session.fresh',
    dispatch,
    attempt: whole(row, 'attempt'),
    data: { because, attempt: whole(row, 'resumed_from') },
  });
}

export async function shiftStreamOf(
  query: Query,
  { dispatch, fence, state }: AttemptKey & { readonly state: StreamState },
  byMs: number,
): Promise<void> {
  const sql = `update attempts set stream = $3
    where dispatch = $1 and fence = $2 and ended_at is null`;
  await query(sql, [dispatch, fence, JSON.stringify(shiftStream(state, byMs))]);
}
