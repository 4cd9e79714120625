// Owns the row of the brake (core/brake.ts), and what it holds back in the rows of dispatches.
import { type Brake, type BrakeMove, NO_KILLS, shiftBrake } from '../core/brake.ts';
import type { Dispatch, DispatchId, Held, State } from '../core/dispatch.ts';
import { json, textOrNull, whole } from './columns.ts';
import type { Query } from './driver.ts';
import { DISPATCH, toDispatch } from './rows.ts';
import { HOST, LIVE } from './schema-1.ts';
import { type Writing, setState } from './writing.ts';

const parseEngaged = (value: string): Brake['engaged'] => JSON.parse(value);
const parseKills = (value: string): Brake['kills'] => JSON.parse(value);

export async function brake(query: Query): Promise<Brake> {
  const sql = 'select revision, engaged, kills from brake where host = $1';
  const [row] = await query(sql, [HOST]);
  if (row === undefined) return NO_KILLS;
  const engaged = textOrNull(row, 'engaged');
  return {
    engaged: engaged === null ? null : json(row, 'engaged', parseEngaged),
    kills: json(row, 'kills', parseKills),
    revision: whole(row, 'revision'),
  };
}

export async function moveBrake(writing: Writing, { from, to }: BrakeMove): Promise<boolean> {
  const { query, events } = writing;
  const before = await brake(query);
  if (before.revision !== from) return false;
  await write(query, from + 1, to);
  const about = { dispatch: null, attempt: null };
  if (before.engaged === null && to.engaged !== null) {
    const { because } = to.engaged;
    events.push({ ...about, type: 'brake.engaged', data: { because } });
  }
  if (before.engaged !== null && to.engaged === null) {
    const because = 'nothing is held back any more';
    events.push({ ...about, type: 'brake.released', data: { because } });
  }
  return true;
}

async function write(query: Query, revision: number, to: BrakeMove['to']): Promise<void> {
  await query(
    `insert into brake (host, revision, engaged, kills) values ($1, $2, $3, $4)
     on conflict (host) do update set revision = excluded.revision, engaged = excluded.engaged,
       kills = excluded.kills`,
    [
      HOST,
      revision,
      to.engaged === null ? null : JSON.stringify(to.engaged),
      JSON.stringify(to.kills),
    ],
  );
}

/** What was counted is forgotten: a person has looked, and the next minute is as good as any. */
export async function releaseBrake(writing: Writing): Promise<readonly DispatchId[]> {
  const { query, events } = writing;
  const { engaged, revision } = await brake(query);
  const confirmed: DispatchId[] = [];
  for (const { dispatch, state, held } of await heldBack(query)) {
    if (held.isConfirmed) continue;
    const next: State = { ...state, held: { ...held, isConfirmed: true } };
    const because = `a person confirmed that it is ended: ${held.because}`;
    if (await setState(writing, dispatch, next, because)) confirmed.push(dispatch.id);
  }
  if (engaged === null && confirmed.length === 0) return [];
  await write(query, revision + 1, { engaged: null, kills: [] });
  const data = { because: 'a person confirmed what was held back', confirmed };
  events.push({ type: 'brake.released', dispatch: null, attempt: null, data });
  return confirmed;
}

/** Moments in it are as those of all others after a step of the clock. */
export async function moveBrakeAlong(writing: Writing, byMs: number): Promise<void> {
  const { query } = writing;
  const before = await brake(query);
  if (before.revision > 0) await write(query, before.revision + 1, shiftBrake(before, byMs));
  for (const { dispatch, state, held } of await heldBack(query)) {
    const next: State = { ...state, held: { ...held, at: held.at + byMs } };
    await setState(writing, dispatch, next, dispatch.because);
  }
}

interface HeldBack {
  readonly dispatch: Dispatch;
  readonly state: Extract<State, { kind: 'running' }>;
  readonly held: Held;
}

async function heldBack(query: Query): Promise<readonly HeldBack[]> {
  const rows = await query(
    `select ${DISPATCH} from dispatches d where ${LIVE} order by d.position`,
    [],
  );
  return rows.map(toDispatch).flatMap((dispatch) => {
    const { state } = dispatch;
    if (state.kind !== 'running' || state.held === undefined) return [];
    return [{ dispatch, state, held: state.held }];
  });
}
