// Owns what moves with time while an attempt is live: its last evidence, and its deadline.
import type { Deadline } from '../core/dispatch.ts';
import { newestSign } from '../core/sign.ts';
import type { Witness } from '../core/snapshot.ts';
import type { AttemptKey, EvidenceNote } from '../ports.ts';
import { whole } from './columns.ts';
import { CURRENT, noteStream } from './streams.ts';
import type { Writing } from './writing.ts';

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
