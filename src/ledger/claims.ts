// Owns how free slots are given: check and reserve in one transaction, under the pool's lock (I11).
import type { Attempt, Deadline, Dispatch, LiveDispatch } from '../core/dispatch.ts';
import type { Millis } from '../core/dispatch.ts';
import { formatDuration } from '../core/duration.ts';
import { compareTurns } from '../core/order.ts';
import type { ClaimOrder } from '../ports.ts';
import { text, whole } from './columns.ts';
import type { Query } from './driver.ts';
import { failuresOf } from './failures.ts';
import { DISPATCH, placeholders, toDispatch } from './rows.ts';
import { LIVE } from './schema-1.ts';
import type { Writing } from './writing.ts';

/** Campaigns in which nothing new starts. Derived, so that a retry of the culprit lifts it by itself. */
const HALTED_CAMPAIGNS = `select c.name from campaigns c where c.on_failure = 'halt'
  and exists (select 1 from dispatches f where f.campaign = c.name and f.class = 'agent')`;

/** `core/order.ts` in SQL, over those that may start. */
const MAY_START = `d.state = 'queued' and d.stop_wish is null and d.campaign not in (${HALTED_CAMPAIGNS})`;

/** A hint without locks: most passes find no free slot, or nobody who waits, and must not write for that. */
const WORTH_LOCKING = `select p.name from pools p
  where p.paused = 0 and (p.blocked_until is null or p.blocked_until <= $1)
  and exists (select 1 from dispatches d where d.pool = p.name and ${MAY_START})
  and p.slots > (select count(*) from dispatches where pool = p.name and ${LIVE})
  order by p.name`;

/** The update locks the row; the count must be a statement of its own after it, or it counts the past. */
const LOCK = `update pools set claims = claims + 1
  where name = $1 and paused = 0 and (blocked_until is null or blocked_until <= $2) returning slots`;

const USED = `select count(*) as used from dispatches where pool = $1 and ${LIVE}`;

const NEXT = `select ${DISPATCH} from dispatches d where d.pool = $1 and ${MAY_START}
  order by d.priority desc, d.position limit $2`;

/** Gives free slots to those whose turn it is; each comes back `starting`, with its first-committed intent (I1). */
export async function claim(writing: Writing, order: ClaimOrder): Promise<readonly LiveDispatch[]> {
  if (order.limit <= 0) return [];
  const candidates: Dispatch[] = [];
  // In the order of names, so that two claimers never wait for each other's lock.
  for (const row of await writing.query(WORTH_LOCKING, [writing.now])) {
    candidates.push(...(await candidatesOf(writing, text(row, 'name'), order.limit)));
  }
  candidates.sort(compareTurns);
  const claimed: LiveDispatch[] = [];
  for (const dispatch of candidates.slice(0, order.limit)) {
    const live = await start(writing, dispatch, order);
    if (live !== null) claimed.push(live);
  }
  return claimed;
}

async function candidatesOf(
  { query, now }: Writing,
  pool: string,
  limit: number,
): Promise<readonly Dispatch[]> {
  const [locked] = await query(LOCK, [pool, now]);
  if (locked === undefined) return [];
  const [live] = await query(USED, [pool]);
  const free = whole(locked, 'slots') - (live === undefined ? Infinity : whole(live, 'used'));
  if (free <= 0) return [];
  return (await query(NEXT, [pool, Math.min(free, limit)])).map(toDispatch);
}

/** A queued row has nothing in the other columns of a state. */
const START = `update dispatches set state = 'starting', state_json = $3, because = $4, attempt = $5, fence = $6,
    revision = revision + 1 where id = $1 and revision = $2 and state = 'queued' returning id`;

/** @returns null where somebody else has changed the row since it was read */
async function start(
  writing: Writing,
  queued: Dispatch,
  order: ClaimOrder,
): Promise<LiveDispatch | null> {
  const { query, now, events } = writing;
  const state = { kind: 'starting', since: now } as const;
  const because = `a slot of pool ${queued.pool} is free`;
  const number = queued.attempt + 1;
  const fence = queued.fence + 1;
  const params = [queued.id, queued.revision, JSON.stringify(state), because, number, fence];
  if ((await query(START, params)).length === 0) return null;
  const attempt = newAttempt(queued, { number, fence, because, now }, order);
  await insertAttempt(query, attempt);
  events.push({
    type: 'attempt.claimed',
    dispatch: queued.id,
    attempt: number,
    data: { from: 'queued', to: 'starting', because, pool: queued.pool, fence },
  });
  const dispatch = { ...queued, state, because, attempt: number, fence };
  return {
    dispatch: { ...dispatch, revision: queued.revision + 1 },
    attempt,
    failures: queued.fence === 0 ? {} : await failuresOf(query, queued.id),
  };
}

function newAttempt(
  { id, spec }: Dispatch,
  { number, fence, because, now }: { number: number; fence: number; because: string; now: Millis },
  order: ClaimOrder,
): Attempt {
  return {
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
    sessionId: null,
    resumedFrom: null,
    endedAt: null,
    end: null,
    because,
  };
}

function firstDeadline(deadlineMs: number | null, extendMs: number, now: Millis): Deadline | null {
  if (deadlineMs === null) return null;
  const softAt = now + deadlineMs;
  const further = extendMs === 0 ? '' : `, up to ${formatDuration(extendMs)} more on evidence`;
  const because = `${formatDuration(deadlineMs)} from the claim${further}`;
  return { softAt, hardAt: softAt + extendMs, extendedCount: 0, extendedMs: 0, because };
}

const ATTEMPT_INSERT = `insert into attempts (dispatch, fence, attempt, nonce, containment, claimed_at, soft_at,
  hard_at, extended_count, extended_ms, deadline_because, because) values (${placeholders(12)})`;

async function insertAttempt(query: Query, attempt: Attempt): Promise<void> {
  const { deadline } = attempt;
  await query(ATTEMPT_INSERT, [
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
  ]);
}
