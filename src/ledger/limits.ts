// Owns the limits of providers on record: how they come, how one attempt probes each, and how they go (I15).
import type { AttemptKey, Millis, Outcome } from '../core/dispatch.ts';
import { howItEnded } from '../core/needs.ts';
import { isSameAttempt, type PoolLimit, replaces } from '../core/pool.ts';
import type { PassCommit } from '../ports.ts';
import { text, textOrNull, whole } from './columns.ts';
import type { Query, Row } from './driver.ts';
import { noteStream } from './streams.ts';
import type { Writing } from './writing.ts';

const LIMITS = `select pool, model, since, until_at, tries, because, source, by_dispatch, by_fence,
    probe_dispatch, probe_fence
  from limits`;

/** Of a limit `l`: nobody said when it is lifted, so that it lasts for some time from when it was met. */
export const DURATION = `l.tries > 0`;

/** In the tables everybody is the model '': a key cannot hold null. */
const modelKey = (model: string | null): string => model ?? '';

export async function allLimits(query: Query): Promise<readonly PoolLimit[]> {
  return (await query(`${LIMITS} order by pool, model`, [])).map(toLimit);
}

export async function limitsOf(query: Query, pool: string): Promise<readonly PoolLimit[]> {
  return (await query(`${LIMITS} where pool = $1 order by model`, [pool])).map(toLimit);
}

function toLimit(row: Row): PoolLimit {
  const model = text(row, 'model');
  const probe = textOrNull(row, 'probe_dispatch');
  return {
    pool: text(row, 'pool'),
    model: model === '' ? null : model,
    since: whole(row, 'since'),
    until: whole(row, 'until_at'),
    tries: whole(row, 'tries'),
    because: text(row, 'because'),
    source: text(row, 'source'),
    by: { dispatch: text(row, 'by_dispatch'), fence: whole(row, 'by_fence') },
    probe: probe === null ? null : { dispatch: probe, fence: whole(row, 'probe_fence') },
  };
}

/** Whoever writes one takes its probe back: the answer is there, or came too late. */
const WRITE = `insert into limits (pool, model, since, until_at, tries, because, source, by_dispatch, by_fence)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  on conflict (pool, model) do update set since = excluded.since, until_at = excluded.until_at,
    tries = excluded.tries, because = excluded.because, source = excluded.source,
    by_dispatch = excluded.by_dispatch, by_fence = excluded.by_fence,
    probe_dispatch = null, probe_fence = null`;

/** Many attempts meet one limit within seconds: only what says more than the record is written, and told. */
export async function observe(writing: Writing, seen: PassCommit['limits']): Promise<void> {
  for (const limit of seen) {
    const { pool, model, since, until, tries, because, source, by, stream } = limit;
    if (stream !== undefined) await noteStream(writing, by, stream);
    const key = [pool, modelKey(model)];
    const [row] = await writing.query(`${LIMITS} where pool = $1 and model = $2`, key);
    if (!replaces(limit, row === undefined ? null : toLimit(row))) continue;
    const told = [since, until, tries, because, source, by.dispatch, by.fence];
    await writing.query(WRITE, [...key, ...told]);
    const data = { pool, model, until, because, source, tries };
    writing.events.push({ type: 'pool.blocked', dispatch: null, attempt: null, data });
  }
}

/** An attempt that has ended with this pass. */
export interface EndedAttempt extends AttemptKey {
  readonly name: string;
  readonly outcome: Outcome;
  /** it was withdrawn before it started, and so has asked nobody */
  readonly neverRan: boolean;
}

/** What has become of probes; `limits` are what was met in the same pass. */
export interface ProbeNews {
  readonly answered: readonly AttemptKey[];
  readonly ended: readonly EndedAttempt[];
  readonly limits: readonly PoolLimit[];
}

/**
 * A limit goes with the answer to its probe, or with the end of its probe, which was then something else. No attempt
 * that has ended stays a probe, or nobody would ever be let through again.
 */
export async function settleProbes(writing: Writing, news: ProbeNews): Promise<void> {
  if (news.answered.length === 0 && news.ended.length === 0) return;
  for (const limit of await allLimits(writing.query)) await settleProbe(writing, limit, news);
}

async function settleProbe(writing: Writing, limit: PoolLimit, news: ProbeNews): Promise<void> {
  const { probe, by } = limit;
  if (news.answered.some((key) => isSameAttempt(key, by))) {
    const because = `${await nameOf(writing.query, by)}, which had met it, was answered`;
    return await lift(writing, limit, because);
  }
  if (probe === null) return;
  const ended = news.ended.find((one) => isSameAttempt(one, probe));
  // It was let through here, and then met another limit: whether this one still holds is for the next to find out.
  const metAnother = news.limits.some((one) => isSameAttempt(one.by, probe));
  if (ended !== undefined && (ended.neverRan || metAnother || !provesAnswer(ended))) {
    await forgetProbe(writing.query, limit);
  } else if (ended !== undefined) {
    await lift(writing, limit, `its probe ${ended.name} ${howItEnded(ended.outcome)}`);
  } else if (news.answered.some((key) => isSameAttempt(key, probe))) {
    await lift(writing, limit, `its probe ${await nameOf(writing.query, probe)} was answered`);
  }
}

/** One that was lost, or that we ended, may never have asked its provider. */
function provesAnswer({ outcome }: EndedAttempt): boolean {
  return outcome.kind === 'succeeded' || outcome.kind === 'failed';
}

async function forgetProbe(query: Query, { pool, model }: PoolLimit): Promise<void> {
  const sql = `update limits set probe_dispatch = null, probe_fence = null
    where pool = $1 and model = $2`;
  await query(sql, [pool, modelKey(model)]);
}

async function lift(
  { query, events }: Writing,
  { pool, model }: PoolLimit,
  because: string,
): Promise<void> {
  await query('delete from limits where pool = $1 and model = $2', [pool, modelKey(model)]);
  const data = { pool, model, because };
  events.push({ type: 'pool.lifted', dispatch: null, attempt: null, data });
}

async function nameOf(query: Query, { dispatch }: AttemptKey): Promise<string> {
  const [row] = await query('select name from dispatches where id = $1', [dispatch]);
  return row === undefined ? dispatch : text(row, 'name');
}

/** Lets an attempt through: it is the probe of every limit that it is under. */
export async function beginProbe(
  { query, now }: Writing,
  pool: string,
  model: string | null,
  { dispatch, fence }: AttemptKey,
): Promise<void> {
  await query(
    `update limits set probe_dispatch = $3, probe_fence = $4
     where pool = $1 and (model = '' or model = $2) and until_at <= $5 and probe_dispatch is null`,
    [pool, modelKey(model), dispatch, fence, now],
  );
}

/** `all`: the clock has stepped. `begun-after`: a moment that is not there yet is now. */
type LimitsMove =
  | { readonly kind: 'all'; readonly byMs: number }
  | { readonly kind: 'begun-after'; readonly now: Millis };

/** After a step of the clock. By the moment at which it was met its attempt knows it again, and has moved along as well. */
export async function moveLimitsAlong(query: Query, move: LimitsMove): Promise<void> {
  const isAll = move.kind === 'all';
  const by = isAll ? '$1' : '$1 - since';
  const sql = `update limits as l set since = since + ${by},
    until_at = case when ${DURATION} then until_at + ${by} else until_at end`;
  await query(isAll ? sql : `${sql} where since > $1`, [isAll ? move.byMs : move.now]);
}

/** Pauses that are not a person's; one that is there already stays as it is. */
export async function pause(
  { query, events }: Writing,
  pool: string,
  because: string,
): Promise<void> {
  const sql = `update pools set paused = 1, paused_because = $2
    where name = $1 and paused = 0 returning name`;
  if ((await query(sql, [pool, because])).length === 0) return;
  events.push({ type: 'pool.paused', dispatch: null, attempt: null, data: { pool, because } });
}
