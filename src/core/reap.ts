// Owns what a reaper makes of the processes that carry a mark and belong to no live attempt: which trees are ended, and which
// processes are left alone, why, and what a person can do about them. Pure: from one snapshot of the process table, and what
// the ledger and the records say. What belongs to a live attempt is `decide`'s alone, and no item here.
import { type AttemptKey, type Survivor, isLive, type Dispatch, type Attempt } from './dispatch.ts';
import {
  MARK_OFF,
  type Mark,
  type ProcessIdentity,
  formatMark,
  helperMark,
  parseMark,
  processKey,
} from './identity.ts';
import type { Snapshot, TreeProcess } from './tree.ts';

/** What a reaper needs to know of a process. */
export interface MarkedProcess extends TreeProcess {
  readonly command: string;
}

/** What is on record about an attempt whose mark a process carries. */
export interface AttemptRecord {
  /** the mark that it was given; null: the ledger does not know it */
  readonly mark: string | null;
  readonly isLive: boolean;
  /** it ended, and its owner lets background processes outlive it */
  readonly keeps: boolean;
  readonly shim: ProcessIdentity | null;
  readonly agent: ProcessIdentity | null;
  /** `processKey`s of those that hold its life line, which only its descendants inherit */
  readonly holders: ReadonlySet<string>;
}

export interface ReapFacts {
  readonly ledger: string;
  /** by `attemptName`; one for each attempt of this ledger whose mark the snapshot shows */
  readonly attempts: ReadonlyMap<string, AttemptRecord>;
  /** pids of supervisors: a shim whose claim is not legible can be told by its parent */
  readonly supervisors: ReadonlySet<number>;
  /** end as well what carries a mark of this ledger, and which the ledger does not know */
  readonly unknownToo: boolean;
}

/** A tree that has to go, by the mark that it carries. */
export interface ReapTree {
  readonly mark: string;
  readonly key: AttemptKey;
  readonly attempt: number;
  /** is the dispatch in the ledger? */
  readonly isKnown: boolean;
  readonly because: string;
  readonly processes: readonly Survivor[];
}

/** A process that is left alone. */
export interface Spared extends Survivor {
  /** the dispatch in its mark; null: the mark is none, or another ledger's */
  readonly dispatch: string | null;
  readonly reason: string;
  /** a command that would end it, or say more of it; null: there is none */
  readonly next: string | null;
}

export interface ReapPlan {
  readonly trees: readonly ReapTree[];
  readonly skipped: readonly Spared[];
  readonly protected: readonly Spared[];
}

export function attemptName({ dispatch, fence }: AttemptKey): string {
  return `${dispatch}/${fence}`;
}

/** The attempts of this ledger whose marks are in the snapshot. */
export function markedAttempts(
  { byMark }: Snapshot<TreeProcess>,
  ledger: string,
): ReadonlyMap<string, AttemptKey> {
  const found = new Map<string, AttemptKey>();
  for (const text of byMark.keys()) {
    const mark = text === null ? null : parseMark(text);
    if (mark?.ledger === ledger) found.set(attemptName(mark), mark);
  }
  return found;
}

/** Whether an attempt still has its slot, and what becomes of the processes that it leaves. */
export function standingOf(
  { state, fence, spec }: Dispatch,
  attempt: Attempt,
): Pick<AttemptRecord, 'isLive' | 'keeps'> {
  return {
    isLive: isLive(state) && fence === attempt.fence,
    keeps: spec.leftovers === 'keep' && attempt.end !== null,
  };
}

/** Who gets no signal of any kind (I9). */
export interface Guards<P> {
  readonly isProtected: (process: P) => boolean;
  /** by the word of the herd's owner */
  readonly isNamed: (process: P) => boolean;
}

export function planReap<P extends MarkedProcess>(
  snapshot: Snapshot<P>,
  facts: ReapFacts,
  { isProtected, isNamed }: Guards<P>,
): ReapPlan {
  const trees = new Map<string, ReapTree>();
  const skipped: Spared[] = [];
  const shielded: Spared[] = [];
  const marked = snapshot.rows.filter(({ mark, zombie }) => mark !== null && !zombie);
  for (const row of marked.toSorted((a, b) => a.pid - b.pid)) {
    const { mark, record } = bearing(row, facts);
    if (record?.isLive === true) continue;
    const told = { ...whoIs(row), dispatch: ownDispatch(mark, facts) };
    if (isProtected(row)) {
      shielded.push({ ...told, reason: whyProtected(row, isNamed(row)), next: null });
      continue;
    }
    const spared = whySpared(row, { mark, record }, { snapshot, facts });
    if (mark === null || spared !== null) {
      skipped.push({ ...told, ...NO_MARK, next: `kill ${row.pid}`, ...spared });
      continue;
    }
    const name = attemptName(mark);
    const processes = [...(trees.get(name)?.processes ?? []), whoIs(row)];
    trees.set(name, { ...treeOf(mark, record), processes });
  }
  return { trees: [...trees.values()], skipped, protected: shielded };
}

interface Bearing {
  /** what its DROVER_MARK says; null: no mark of any ledger */
  readonly mark: Mark | null;
  /** of the attempt in it, where that is of this ledger */
  readonly record: AttemptRecord | undefined;
}

function bearing({ mark: text }: MarkedProcess, { ledger, attempts }: ReapFacts): Bearing {
  const mark = text === null ? null : parseMark(text);
  const record = mark?.ledger === ledger ? attempts.get(attemptName(mark)) : undefined;
  return { mark, record };
}

function ownDispatch(mark: Mark | null, { ledger }: ReapFacts): string | null {
  return mark?.ledger === ledger ? mark.dispatch : null;
}

function whyProtected({ mark }: MarkedProcess, isNamed: boolean): string {
  if (isNamed) return 'its owner protects it (config.yaml or --protect)';
  return mark === MARK_OFF
    ? 'it has opted out (DROVER_MARK=off)'
    : 'it is Drover, or Drover was started from it';
}

function treeOf(mark: Mark, record: AttemptRecord | undefined): Omit<ReapTree, 'processes'> {
  const { dispatch, fence, attempt } = mark;
  const isKnown = record?.mark != null;
  return {
    // The mark of who runs for an attempt is its own and a word.
    mark: record?.mark ?? formatMark(mark).replace(/helper$/, ''),
    key: { dispatch, fence },
    attempt,
    isKnown,
    because: isKnown
      ? `its attempt (${attempt}) has no slot any more`
      : 'the ledger does not know its dispatch',
  };
}

const NO_MARK = { reason: 'its DROVER_MARK is the mark of no attempt' };

/** null: nothing speaks for it. Without `next`: `kill PID`. */
function whySpared<P extends MarkedProcess>(
  row: P,
  { mark, record }: Bearing,
  { snapshot, facts }: { snapshot: Snapshot<P>; facts: ReapFacts },
): { readonly reason: string; readonly next?: string } | null {
  if (mark === null) return NO_MARK;
  if (mark.ledger !== facts.ledger) {
    return {
      reason: `it belongs to another ledger (${mark.ledger})`,
      next: 'drover reap --state DIR, with the directory of that herd',
    };
  }
  const own = record?.mark ?? null;
  if (own === null && !facts.unknownToo) {
    return { reason: 'the ledger does not know its dispatch', next: 'drover reap --unknown' };
  }
  if (own !== null && !carriesMark(row, own)) {
    return { reason: 'its mark is not the one that this attempt was given' };
  }
  if (record?.keeps === true) {
    return { reason: 'its dispatch keeps background processes (leftovers: keep)' };
  }
  return descends(row, record, { snapshot, facts }) ? null : { reason: whyStranger(row, snapshot) };
}

function whyStranger({ parent: pid }: MarkedProcess, { byPid }: Snapshot<MarkedProcess>): string {
  const parent = byPid.get(pid);
  const from = parent === undefined ? '' : ` (parent: pid ${pid}, ${parent.command})`;
  return `nothing but its mark shows that it descends from the attempt${from}: was it exported by hand?`;
}

/**
 * A mark is only a word in an environment, and a person can export it in the shell that he sits in. Who really descends from
 * an attempt is its shim or agent, is in a session or group of theirs, holds its life line, was started by such a one, or
 * has lost its parent and was adopted by pid 1. A shell was started by a terminal, which carries no mark.
 */
export function descends<P extends MarkedProcess>(
  process: P,
  record: AttemptRecord | undefined,
  { snapshot, facts }: { snapshot: Snapshot<P>; facts: Pick<ReapFacts, 'supervisors'> },
): boolean {
  const leaders = [record?.shim, record?.agent].filter((one) => one != null);
  const roots: Roots = {
    pids: new Set(leaders.map(({ pid }) => pid)),
    keys: new Set([...leaders.map(processKey), ...(record?.holders ?? [])]),
    parents: new Set([1, ...facts.supervisors]),
  };
  const passed = new Set<number>();
  for (let one: P | undefined = process; one !== undefined && !passed.has(one.pid); ) {
    passed.add(one.pid);
    if (isRooted(one, snapshot, roots)) return true;
    const parent: P | undefined = snapshot.byPid.get(one.parent);
    one = parent !== undefined && sameAttempt(parent.mark, process.mark) ? parent : undefined;
  }
  return false;
}

interface Roots {
  /** of the shim and the agent */
  readonly pids: ReadonlySet<number>;
  /** theirs, and those of who holds the life line */
  readonly keys: ReadonlySet<string>;
  /** who adopts orphans, and who starts shims */
  readonly parents: ReadonlySet<number>;
}

function isRooted(
  process: MarkedProcess,
  snapshot: Snapshot<MarkedProcess>,
  roots: Roots,
): boolean {
  if (roots.parents.has(process.parent) || roots.keys.has(processKey(process))) return true;
  const parent = snapshot.byPid.get(process.parent);
  if (parent !== undefined && roots.keys.has(processKey(parent))) return true;
  return isLed(process.session, snapshot, roots) || isLed(process.group, snapshot, roots);
}

/**
 * A session or group of the shim or the agent, which no stranger leads by now. Of a zombie `ps` may tell no start time (0):
 * nobody can say that it is a stranger's.
 */
function isLed(number: number, { byPid }: Snapshot<MarkedProcess>, { pids, keys }: Roots): boolean {
  if (!pids.has(number)) return false;
  const leader = byPid.get(number);
  if (leader === undefined || keys.has(processKey(leader))) return true;
  return leader.zombie && leader.startTime === 0;
}

/** The mark of the attempt, or that of what runs for it. */
export function carriesMark({ mark: carried }: { mark: string | null }, mark: string): boolean {
  return carried === mark || carried === helperMark(mark);
}

function sameAttempt(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return false;
  return carriesMark({ mark: a }, b) || carriesMark({ mark: b }, a);
}

function whoIs({ pid, startTime, command }: MarkedProcess): Survivor {
  return { pid, startTime, command };
}
