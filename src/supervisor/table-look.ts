// Owns one look at the process table: a snapshot, and who in it gets no signal of any kind (I9).
import type { Look } from '../core/evidence.ts';
import { type ProcessIdentity, processKey } from '../core/identity.ts';
import { type Snapshot, protectedProcesses, takeSnapshot } from '../core/tree.ts';
import type { ProcessRow, Scope } from '../ports.ts';
import type { World } from './world.ts';

type Eyes = Pick<World, 'processes' | 'protection'>;

export interface SeenTable {
  readonly snapshot: Snapshot<ProcessRow>;
  /** gets no signal of any kind, for whatever reason */
  readonly isProtected: (process: ProcessRow) => boolean;
  /** is protected by the word of the herd's owner */
  readonly isNamed: (process: ProcessRow) => boolean;
}

export type TableLook = Look<SeenTable>;

/**
 * In one go, for a kill: what it shows is acted upon before anybody else in this process can change anything.
 *
 * @param again whom it is about, where they are known (`Scope`)
 */
export function lookAtTable(
  eyes: Eyes,
  shims: readonly ProcessIdentity[],
  again?: readonly number[],
): TableLook {
  return judgeTable(eyes, eyes.processes.scan(again), shims);
}

/**
 * In turns with everybody else in this process, for a round of evidence.
 *
 * @param shims asked for once the table has been read: a shim that was started meanwhile is in it, and protected
 */
export async function lookAtTableInTurns(
  eyes: Eyes,
  shims: () => readonly ProcessIdentity[],
  scope: Scope,
): Promise<TableLook> {
  const scan = await eyes.processes.scanInTurns(scope);
  return judgeTable(eyes, scan, shims());
}

/** Whom the owner protects is asked after the scan, so that it is no older than what is done about it. */
function judgeTable(
  { processes, protection }: Eyes,
  scan: Look<readonly ProcessRow[]>,
  shims: readonly ProcessIdentity[],
): TableLook {
  if (scan.kind !== 'seen') return scan;
  const always = protectedProcesses(scan.value, processes.self(), new Set(shims.map(processKey)));
  if (always === null) {
    return { kind: 'unknown', because: 'the process table does not show ourselves' };
  }
  const named = protection.look();
  if (named.kind === 'unknown') {
    return { kind: 'unknown', because: `cannot tell whom to protect: ${named.because}` };
  }
  const isNamed = named.kind === 'absent' ? () => false : named.value;
  const isProtected = (row: ProcessRow) => always(row) || isNamed(row);
  return { kind: 'seen', value: { snapshot: takeSnapshot(scan.value), isProtected, isNamed } };
}
