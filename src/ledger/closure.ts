// Owns what a hook asks of the ledger: may work of this dispatch ask its provider for more? Read through a connection that
// cannot write, and without what opening a ledger does, for a program waits for the answer at each of its tools.
import type { DispatchId, Millis } from '../core/dispatch.ts';
import { limitFor } from '../core/pool.ts';
import { text, textOrNull } from './columns.ts';
import type { Query } from './driver.ts';
import { limitsOf } from './limits.ts';
import { sqliteEngine } from './sqlite-engine.ts';

/** Why its pool is closed to it. */
export interface Closure {
  readonly because: string;
  /** null: until a person lets it go on */
  readonly until: Millis | null;
}

/** A supervisor commits within milliseconds. */
const BUSY_TIMEOUT_MS = 300;

/**
 * @param agent asked for the work of this agent program only: what a tool of another one runs has another provider
 * @returns null: it is not closed; a pool that a person has paused starts nothing, and lets go on what runs
 * @throws whatever SQLite throws, for example where there is no ledger or where it is another version's
 */
export async function readClosure(
  path: string,
  { dispatch, agent }: { readonly dispatch: DispatchId; readonly agent: string },
  now: Millis,
): Promise<Closure | null> {
  const connection = sqliteEngine().connect(path, 'read-only');
  try {
    connection.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
    const query: Query = async (sql, params) =>
      connection.prepare(sql.replaceAll(/\$(\d+)/g, '?$1'))(params);
    return await closureOf(query, { dispatch, agent }, now);
  } finally {
    connection.close();
  }
}

const PLACE = `select d.pool, d.model, d.spec, p.paused_because from dispatches d
  join pools p on p.name = d.pool where d.id = $1`;

async function closureOf(
  query: Query,
  { dispatch, agent }: { readonly dispatch: DispatchId; readonly agent: string },
  now: Millis,
): Promise<Closure | null> {
  const [row] = await query(PLACE, [dispatch]);
  if (row === undefined) return null;
  const spec: unknown = JSON.parse(text(row, 'spec'));
  if (typeof spec !== 'object' || spec === null || Reflect.get(spec, 'agent') !== agent)
    return null;
  const pool = text(row, 'pool');
  const because = textOrNull(row, 'paused_because');
  if (because !== null) return { because, until: null };
  const inForce = (await limitsOf(query, pool)).filter(({ until }) => until > now);
  const limit = limitFor(inForce, pool, textOrNull(row, 'model'));
  return limit === null ? null : { because: limit.because, until: limit.until };
}
