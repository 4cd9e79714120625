// Owns what people ask of dispatches and pools that are there: stop, retry (retry.ts), resize, pause, let go on (gates.ts).
import type { PoolSpec } from '../core/campaign.ts';
import type { DispatchId, StopWish } from '../core/dispatch.ts';
import { DroverError } from '../core/error.ts';
import { textOrNull, whole } from './columns.ts';
import { DISPATCH, toDispatch } from './rows.ts';
import { setState, type Writing } from './writing.ts';

/** @returns those for which a wish holds now; ended and unknown ones are left out */
export async function wishStop(
  { query, events }: Writing,
  ids: readonly DispatchId[],
  wish: StopWish,
): Promise<readonly DispatchId[]> {
  const wished: DispatchId[] = [];
  for (const id of new Set(ids)) {
    const sql = `select ${DISPATCH} from dispatches d where d.id = $1 and d.state <> 'ended'`;
    const [row] = await query(sql, [id]);
    if (row === undefined) continue;
    wished.push(id);
    const { stopWish: existing, spec, attempt } = toDispatch(row);
    const stricter = existing === null ? wish : stricterWish(existing, wish, spec.graceMs);
    if (stricter === existing) continue;
    await query('update dispatches set stop_wish = $2, revision = revision + 1 where id = $1', [
      id,
      JSON.stringify(stricter),
    ]);
    const { cause, because, graceMs } = stricter;
    events.push({
      type: 'dispatch.stop-requested',
      dispatch: id,
      attempt: attempt === 0 ? null : attempt,
      data: { cause, because, graceMs },
    });
  }
  return wished;
}

/**
 * Of two wishes the one that ends the dispatch sooner, and for good: a person's cancellation is never turned into a
 * mere interruption, and whoever asked for less grace gets it.
 *
 * @param ownGraceMs the grace of the dispatch, which a wish without one means
 * @returns `existing` itself where the new wish adds nothing
 */
function stricterWish(existing: StopWish, wish: StopWish, ownGraceMs: number): StopWish {
  // By their length, for the clock may have been set between the two. A stop that has begun is never put off by a later one.
  const grace = ({ graceMs }: StopWish) => graceMs ?? ownGraceMs;
  const sooner = grace(wish) < grace(existing);
  const forGood = wish.cause === 'cancelled' && existing.cause === 'superseded';
  if (!sooner && !forGood) return existing;
  const { at, graceMs } = sooner ? wish : existing;
  const { cause, because } = forGood || existing.cause === wish.cause ? wish : existing;
  return { at, graceMs, cause, because };
}

/** Creates or resizes; says so in the event log only where something changed. */
export async function setPool(
  { query, events }: Writing,
  { name, slots }: PoolSpec,
): Promise<void> {
  if (!Number.isSafeInteger(slots) || slots < 0) {
    throw new DroverError('CAMPAIGN_INVALID', {
      message: `pool ${name} cannot have ${slots} slots`,
      hint: 'give it a whole number, 0 or more',
    });
  }
  const [existing] = await query('select slots from pools where name = $1', [name]);
  const before = existing === undefined ? null : whole(existing, 'slots');
  if (before === slots) return;
  await query(
    `insert into pools (name, slots) values ($1, $2)
     on conflict (name) do update set slots = excluded.slots`,
    [name, slots],
  );
  const data = { pool: name, slots, slotsBefore: before };
  events.push({ type: 'pool.changed', dispatch: null, attempt: null, data });
}

/** Whoever pauses what its provider has closed takes it over. @returns false where there is no such pool */
/** A person who resumes a pool also says that its provider may be asked again now: a reset may have been misread. */
export async function setPoolPaused(
  writing: Writing,
  pool: string,
  paused: boolean,
): Promise<boolean> {
  const { query, events } = writing;
  const sql = 'select paused, paused_because from pools where name = $1';
  const [existing] = await query(sql, [pool]);
  if (existing === undefined) return false;
  const hastened = paused ? 0 : await hastenLimits(writing, pool);
  const byPerson = textOrNull(existing, 'paused_because') === null;
  const isSame = (whole(existing, 'paused') === 1) === paused && byPerson;
  if (isSame && hastened === 0) return true;
  await query('update pools set paused = $2, paused_because = null where name = $1', [
    pool,
    paused ? 1 : 0,
  ]);
  const type = paused ? 'pool.paused' : 'pool.resumed';
  const data = hastened === 0 ? { pool } : { pool, because: 'a person has its limits probed now' };
  events.push({ type, dispatch: null, attempt: null, data });
  return true;
}

const WAITING_FOR_QUOTA = `select ${DISPATCH} from dispatches d
  where d.pool = $1 and d.state = 'parked' and d.parked_for = 'quota'`;

/** One attempt asks at once, and the others follow its answer. @returns how many limits */
async function hastenLimits(writing: Writing, pool: string): Promise<number> {
  const { query, now } = writing;
  // Over since it began, and not from now on: this clock may be ahead of the one by which moments are told.
  const sql = `update limits set until_at = case when since < $2 then since else $2 end
    where pool = $1 and probe_dispatch is null returning pool`;
  const { length } = await query(sql, [pool, now]);
  if (length === 0) return 0;
  for (const dispatch of (await query(WAITING_FOR_QUOTA, [pool])).map(toDispatch)) {
    const { state, because } = dispatch;
    if (state.kind === 'parked')
      await setState(writing, dispatch, { ...state, until: Math.min(state.since, now) }, because);
  }
  return length;
}
