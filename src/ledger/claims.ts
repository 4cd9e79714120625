// Owns how free slots are given: check and reserve in one transaction, under the pool's lock (I11).
import type { Dispatch, LiveDispatch } from '../core/dispatch.ts';
import { compareTurns } from '../core/order.ts';
import { limitFor } from '../core/pool.ts';
import type { ClaimOrder } from '../ports.ts';
import { beginAttempt } from './attempts.ts';
import { budgetsOfLive, SPENT_CAMPAIGNS } from './budgets.ts';
import { text, whole } from './columns.ts';
import { failuresOf } from './failures.ts';
import { beginProbe, limitsOf } from './limits.ts';
import { allWait, NESTED } from './nested.ts';
import { DISPATCH, toDispatch } from './rows.ts';
import { LIVE } from './schema-1.ts';
import { usedBefore } from './usage.ts';
import type { Writing } from './writing.ts';

/** Campaigns in which nothing new starts. Derived, so that a retry of the culprit lifts it by itself. */
const HALTED_CAMPAIGNS = `select c.name from campaigns c where c.on_failure = 'halt'
  and exists (select 1 from dispatches f where f.campaign = c.name and f.class = 'agent')`;

/** `core/order.ts` in SQL, over those that may start. */
const MAY_START = `d.state = 'queued' and d.stop_wish is null and d.campaign not in (${HALTED_CAMPAIGNS})
  and d.campaign not in (${SPENT_CAMPAIGNS})`;

/** A limit `l` that dispatch `d` is under. */
export const OVER = `l.pool = d.pool and (l.model = '' or l.model = d.model)`;

const UNLIMITED = `not exists (select 1 from limits l where ${OVER})`;

/** Of a limit `l`: nobody whom it stops may start. It is in force, or its probe has no answer yet. */
const closed = (now: string) => `(l.until_at > ${now} or l.probe_dispatch is not null)`;

/** Nothing stops `d`: each limit that it is under has come to its end, and nobody probes it. */
const open = (now: string) =>
  `not exists (select 1 from limits l where ${OVER} and ${closed(now)})`;

const COUNT_LIVE = `(select count(*) from dispatches where pool = p.name and ${LIVE})`;
const COUNT_QUEUED = `(select count(*) from dispatches where pool = p.name and state = 'queued')`;

/** Queued ones that use a model whose limit is closed. */
const COUNT_STOPPED = `(select count(*) from limits l
  join dispatches s on s.pool = l.pool and s.model = l.model
  where l.pool = p.name and ${closed('$1')} and s.state = 'queued' and s.model is not null)`;

/**
 * A hint without locks: most passes find no free slot, or nobody who waits, and must not write for that. What is asked
 * last may read the whole queue, so that it is asked only where a slot is free, and where the queue is not all stopped.
 */
const WORTH_LOCKING = `select p.name, p.slots, ${COUNT_LIVE} as used
  from pools p
  where p.paused = 0 and p.slots > 0
  and exists (select 1 from dispatches q where q.pool = p.name and q.state = 'queued')
  and (p.slots > ${COUNT_LIVE}
    or exists (select 1 from dispatches d where d.pool = p.name and d.state = 'queued' and ${NESTED}))
  and not exists (select 1 from limits l where l.pool = p.name and l.model = '' and ${closed('$1')})
  and (not exists (select 1 from limits l where l.pool = p.name and ${closed('$1')})
    or ${COUNT_QUEUED} > ${COUNT_STOPPED})
  and exists (select 1 from dispatches d where d.pool = p.name and ${MAY_START} and ${open('$1')})
  order by p.name`;

/** The update locks the row; the count must be a statement of its own after it, or it counts the past. */
const LOCK = `update pools set claims = claims + 1 where name = $1 and paused = 0 returning slots`;

const USED = `select count(*) as used from dispatches where pool = $1 and ${LIVE}`;

const next = (who: string) => `select ${DISPATCH} from dispatches d
  where d.pool = $1 and ${MAY_START} and ${who} order by d.priority desc, d.position limit $2`;

const PROBES_FOR_ALL = open('$3');
const PROBES_FOR_MODEL = `d.model = $4 and ${open('$3')}`;

/** By whom among the queued: with a slot of the pool, or with one beyond its cap. */
const NEXT = [
  { unlimited: UNLIMITED, forAll: PROBES_FOR_ALL, forModel: PROBES_FOR_MODEL },
  {
    unlimited: `${NESTED} and ${UNLIMITED}`,
    forAll: `${NESTED} and ${PROBES_FOR_ALL}`,
    forModel: `${NESTED} and ${PROBES_FOR_MODEL}`,
  },
].map(({ unlimited, forAll, forModel }) => ({
  unlimited: next(unlimited),
  forAll: next(forAll),
  forModel: next(forModel),
}));

interface Candidate extends Pick<Dispatch, 'priority' | 'position'> {
  readonly dispatch: Dispatch;
  /** it asks whether the limits that it is under are over */
  readonly probes: boolean;
  readonly beyondCap: boolean;
}

/** Gives free slots to those whose turn it is; each comes back `starting`, with its first-committed intent (I1). */
export async function claim(writing: Writing, order: ClaimOrder): Promise<readonly LiveDispatch[]> {
  if (order.limit <= 0) return [];
  const candidates: Candidate[] = [];
  // In the order of names, so that two claimers never wait for each other's lock.
  for (const row of await writing.query(WORTH_LOCKING, [writing.now])) {
    const pool = text(row, 'name');
    const isFull = whole(row, 'used') >= whole(row, 'slots');
    if (isFull && !(await allWait(writing.query, pool))) continue;
    candidates.push(...(await candidatesOf(writing, pool, order.limit)));
  }
  candidates.sort(compareTurns);
  const claimed: Omit<LiveDispatch, 'budget'>[] = [];
  for (const candidate of candidates.slice(0, order.limit)) {
    const { id, fence } = candidate.dispatch;
    if (!order.makeRunDir({ dispatch: id, fence: fence + 1 })) break;
    const live = await start(writing, candidate, order);
    if (live !== null) claimed.push(live);
  }
  if (claimed.length === 0) return [];
  const budgets = await budgetsOfLive(writing.query);
  return claimed.map((live) => ({ ...live, budget: budgets.get(live.dispatch.campaign) ?? null }));
}

async function candidatesOf(
  writing: Writing,
  pool: string,
  limit: number,
): Promise<readonly Candidate[]> {
  const { query } = writing;
  const [locked] = await query(LOCK, [pool]);
  if (locked === undefined) return [];
  const [live] = await query(USED, [pool]);
  const free = whole(locked, 'slots') - (live === undefined ? Infinity : whole(live, 'used'));
  if (free > 0) return await nextOf(writing, pool, Math.min(free, limit), false);
  const beyond = whole(locked, 'slots') > 0 && (await allWait(query, pool));
  return beyond ? await nextOf(writing, pool, 1, true) : [];
}

/** Those under no limit, and of those under one that is over a single one each: what blocks some hides nobody else. */
async function nextOf(
  { query, now }: Writing,
  pool: string,
  limit: number,
  beyondCap: boolean,
): Promise<readonly Candidate[]> {
  const { unlimited, forAll, forModel } = NEXT[beyondCap ? 1 : 0]!;
  const rows = (await query(unlimited, [pool, limit])).map(toDispatch);
  const found = rows.map((dispatch) => ({ dispatch, probes: false }));
  const due = (await limitsOf(query, pool)).filter((one) => one.probe === null && one.until <= now);
  // Who probes the limit of everybody probes that of its model along with it, and is the only one.
  const asks = due.some(({ model }) => model === null) ? [null] : due.map(({ model }) => model);
  for (const model of asks) {
    const probing =
      model === null
        ? await query(forAll, [pool, 1, now])
        : await query(forModel, [pool, 1, now, model]);
    found.push(...probing.map((row) => ({ dispatch: toDispatch(row), probes: true })));
  }
  return found
    .map(({ dispatch, probes }) => {
      const { priority, position } = dispatch;
      return { dispatch, probes, beyondCap, priority, position };
    })
    .toSorted(compareTurns)
    .slice(0, limit);
}

/** A queued row has nothing in the other columns of a state. */
const START = `update dispatches set state = 'starting', state_json = $3, because = $4, attempt = $5, fence = $6,
    revision = revision + 1 where id = $1 and revision = $2 and state = 'queued' returning id`;

/** @returns null where somebody else has changed the row since it was read */
async function start(
  writing: Writing,
  candidate: Candidate,
  order: ClaimOrder,
): Promise<Omit<LiveDispatch, 'budget'> | null> {
  const { query, now, events } = writing;
  const { dispatch: queued, probes, beyondCap } = candidate;
  const { id, pool } = queued;
  const state = { kind: 'starting', since: now } as const;
  const because = whyNow(candidate);
  const number = queued.attempt + 1;
  const fence = queued.fence + 1;
  const params = [id, queued.revision, JSON.stringify(state), because, number, fence];
  if ((await query(START, params)).length === 0) return null;
  const attempt = await beginAttempt(query, queued, { number, fence, because, now }, order);
  const model = queued.spec.task?.model ?? null;
  if (probes) await beginProbe(writing, pool, model, attempt);
  const data = { from: 'queued', to: 'starting', because, pool, fence };
  const told = beyondCap ? { ...data, beyondCap } : data;
  events.push({ type: 'attempt.claimed', dispatch: id, attempt: number, data: told });
  return {
    dispatch: { ...queued, state, because, attempt: number, fence, revision: queued.revision + 1 },
    attempt,
    failures: queued.fence === 0 ? {} : await failuresOf(query, id),
    usedBefore: queued.fence === 0 ? null : await usedBefore(query, id),
    limit: probes ? limitFor(await limitsOf(query, pool), pool, model) : null,
  };
}

function whyNow({ dispatch: { pool }, probes, beyondCap }: Candidate): string {
  if (probes) return `asks whether the limit of pool ${pool} is over`;
  return beyondCap
    ? `all in pool ${pool} wait for what they have added: one slot beyond its cap`
    : `a slot of pool ${pool} is free`;
}
