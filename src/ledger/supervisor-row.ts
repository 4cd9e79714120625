// Owns the row of the supervisor: who it is, what is asked of it, and how it ended. That it lives is not said here, but
// by the lock (supervisor-lock.ts): a row survives its process.
import type { ProcessIdentity } from '../core/identity.ts';
import type { SupervisorRow } from '../ports.ts';
import { text, textOrNull, whole, word } from './columns.ts';
import type { Query } from './driver.ts';
import { HOST } from './schema-1.ts';
import type { Writing } from './writing.ts';

/** A new supervisor starts without wishes: what was asked of its predecessor was not asked of it. */
export async function announceSupervisor(
  { query, now, events }: Writing,
  process: ProcessIdentity,
): Promise<void> {
  const { bootId, pid, startTime } = process;
  await query(
    `insert into supervisor (host, boot_id, pid, start_time, started_at, wish)
     values ($1, $2, $3, $4, $5, 'run')
     on conflict (host) do update set boot_id = excluded.boot_id, pid = excluded.pid,
       start_time = excluded.start_time, started_at = excluded.started_at, wish = 'run', ended_because = null`,
    [HOST, bootId, pid, startTime, now],
  );
  const data = { pid, startTime };
  events.push({ type: 'supervisor.started', dispatch: null, attempt: null, data });
}

/** Does nothing where the row is that of another process, or has its end already. */
export async function concludeSupervisor(
  { query, events }: Writing,
  { bootId, pid, startTime }: ProcessIdentity,
  because: string,
): Promise<void> {
  const ended = await query(
    `update supervisor set ended_because = $5 where host = $1 and boot_id = $2 and pid = $3
       and start_time = $4 and ended_because is null returning pid`,
    [HOST, bootId, pid, startTime, because],
  );
  if (ended.length === 0) return;
  const data = { pid, because };
  events.push({ type: 'supervisor.stopped', dispatch: null, attempt: null, data });
}

export async function supervisor(query: Query): Promise<SupervisorRow | null> {
  const [row] = await query('select * from supervisor where host = $1', [HOST]);
  if (row === undefined) return null;
  return {
    process: {
      bootId: text(row, 'boot_id'),
      pid: whole(row, 'pid'),
      startTime: whole(row, 'start_time'),
    },
    startedAt: whole(row, 'started_at'),
    wish: word(row, 'wish', ['run', 'down', 'drain', 'stop-agents']),
    endedBecause: textOrNull(row, 'ended_because'),
  };
}

/** @returns false where no supervisor has announced itself, or the last one has ended in order */
export async function wishSupervisor(
  { query }: Writing,
  wish: SupervisorRow['wish'],
): Promise<boolean> {
  const sql =
    'update supervisor set wish = $2 where host = $1 and ended_because is null returning pid';
  return (await query(sql, [HOST, wish])).length > 0;
}
