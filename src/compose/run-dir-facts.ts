// Owns what is seen of a run directory by who may remove it: whose it is, whether it ended, and who uses it, by its mark,
// its record, and what is open.
import type { CleanFacts } from '../core/cleaning.ts';
import type { AttemptKey } from '../core/dispatch.ts';
import type { Look } from '../core/evidence.ts';
import { parseMark, type ProcessIdentity } from '../core/identity.ts';
import type { HostProcessTable } from '../host/host-process-table.ts';
import { isUntouched, type RunDirEntry } from '../host/left-files.ts';
import { lookAtRunDirUse } from '../host/run-dir-use.ts';
import { readMark, type Records, readRecords } from '../host/run-records.ts';
import type { ProcessRow } from '../ports.ts';

export interface RunDir extends RunDirEntry {
  readonly key: AttemptKey;
}

/** pids by the name of the run directory */
export type Users = ReadonlyMap<string, ReadonlySet<number>>;

/** @returns `unknown` where any of them may be in use */
export function whoUses(table: HostProcessTable, runsDir: string, ledger: string): Look<Users> {
  const scan = table.scan();
  if (scan.kind !== 'seen') return scan;
  const open = lookAtRunDirUse(runsDir);
  if (open.kind !== 'seen') return open;
  const users = new Map([...open.value].map(([name, pids]) => [name, new Set(pids)]));
  for (const row of scan.value) {
    const name = runDirNameOf(row, ledger);
    if (name === null) continue;
    const known = users.get(name);
    if (known === undefined) users.set(name, new Set([row.pid]));
    else known.add(row.pid);
  }
  return { kind: 'seen', value: users };
}

function runDirNameOf({ mark, zombie }: ProcessRow, ledger: string): string | null {
  const parsed = mark === null || zombie ? null : parseMark(mark);
  return parsed?.ledger === ledger ? `${parsed.dispatch}.${parsed.fence}` : null;
}

export function factsOf(
  { path, name, key }: RunDir,
  table: HostProcessTable,
  users: Look<Users>,
): Look<CleanFacts> {
  if (users.kind !== 'seen') return users;
  const records = readRecords(path, key.fence);
  const onRecord = recordedUsers(records, table);
  if (onRecord.kind !== 'seen') return onRecord;
  const pids = new Set([...(users.value.get(name) ?? []), ...onRecord.value]);
  const exit = records.exit.kind === 'seen' ? records.exit.value : null;
  return {
    kind: 'seen',
    value: {
      ...key,
      mark: readMark(path, key.fence),
      users: [...pids].toSorted((a, b) => a - b),
      recordedAt: exit?.at ?? null,
      exited: exit !== null,
      untouched: isUntouched(path),
    },
  };
}

/** Shim and agent, where they live: an agent may have shed all else. */
function recordedUsers(records: Records, table: HostProcessTable): Look<readonly number[]> {
  const { claim, agent, exit } = records;
  for (const look of [claim, agent, exit]) if (look.kind === 'unknown') return look;
  const recorded: ProcessIdentity[] = [];
  if (claim.kind === 'seen' && claim.value.by === 'shim') recorded.push(claim.value.shim);
  if (agent.kind === 'seen') recorded.push(agent.value);
  const pids: number[] = [];
  for (const process of recorded) {
    const sighting = table.sight(process);
    if (sighting === 'alive') pids.push(process.pid);
    if (sighting === 'unknown') {
      return { kind: 'unknown', because: `process ${process.pid} cannot be looked at` };
    }
  }
  return { kind: 'seen', value: pids };
}
