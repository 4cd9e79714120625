// Owns one look at the process table: a snapshot, and who in it gets no signal of any kind (I9).
import type { Look } from '../core/evidence.ts';
import { type ProcessIdentity, processKey } from '../core/identity.ts';
import { type Snapshot, type TreeProcess, protectedProcesses, takeSnapshot } from '../core/tree.ts';
import type { Bookmark, ProcessRow, ProcessTable } from '../ports.ts';

export type TableLook = Look<{
  readonly snapshot: Snapshot<ProcessRow>;
  readonly isProtected: (process: TreeProcess) => boolean;
}>;

/** In one go, for a kill: what it shows is acted upon before anybody else in this process can change anything. */
export function lookAtTable(processes: ProcessTable, shims: readonly ProcessIdentity[]): TableLook {
  return judgeTable(processes, processes.scan(), shims);
}

/**
 * In turns with everybody else in this process, for a round of evidence.
 *
 * @param shims asked for once the table has been read: a shim that was started meanwhile is in it, and protected
 * @param since with it, only processes that came after it need to be seen
 */
export async function lookAtTableInTurns(
  processes: ProcessTable,
  shims: () => readonly ProcessIdentity[],
  since: Bookmark | null,
): Promise<TableLook> {
  const scan = await processes.scanInTurns(since);
  return judgeTable(processes, scan, shims());
}

function judgeTable(
  processes: ProcessTable,
  scan: Look<readonly ProcessRow[]>,
  shims: readonly ProcessIdentity[],
): TableLook {
  if (scan.kind !== 'seen') return scan;
  const isProtected = protectedProcesses(
    scan.value,
    processes.self(),
    new Set(shims.map(processKey)),
  );
  if (isProtected === null) {
    return { kind: 'unknown', because: 'the process table does not show ourselves' };
  }
  return { kind: 'seen', value: { snapshot: takeSnapshot(scan.value), isProtected } };
}
