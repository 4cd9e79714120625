// Owns containment by the process table: membership by what it shows, and freeze before kill. Tier sh has nothing else.
// At tier subreaper ancestry is never lost while the shim lives: whoever sheds all the rest is still its descendant.
import type { LiveDispatch } from '../core/dispatch.ts';
import type { Look } from '../core/evidence.ts';
import { type ProcessIdentity, formatMark, ofBoot, processKey } from '../core/identity.ts';
import { findMembers, keptNumbers } from '../core/tree.ts';
import type { ProcessRow, ProcessTable } from '../ports.ts';
import type { Containment, Doomed, Held } from './containment.ts';
import { type AttemptMemory, knownPids } from './memory.ts';
import { type SeenTable, type TableLook, lookAtTable } from './table-look.ts';
import type { World } from './world.ts';

/** Whom a kill is about. */
export interface Targets {
  /** who belongs, and may be signalled */
  readonly members: readonly ProcessRow[];
  /** the look that showed them, and who is protected beside them */
  readonly table: SeenTable;
}

/** A tree that still forks after this many freezing rounds is killed as far as it was seen, and looked at again. */
const FREEZE_ROUNDS_MAX = 64;

export const BY_TABLE: Containment = { members, end };

function members(
  { ledger, processes, clock }: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  table: TableLook,
): Look<Held> {
  if (table.kind !== 'seen') return table;
  const bootId = processes.bootId();
  const shim = ofBoot(memory.shim, bootId);
  const leaders = [ofBoot(memory.agent, bootId), shim].filter((process) => process !== null);
  const { snapshot } = table.value;
  const nowMs = clock.monotonicMs();
  const found = findMembers(
    snapshot,
    { mark: formatMark({ ...live.attempt, ledger: ledger.id }), leaders, shim },
    keptNumbers(memory.known, snapshot, nowMs - memory.knownAtMs),
    table.value.isProtected,
  );
  memory.known = found.known;
  memory.knownAtMs = nowMs;
  return { kind: 'seen', value: { rows: found.members, cpuMs: null, isEmptied: false } };
}

function end(
  world: World,
  doomed: readonly Doomed[],
  shims: readonly ProcessIdentity[],
): Look<number> {
  const memories = doomed.map(({ memory }) => memory);
  return killMembers(world, memories, () => {
    const table = lookAtTable(world, shims, memories.flatMap(knownPids));
    return targetsIn(table, membersOfAll(world, doomed, table));
  });
}

function membersOfAll(world: World, doomed: readonly Doomed[], table: TableLook): Look<Held> {
  const rows: ProcessRow[] = [];
  for (const { live, memory } of doomed) {
    const found = members(world, live, memory, table);
    if (found.kind !== 'seen') return found;
    rows.push(...found.value.rows);
  }
  return { kind: 'seen', value: { rows, cpuMs: null, isEmptied: false } };
}

/** @param found by that very table */
export function targetsIn(table: TableLook, found: Look<Held>): Look<Targets> {
  if (table.kind !== 'seen') return table;
  if (found.kind !== 'seen') return found;
  return { kind: 'seen', value: { members: found.value.rows, table: table.value } };
}

/**
 * A kill of trees, noted: from here on their empty looks are counted afresh, and who outlives it can be told.
 *
 * @returns how many were killed, or why nobody was
 */
export function killMembers(
  { processes }: World,
  memories: readonly AttemptMemory[],
  look: () => Look<Targets>,
): Look<number> {
  const killed = freezeAndKill(processes, look);
  if (killed.kind !== 'seen') return killed;
  for (const memory of memories) {
    memory.emptyLooks = 0;
    memory.killRounds++;
    memory.lastKilled = killed.value;
  }
  return { kind: 'seen', value: killed.value.size };
}

/**
 * Freeze to a fixed point, then kill: killing first destroys the evidence (measured: a kill of the group before the
 * snapshot lost a child).
 *
 * @param look by a table that is read now
 * @returns `processKey`s of those that were killed
 */
export function freezeAndKill(
  processes: ProcessTable,
  look: () => Look<Targets>,
): Look<ReadonlySet<string>> {
  const bootId = processes.bootId();
  const frozen = new Map<string, ProcessIdentity>();
  const hidden = new Set<string>();
  for (let round = 0; round < FREEZE_ROUNDS_MAX; round++) {
    const targets = look();
    if (targets.kind !== 'seen') {
      thaw(processes, frozen.values());
      return targets;
    }
    const { members: found, table } = targets.value;
    // Whose mark is not to be seen yet may turn out to be nobody's of ours; the next kill knows (I4, I9).
    for (const member of found) if (member.inExec) hidden.add(processKey(member));
    const fresh = found.filter((member) => {
      const key = processKey(member);
      return !hidden.has(key) && !frozen.has(key);
    });
    if (fresh.length === 0) break;
    for (const member of fresh) {
      const process = { bootId, pid: member.pid, startTime: member.startTime };
      frozen.set(processKey(process), process);
      processes.signal(process, isFrozenSafely(member, table) ? 'SIGSTOP' : 'SIGKILL');
    }
  }
  for (const process of frozen.values()) processes.signal(process, 'SIGKILL');
  return { kind: 'seen', value: new Set(frozen.keys()) };
}

/**
 * When the parent of a job (a group beside the one that leads its session) ends while somebody in that job is stopped, the
 * kernel itself sends SIGHUP and SIGCONT to the whole job. Whoever shares one with a protected process is therefore killed
 * without being stopped first (I9).
 */
function isFrozenSafely(
  { group, session }: ProcessRow,
  { snapshot, isProtected }: SeenTable,
): boolean {
  return group === session || snapshot.byGroup.get(group)?.some(isProtected) !== true;
}

/** A kill that cannot go on leaves nobody frozen: a stopped tree can neither end nor work. */
function thaw(processes: ProcessTable, frozen: Iterable<ProcessIdentity>): void {
  for (const process of frozen) processes.signal(process, 'SIGCONT');
}
