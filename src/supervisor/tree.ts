// Owns an attempt's process tree in containment tier sh: who is in it, and how it is brought down. Stronger tiers will
// stand beside it and answer the same two questions.
import type { LiveDispatch } from '../core/dispatch.ts';
import type { Look, Members } from '../core/evidence.ts';
import { type ProcessIdentity, formatMark, processKey } from '../core/identity.ts';
import { type TreeProcess, findMembers, protectedProcesses } from '../core/tree.ts';
import type { ProcessRow, ProcessTable } from '../ports.ts';
import type { AttemptMemory } from './memory.ts';
import type { World } from './world.ts';

/** A tree that still forks after this many freezing rounds is killed as far as it was seen, and looked at again. */
const FREEZE_ROUNDS_MAX = 64;

/** One snapshot with its protected set (I9). */
export type TableLook = Look<{
  readonly rows: readonly ProcessRow[];
  readonly isProtected: (process: TreeProcess) => boolean;
}>;

export function lookAtTable(processes: ProcessTable, shims: readonly ProcessIdentity[]): TableLook {
  const scan = processes.scan();
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

/**
 * Finds the members, remembers them by identity, and counts empty looks in a row. A tree that looks empty is asked for at
 * its life line as well.
 */
export function lookAtTree(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  table: TableLook,
): { members: Look<Members>; rows: Look<readonly ProcessRow[]> } {
  let members = membersIn(world, live, memory, table);
  if (members.kind === 'seen' && members.value.length === 0) {
    const holders = world.runDirs.lifeHolders(memory.key);
    if (holders.kind === 'seen') {
      const processes = new Set([...memory.known.processes, ...holders.value.map(processKey)]);
      memory.known = { ...memory.known, processes };
      members = membersIn(world, live, memory, table);
    }
  }
  if (members.kind !== 'seen') return { members, rows: members };
  memory.emptyLooks = members.value.length === 0 ? memory.emptyLooks + 1 : 0;
  const processes = members.value.map(({ pid, startTime, command }) => ({
    pid,
    startTime,
    command,
  }));
  return {
    members: { kind: 'seen', value: { processes, emptyLooks: memory.emptyLooks } },
    rows: members,
  };
}

function membersIn(
  { ledger, processes }: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  table: TableLook,
): Look<readonly ProcessRow[]> {
  if (table.kind !== 'seen') return table;
  // After a reboot a stranger may have the pid and the start time of a process of the boot before (I3).
  const bootId = processes.bootId();
  const leaders = [memory.agent, memory.shim]
    .filter((process) => process !== null)
    .filter((process) => process.bootId === bootId);
  const found = findMembers(
    table.value.rows,
    { mark: markOf(ledger.id, live), leaders },
    memory.known,
    table.value.isProtected,
  );
  memory.known = found.known;
  return { kind: 'seen', value: found.members };
}

export function markOf(ledger: string, { dispatch, attempt }: LiveDispatch): string {
  return formatMark({
    ledger,
    dispatch: dispatch.id,
    attempt: attempt.attempt,
    fence: attempt.fence,
    nonce: attempt.nonce,
  });
}

/**
 * Freeze to a fixed point, then kill: killing first destroys the evidence (process-facts 2.4). Nothing is concluded
 * here; the looks that follow say what is left.
 *
 * @param shims protected ones; the attempt's own shim is left out of them once it has nothing left to record
 * @returns how many processes were killed, or why nobody could be signalled
 */
export function endTree(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  shims: readonly ProcessIdentity[],
): Look<number> {
  const { processes } = world;
  const bootId = processes.bootId();
  const frozen = new Map<string, ProcessIdentity>();
  for (let round = 0; round < FREEZE_ROUNDS_MAX; round++) {
    const members = membersIn(world, live, memory, lookAtTable(processes, shims));
    if (members.kind !== 'seen') {
      thaw(processes, frozen.values());
      return members;
    }
    const fresh = members.value.filter((member) => !frozen.has(processKey(member)));
    if (fresh.length === 0) break;
    for (const { pid, startTime } of fresh) {
      const process = { bootId, pid, startTime };
      frozen.set(processKey(process), process);
      processes.signal(process, 'SIGSTOP');
    }
  }
  for (const process of frozen.values()) processes.signal(process, 'SIGKILL');
  memory.emptyLooks = 0;
  memory.killRounds++;
  memory.lastKilled = new Set(frozen.keys());
  return { kind: 'seen', value: frozen.size };
}

/** A kill that cannot go on leaves nobody frozen: a stopped tree can neither end nor work. */
function thaw(processes: ProcessTable, frozen: Iterable<ProcessIdentity>): void {
  for (const process of frozen) processes.signal(process, 'SIGCONT');
}
