// Owns containment by the process table: membership by what it shows, and freeze before kill. Tier sh has nothing else.
// At tier subreaper ancestry is never lost while the shim lives: whoever sheds all the rest is still its descendant.
import type { LiveDispatch } from '../core/dispatch.ts';
import type { Look } from '../core/evidence.ts';
import { type ProcessIdentity, formatMark, processKey } from '../core/identity.ts';
import { findMembers } from '../core/tree.ts';
import type { ProcessRow, ProcessTable } from '../ports.ts';
import type { Containment } from './containment.ts';
import type { AttemptMemory } from './memory.ts';
import { type TableLook, lookAtTable } from './table-look.ts';
import type { World } from './world.ts';

/** A tree that still forks after this many freezing rounds is killed as far as it was seen, and looked at again. */
const FREEZE_ROUNDS_MAX = 64;

type Seen = Extract<TableLook, { readonly kind: 'seen' }>['value'];

export const BY_TABLE: Containment = { members, end };

function members(
  { ledger, processes }: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  table: TableLook,
): Look<readonly ProcessRow[]> {
  if (table.kind !== 'seen') return table;
  // After a reboot a stranger may have the pid and the start time of a process of the boot before (I3).
  const bootId = processes.bootId();
  const ofThisBoot = (process: ProcessIdentity | null) =>
    process?.bootId === bootId ? process : null;
  const shim = ofThisBoot(memory.shim);
  const leaders = [ofThisBoot(memory.agent), shim].filter((process) => process !== null);
  const found = findMembers(
    table.value.snapshot,
    { mark: formatMark({ ...live.attempt, ledger: ledger.id }), leaders, shim },
    memory.known,
    table.value.isProtected,
  );
  memory.known = found.known;
  return { kind: 'seen', value: found.members };
}

/**
 * Freeze to a fixed point, then kill: killing first destroys the evidence (measured: a kill of the group before the
 * snapshot lost a child).
 */
function end(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  shims: readonly ProcessIdentity[],
): Look<number> {
  const { processes } = world;
  const bootId = processes.bootId();
  const frozen = new Map<string, ProcessIdentity>();
  for (let round = 0; round < FREEZE_ROUNDS_MAX; round++) {
    const table = lookAtTable(world, shims);
    const found = members(world, live, memory, table);
    if (found.kind !== 'seen' || table.kind !== 'seen') {
      thaw(processes, frozen.values());
      return found.kind === 'seen' ? { kind: 'absent' } : found;
    }
    const fresh = found.value.filter((member) => !frozen.has(processKey(member)));
    if (fresh.length === 0) break;
    for (const member of fresh) {
      const process = { bootId, pid: member.pid, startTime: member.startTime };
      frozen.set(processKey(process), process);
      processes.signal(process, isFrozenSafely(member, table.value) ? 'SIGSTOP' : 'SIGKILL');
    }
  }
  for (const process of frozen.values()) processes.signal(process, 'SIGKILL');
  memory.emptyLooks = 0;
  memory.killRounds++;
  memory.lastKilled = new Set(frozen.keys());
  return { kind: 'seen', value: frozen.size };
}

/**
 * When the parent of a job (a group beside the one that leads its session) ends while somebody in that job is stopped, the
 * kernel itself sends SIGHUP and SIGCONT to the whole job. Whoever shares one with a protected process is therefore killed
 * without being stopped first (I9).
 */
function isFrozenSafely({ group, session }: ProcessRow, { snapshot, isProtected }: Seen): boolean {
  return group === session || snapshot.byGroup.get(group)?.some(isProtected) !== true;
}

/** A kill that cannot go on leaves nobody frozen: a stopped tree can neither end nor work. */
function thaw(processes: ProcessTable, frozen: Iterable<ProcessIdentity>): void {
  for (const process of frozen) processes.signal(process, 'SIGCONT');
}
