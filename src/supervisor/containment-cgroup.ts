// Owns containment by a cgroup: the kernel keeps the list of members, whatever they shed, and the CPU time of those that
// nobody has waited for. Who was moved out of it, or came in with the mark from outside, is found as at tier sh.
import type { LiveDispatch } from '../core/dispatch.ts';
import type { Look } from '../core/evidence.ts';
import { type ProcessIdentity, formatMark, processKey } from '../core/identity.ts';
import { type Snapshot, ownInside, takeSnapshot } from '../core/tree.ts';
import type { ProcessRow, ProcessTable } from '../ports.ts';
import type { Containment, Doomed, Held } from './containment.ts';
import { BY_TABLE, type Targets, killMembers, targetsIn } from './containment-table.ts';
import { type AttemptMemory, knownPids } from './memory.ts';
import { type TableLook, lookAtTable } from './table-look.ts';
import type { World } from './world.ts';

/** Who hops from process to process can be gone when its row is read, so often in a row hardly ever. */
const TRIES_MAX = 5;

export const BY_CGROUP: Containment = { members, end };

interface Inside {
  /** the look with those of the cgroup that came after it */
  readonly table: TableLook;
  readonly own: readonly ProcessRow[];
  /** somebody in it is none of its tree: protected, opted out, or of another attempt */
  readonly hasStrangers: boolean;
  readonly cpuMs: number;
  readonly isEmptied: boolean;
}

function members(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  table: TableLook,
): Look<Held> {
  const inside = lookInside(world, live, memory, table);
  switch (inside.kind) {
    case 'unknown':
      return inside;
    case 'absent':
      return BY_TABLE.members(world, live, memory, table);
    case 'seen':
      return membersInside(world, live, memory, inside.value);
  }
}

/** What a stranger in it uses is no work of the attempt, and cannot be told from it. */
function membersInside(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  { table, hasStrangers, cpuMs, isEmptied }: Inside,
): Look<Held> {
  const found = BY_TABLE.members(world, live, memory, table);
  if (found.kind !== 'seen' || hasStrangers) return found;
  return { kind: 'seen', value: { ...found.value, cpuMs, isEmptied } };
}

/** Whom a kill is about, by the look with those of the cgroup that came after it. */
function targetsOf(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  table: TableLook,
): Look<Targets> {
  const inside = lookInside(world, live, memory, table);
  if (inside.kind === 'unknown') return inside;
  const complete = inside.kind === 'seen' ? inside.value.table : table;
  return targetsIn(complete, BY_TABLE.members(world, live, memory, complete));
}

/**
 * Whoever is found inside is known from then on, wherever it goes. A list whose processes were all gone when they were
 * looked at proves nothing: they may have successors.
 */
function lookInside(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  table: TableLook,
): Look<Inside> {
  if (table.kind !== 'seen') return table;
  const { snapshot, isProtected, isNamed } = table.value;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const look = world.cgroups.look(memory.key);
    if (look.kind !== 'seen') return look;
    const { pids, cpuMs: usedMs } = look.value;
    const young = youngOf(world.processes, snapshot, pids);
    if (young.kind !== 'seen') return young;
    const complete = withRows(snapshot, young.value);
    const inside = pids.flatMap((pid) => complete.byPid.get(pid) ?? []);
    if (pids.length > 0 && inside.every(({ zombie }) => zombie)) continue;
    const mark = formatMark({ ...live.attempt, ledger: world.ledger.id });
    const own = ownInside(inside, mark, isProtected);
    const known = new Set([...memory.known.processes, ...own.map(processKey)]);
    memory.known = { ...memory.known, processes: known };
    return {
      kind: 'seen',
      value: {
        table: { kind: 'seen', value: { snapshot: complete, isProtected, isNamed } },
        own,
        hasStrangers: own.length < inside.length,
        cpuMs: usedMs,
        isEmptied: pids.length === 0,
      },
    };
  }
  return { kind: 'unknown', because: 'its cgroup holds a process that is never where it was' };
}

/**
 * Members that the table does not show: they came after it. Or their first thread had ended there: then another one lives,
 * for the kernel lists nobody else.
 */
function youngOf(
  processes: ProcessTable,
  { byPid }: Snapshot<ProcessRow>,
  pids: readonly number[],
): Look<readonly ProcessRow[]> {
  const unseen = pids.filter((pid) => byPid.get(pid)?.zombie !== false);
  if (unseen.length === 0) return { kind: 'seen', value: [] };
  const rows = processes.rowsOf(unseen);
  if (rows.kind !== 'seen') return rows;
  const isHalfDead = (row: ProcessRow) =>
    row.zombie && byPid.get(row.pid)?.startTime === row.startTime;
  return {
    kind: 'seen',
    value: rows.value.map((row) => (isHalfDead(row) ? { ...row, zombie: false } : row)),
  };
}

function withRows(
  snapshot: Snapshot<ProcessRow>,
  rows: readonly ProcessRow[],
): Snapshot<ProcessRow> {
  if (rows.length === 0) return snapshot;
  const pids = new Set(rows.map(({ pid }) => pid));
  return takeSnapshot([...snapshot.rows.filter(({ pid }) => !pids.has(pid)), ...rows]);
}

/** Each by its own cgroup; one that cannot be ended keeps nobody else. */
function end(
  world: World,
  doomed: readonly Doomed[],
  shims: readonly ProcessIdentity[],
): Look<number> {
  let killed = 0;
  let unknown: Look<number> | null = null;
  for (const one of doomed) {
    const ended = endOne(world, one, shims);
    if (ended.kind === 'seen') killed += ended.value;
    else unknown = ended;
  }
  return unknown ?? { kind: 'seen', value: killed };
}

/**
 * The kernel kills everybody inside at once, also who is being forked. Not where somebody inside must get no signal of any
 * kind (I9): he is neither killed nor held by the freezer with the rest, which goes one by one. Nor on a kernel before 5.14:
 * then one by one as well, and the freezer holds them meanwhile.
 */
function endOne(
  world: World,
  { live, memory }: Doomed,
  shims: readonly ProcessIdentity[],
): Look<number> {
  const { cgroups } = world;
  const look = () => lookAtTable(world, shims, knownPids(memory));
  const table = look();
  const inside = lookInside(world, live, memory, table);
  if (inside.kind === 'unknown') return inside;
  const oneByOne = () => killMembers(world, [memory], () => targetsOf(world, live, memory, look()));
  if (inside.kind === 'absent' || inside.value.hasStrangers) return oneByOne();
  if (inside.value.own.some(({ inExec }) => inExec)) return oneByOne();
  const found = BY_TABLE.members(world, live, memory, inside.value.table);
  if (found.kind !== 'seen') return found;
  if (cgroups.kill(memory.key)) {
    const own = new Set(inside.value.own.map(processKey));
    if (found.value.rows.some((member) => !own.has(processKey(member)))) return oneByOne();
    memory.emptyLooks = 0;
    memory.killRounds++;
    memory.lastKilled = new Set(found.value.rows.map(processKey));
    return { kind: 'seen', value: found.value.rows.length };
  }
  cgroups.freeze(memory.key, true);
  const killed = oneByOne();
  cgroups.freeze(memory.key, false);
  return killed;
}
