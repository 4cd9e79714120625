// Owns one look at the process table: a snapshot, and who in it gets no signal of any kind (I9).
import type { Look } from '../core/evidence.ts';
import { type ProcessIdentity, processKey } from '../core/identity.ts';
import { type TreeProcess, protectedProcesses } from '../core/tree.ts';
import type { Bookmark, ProcessRow, ProcessTable } from '../ports.ts';

export type TableLook = Look<{
  readonly rows: readonly ProcessRow[];
  readonly isProtected: (process: TreeProcess) => boolean;
}>;

/** @param since with it, only processes that came after it need to be seen */
export function lookAtTable(
  processes: ProcessTable,
  shims: readonly ProcessIdentity[],
  since: Bookmark | null = null,
): TableLook {
  const scan = processes.scan(since);
  if (scan.kind !== 'seen') return scan;
  const isProtected = protectedProcesses(
    scan.value,
    processes.self(),
    new Set(shims.map(processKey)),
  );
  if (isProtected === null) {
    return { kind: 'unknown', because: 'the process table does not show ourselves' };
  }
  return { kind: 'seen', value: { rows: scan.value, isProtected } };
}
