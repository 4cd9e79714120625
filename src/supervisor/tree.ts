// Owns the look at an attempt's process tree, whatever holds it, and the count of empty looks that proves its end (I8).
import type { ContainmentTier, LiveDispatch, Millis } from '../core/dispatch.ts';
import type { Look, Members, Usage } from '../core/evidence.ts';
import { type ProcessIdentity, ofBoot, parseMark, processKey } from '../core/identity.ts';
import { type Snapshot, takeSnapshot } from '../core/tree.ts';
import type { ProcessRow } from '../ports.ts';
import type { AttemptMemory } from './memory.ts';
import type { TableLook } from './table-look.ts';
import type { Held } from './containment.ts';
import { containmentOf } from './tiers.ts';
import type { World } from './world.ts';

/**
 * Looks that are closer than this are one look: a process in the middle of its exec shows no environment, and so no mark,
 * for up to a few milliseconds on a busy machine.
 */
const LOOKS_APART_MS_MIN = 5;

/** Of the table alone (I8). */
const LOOKS_NEEDED = 2;

/**
 * A shim that somebody stopped waits for nobody, and is there. Who hops from process to process is shown by one of so many
 * looks; then the table is believed.
 */
const UNSHOWN_LOOKS_MAX = 5;

/** What a look at a tree goes by. */
interface Sight {
  readonly table: TableLook;
  readonly now: Millis;
  /** before the records were read its shim had waited for everybody, and nobody came since */
  readonly isEmptied: boolean;
  /** a shim that is gone was gone before the records were read */
  readonly shimIsKnown: boolean;
}

/** Finds the members, remembers them by identity, and counts empty looks in a row. */
export function lookAtTree(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  sight: Sight,
): { members: Look<Members>; held: Look<Held> } {
  const { now } = sight;
  const held = lookForAll(world, live, memory, sight);
  memory.unseenSince = held.kind === 'unknown' ? (memory.unseenSince ?? now) : null;
  if (held.kind !== 'seen') return { members: held, held };
  const { rows } = held.value;
  if (rows.length > 0) memory.emptyLooks = 0;
  else countEmptyLook(memory, provesEmpty(held.value, sight), now);
  const processes = rows.map(({ pid, startTime, command }) => ({ pid, startTime, command }));
  return {
    members: { kind: 'seen', value: { processes, emptyLooks: memory.emptyLooks } },
    held,
  };
}

/** By what holds them, and where that shows nobody by whatever else may know of somebody. */
function lookForAll(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  sight: Sight,
): Look<Held> {
  const { table } = sight;
  const containment = containmentOf(live.attempt.containment);
  const held = containment.members(world, live, memory, table);
  if (held.kind !== 'seen' || held.value.rows.length > 0 || table.kind !== 'seen') return held;
  const { snapshot } = table.value;
  const hidden = lookBehind(world, live, memory, {
    snapshot,
    isProved: provesEmpty(held.value, sight),
  });
  if (hidden.kind === 'unknown') return hidden;
  return hidden.kind === 'seen' ? containment.members(world, live, memory, table) : held;
}

/**
 * Two that know nothing of each other have found nobody: what holds the tree, and the table. But the records are older
 * than both: a shim that nobody knew may have started an agent since, recorded its end, and be gone.
 */
function provesEmpty(held: Held, { isEmptied, shimIsKnown }: Sight): boolean {
  return isEmptied || (held.isEmptied && shimIsKnown);
}

/**
 * What its members use together. A shim whose claim was destroyed looks like one of them: who is not known cannot be left
 * out, and what is ours must not count against the agent. Nor does who is in the middle of his exec: he may have opted out.
 */
export function usageOf(
  shim: ProcessIdentity | null,
  rows: Look<readonly ProcessRow[]>,
): Look<Usage> {
  if (rows.kind !== 'seen') return rows;
  if (shim === null) return { kind: 'unknown', because: 'its shim is not on record' };
  const counted = rows.value.filter(({ inExec }) => inExec !== true);
  const rssBytes = counted.reduce((sum, row) => sum + row.rssBytes, 0);
  return { kind: 'seen', value: { rssBytes, processes: counted.length } };
}

/**
 * Whose CPU time and I/O show that an attempt works: its members, its reaper, the herds that were begun inside of it, and an
 * agent that has ended, for as long as nobody has waited for it: what it did since the last sample is in its own books still.
 */
export function workersOf(
  { ledger, processes }: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  { rows, table }: { readonly rows: Look<readonly ProcessRow[]>; readonly table: TableLook },
): Look<readonly ProcessRow[]> {
  if (rows.kind !== 'seen') return rows;
  const bootId = processes.bootId();
  // At tier subreaper the CPU time of whoever lost its parent and ended is in the books of the shim that has waited for it.
  const reaper = live.attempt.containment === 'subreaper' ? rowsOf(memory.shim, bootId, table) : [];
  const endedAgent = rowsOf(memory.agent, bootId, table).filter(({ zombie }) => zombie);
  const own = [...rows.value, ...reaper];
  return { kind: 'seen', value: [...own, ...nestedIn(own, table, ledger.id), ...endedAgent] };
}

function rowsOf(
  process: ProcessIdentity | null,
  bootId: string,
  table: TableLook,
): readonly ProcessRow[] {
  const known = ofBoot(process, bootId);
  if (table.kind !== 'seen' || known === null) return [];
  const row = table.value.snapshot.byKey.get(processKey(known));
  return row === undefined ? [] : [row];
}

/**
 * The agents of another ledger whose supervisor belongs to this tree: ended by that supervisor and nobody else, and yet
 * they work for whoever has started it. What our own ledger starts is a child dispatch, and speaks for itself.
 */
function nestedIn(
  own: readonly ProcessRow[],
  table: TableLook,
  ledgerId: string,
): readonly ProcessRow[] {
  if (table.kind !== 'seen') return [];
  const { snapshot, isProtected } = table.value;
  const known = new Set(own.map(({ pid }) => pid));
  const nested = new Map<number, ProcessRow>();
  const isInside = (row: ProcessRow, parent: ProcessRow) => {
    if (row.zombie || known.has(row.pid) || nested.has(row.pid) || isProtected(row)) return false;
    // What a foreign agent has started without a mark is its own.
    if (row.mark === null) return nested.has(parent.pid);
    const mark = parseMark(row.mark);
    return mark !== null && mark.ledger !== ledgerId;
  };
  const found = [...own];
  // Whoever is found on the way is visited as well: an array goes on with what is added to it.
  for (const parent of found) {
    for (const row of snapshot.byParent.get(parent.pid) ?? []) {
      if (!isInside(row, parent)) continue;
      nested.set(row.pid, row);
      found.push(row);
    }
  }
  return [...nested.values()];
}

function countEmptyLook(memory: AttemptMemory, isProved: boolean, now: Millis): void {
  if (isProved) memory.emptyLooks = LOOKS_NEEDED;
  else if (memory.emptyLooks > 0 && Math.abs(now - memory.emptyLookAt) < LOOKS_APART_MS_MIN) return;
  else memory.emptyLooks++;
  memory.emptyLookAt = now;
}

/** A subreaper that is there has a child, or is about to leave. */
function waitsForNobodyShown(
  shim: ProcessIdentity | null,
  { byKey, byParent }: Snapshot<ProcessRow>,
): boolean {
  if (!isShown(shim, byKey)) return false;
  return byParent.get(shim.pid)?.some(({ zombie }) => !zombie) !== true;
}

function isShown(
  process: ProcessIdentity | null,
  byKey: Snapshot<ProcessRow>['byKey'],
): process is ProcessIdentity {
  return process !== null && byKey.get(processKey(process))?.zombie === false;
}

const SHOWN_LATER = {
  kind: 'unknown',
  because: 'its shim waits for a process that the table does not show yet',
} as const;

/** Whoever has shed his parents is found by his mark alone. */
const IN_EXEC = {
  kind: 'unknown',
  because: 'a process is in the middle of an exec, and may carry its mark',
} as const;

/** Who came after its shim. A subreaper that is there has everybody, whatever they have shed. */
function mayBeInExec(
  shim: ProcessIdentity | null,
  containment: ContainmentTier,
  { rows, byKey }: Snapshot<ProcessRow>,
): boolean {
  if (containment === 'subreaper' && isShown(shim, byKey)) return false;
  const since = shim?.startTime ?? 0;
  return rows.some(({ inExec, startTime }) => inExec === true && startTime >= since);
}

/** By a table that is read at once and to its end: the last look before the table is believed. */
function isShownNow({ processes }: World, shim: ProcessIdentity | null): boolean {
  const table = processes.scan();
  return table.kind !== 'seen' || !waitsForNobodyShown(shim, takeSnapshot(table.value));
}

/**
 * A tree that looks empty in the table is asked for at its life line. A snapshot is no instant: who forks a successor and
 * ends, over and over, may be missing in it, and then somebody holds the line whom it does not show.
 *
 * @returns `seen`: holders that the table shows, and that are now known; whether they belong is for the table to say
 */
function lookBehind(
  world: World,
  { attempt }: LiveDispatch,
  memory: AttemptMemory,
  { snapshot, isProved }: { snapshot: Snapshot<ProcessRow>; isProved: boolean },
): Look<readonly ProcessIdentity[]> {
  const shim = ofBoot(memory.shim, world.processes.bootId());
  if (!isProved && mayBeInExec(shim, attempt.containment, snapshot)) return IN_EXEC;
  if (attempt.containment !== 'subreaper' || !waitsForNobodyShown(shim, snapshot)) {
    memory.unshownLooks = 0;
  } else if (memory.unshownLooks < UNSHOWN_LOOKS_MAX) {
    memory.unshownLooks++;
    return SHOWN_LATER;
  } else if (isShownNow(world, shim)) {
    memory.unshownLooks = 0;
    return SHOWN_LATER;
  }
  const holders = world.runDirs.lifeHolders(memory.key);
  if (holders.kind !== 'seen') return holders;
  if (!holders.value.every((holder) => snapshot.byKey.has(processKey(holder)))) {
    const because = 'its life line is held by a process that the table does not show yet';
    return { kind: 'unknown', because };
  }
  const processes = new Set([...memory.known.processes, ...holders.value.map(processKey)]);
  memory.known = { ...memory.known, processes };
  return holders;
}
