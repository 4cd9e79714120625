// Owns who belongs to an attempt's tree (containment tier sh): the union of mark, session, group, parents and everything
// that was seen before, less the protected. Pure: it reads one snapshot of the process table.
import { MARK_OFF, helperMark, parseMark, processKey } from './identity.ts';

/** What membership needs to know of a process. */
export interface TreeProcess {
  readonly pid: number;
  readonly startTime: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** dead, and not yet waited for by its parent: counts as gone */
  readonly zombie: boolean;
  /** DROVER_MARK of its environment; null: none, or an environment that cannot be read */
  readonly mark: string | null;
  /**
   * It is in the middle of an exec: its environment is to be seen in a moment, and may carry a mark. Until then it counts as
   * there, and gets no signal: it may be another herd's, or have opted out (I9).
   */
  readonly inExec?: boolean;
}

/** What earlier looks proved. A session or group number stays taken as long as somebody is in it. */
export interface KnownTree {
  /** `processKey`s */
  readonly processes: ReadonlySet<string>;
  readonly sessions: ReadonlySet<number>;
  readonly groups: ReadonlySet<number>;
}

export const NOTHING_KNOWN: KnownTree = {
  processes: new Set(),
  sessions: new Set(),
  groups: new Set(),
};

/**
 * A number that nobody holds any more is given again once all pids were used: by the 32,768 of a small machine not within
 * this time, at a thousand forks a second.
 */
const NUMBERS_LAST_MS = 30_000;

/**
 * What is still known of a tree that was looked at `agoMs` ago. Where pids may have been used up since, a session or group
 * whose members have all gone may be a stranger's by now: it stays known through somebody who was seen in it then and still
 * is (I3).
 */
export function keptNumbers<P extends TreeProcess>(
  known: KnownTree,
  { bySession, byGroup }: Snapshot<P>,
  agoMs: number,
): KnownTree {
  if (agoMs < NUMBERS_LAST_MS) return known;
  const isHeld = (rows: readonly P[] | undefined) =>
    rows?.some((row) => known.processes.has(processKey(row))) === true;
  const held = (numbers: ReadonlySet<number>, by: ReadonlyMap<number, readonly P[]>) =>
    new Set([...numbers].filter((number) => isHeld(by.get(number))));
  return {
    processes: known.processes,
    sessions: held(known.sessions, bySession),
    groups: held(known.groups, byGroup),
  };
}

export interface TreeRoots {
  readonly mark: string;
  /** the agent and its shim, as recorded; sessions that they lead are the attempt's own */
  readonly leaders: readonly { readonly pid: number; readonly startTime: number }[];
  /** its children are the agent, and at tier subreaper whoever of the tree has lost its parent */
  readonly shim: { readonly pid: number; readonly startTime: number } | null;
}

/** The table with the ways through it: made once for all the attempts that are looked for in it. */
export interface Snapshot<P extends TreeProcess> {
  readonly rows: readonly P[];
  readonly byPid: ReadonlyMap<number, P>;
  /** by `processKey` */
  readonly byKey: ReadonlyMap<string, P>;
  readonly byMark: ReadonlyMap<string | null, readonly P[]>;
  readonly byParent: ReadonlyMap<number, readonly P[]>;
  readonly bySession: ReadonlyMap<number, readonly P[]>;
  readonly byGroup: ReadonlyMap<number, readonly P[]>;
}

export function takeSnapshot<P extends TreeProcess>(rows: readonly P[]): Snapshot<P> {
  return {
    rows,
    byPid: new Map(rows.map((row) => [row.pid, row])),
    byKey: new Map(rows.map((row) => [processKey(row), row])),
    byMark: groupBy(rows, ({ mark }) => mark),
    byParent: groupBy(rows, ({ parent }) => parent),
    bySession: groupBy(rows, ({ session }) => session),
    byGroup: groupBy(rows, ({ group }) => group),
  };
}

function groupBy<P, K>(rows: readonly P[], keyOf: (row: P) => K): Map<K, P[]> {
  const groups = new Map<K, P[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

/**
 * Members by fixed point, in the order of their pids. Never a member: a zombie, a protected process, a process that
 * carries another mark (another dispatch's, or the opt-out), and what is reachable through such a process only.
 *
 * A session or group counts when its leader is a member, or when an earlier look proved it and no stranger leads it now:
 * the kernel does not reuse a pid that still names a session or group (`keptNumbers` says for how long that is proof).
 *
 * Costs what the tree costs, not what the table does: a round asks this for every attempt.
 */
export function findMembers<P extends TreeProcess>(
  snapshot: Snapshot<P>,
  roots: TreeRoots,
  known: KnownTree,
  isProtected: (process: P) => boolean,
): { readonly members: readonly P[]; readonly known: KnownTree } {
  const { byPid, byKey, byMark, byParent, bySession, byGroup } = snapshot;
  const leaderKeys = new Set(roots.leaders.map(processKey));
  const sessions = ownNumbers(known.sessions, byPid, leaderKeys);
  const groups = ownNumbers(known.groups, byPid, leaderKeys);
  const members = new Map<number, P>();
  const admit = (process: P | undefined) => {
    if (process === undefined || process.zombie || members.has(process.pid)) return;
    if (carriesOtherMark(process, roots.mark) || isProtected(process)) return;
    members.set(process.pid, process);
  };
  const admitAll = (processes: readonly P[] | undefined) => processes?.forEach(admit);

  admitAll(byMark.get(roots.mark));
  admitAll(byMark.get(helperMark(roots.mark)));
  for (const key of leaderKeys) {
    const leader = byKey.get(key);
    // A leader counts as one even where it is protected, as a shim is.
    if (leader !== undefined) addLed(leader, sessions, groups);
    admit(leader);
  }
  for (const key of known.processes) admit(byKey.get(key));
  if (roots.shim !== null && byKey.has(processKey(roots.shim))) {
    admitAll(byParent.get(roots.shim.pid));
  }
  for (const session of sessions) admitAll(bySession.get(session));
  for (const group of groups) admitAll(byGroup.get(group));
  // Whoever is admitted on the way is visited as well: a Map goes on with what is added to it.
  for (const process of members.values()) {
    addLed(process, sessions, groups);
    admitAll(byParent.get(process.pid));
    if (process.session === process.pid) admitAll(bySession.get(process.pid));
    if (process.group === process.pid) admitAll(byGroup.get(process.pid));
  }
  const found = [...members.values()].sort((a, b) => a.pid - b.pid);
  return { members: found, known: remember(found, sessions, groups) };
}

/**
 * Who of those in an attempt's cgroup is of its tree: all but the protected, those that carry another mark, and what
 * descends from such a process inside it. A herd that was started from inside has processes without a mark of its own.
 */
export function ownInside<P extends TreeProcess>(
  inside: readonly P[],
  mark: string,
  isProtected: (process: P) => boolean,
): readonly P[] {
  const byPid = new Map(inside.map((process) => [process.pid, process]));
  const isOwn = (process: P): boolean => {
    let one: P | undefined = process;
    for (let depth = 0; one !== undefined && depth <= inside.length; depth++) {
      if (isProtected(one) || carriesOtherMark(one, mark)) return false;
      if (one.mark !== null) return true;
      one = byPid.get(one.parent);
    }
    return true;
  };
  return inside.filter(isOwn);
}

/** A session or group that a member leads is the attempt's own. */
function addLed(process: TreeProcess, sessions: Set<number>, groups: Set<number>): void {
  if (process.session === process.pid) sessions.add(process.pid);
  if (process.group === process.pid) groups.add(process.pid);
}

/** Numbers proved earlier that no stranger has taken over since, and those that our recorded leaders lead now. */
function ownNumbers(
  proved: ReadonlySet<number>,
  alivePids: ReadonlyMap<number, TreeProcess>,
  leaderKeys: ReadonlySet<string>,
): Set<number> {
  const own = new Set<number>();
  for (const number of proved) {
    const leader = alivePids.get(number);
    if (leader === undefined || leader.zombie || leaderKeys.has(processKey(leader)))
      own.add(number);
  }
  return own;
}

function remember(
  members: readonly TreeProcess[],
  sessions: ReadonlySet<number>,
  groups: ReadonlySet<number>,
): KnownTree {
  return {
    processes: new Set(members.map(processKey)),
    sessions: new Set(members.map((member) => member.session).filter((one) => sessions.has(one))),
    groups: new Set(members.map((member) => member.group).filter((one) => groups.has(one))),
  };
}

function carriesOtherMark(process: TreeProcess, mark: string): boolean {
  if (process.mark === null || process.mark === mark) return false;
  if (process.mark === helperMark(mark)) return false;
  return process.mark === MARK_OFF || parseMark(process.mark) !== null;
}

/**
 * The processes that get no signal of any kind (I9): pid 1, the kernel's, ourselves and our ancestors, every shim, and
 * what opted out.
 *
 * @returns null where the set cannot be computed, because the snapshot does not even show ourselves: then nobody may be
 *   signalled
 */
export function protectedProcesses(
  table: readonly TreeProcess[],
  self: { readonly pid: number; readonly startTime: number },
  shims: ReadonlySet<string>,
): ((process: TreeProcess) => boolean) | null {
  const byPid = new Map(table.map((process) => [process.pid, process]));
  const own = byPid.get(self.pid);
  if (own === undefined || own.startTime !== self.startTime) return null;
  const keys = new Set(shims);
  let ancestor: TreeProcess | undefined = own;
  for (let depth = 0; ancestor !== undefined && depth < table.length + 1; depth++) {
    keys.add(processKey(ancestor));
    ancestor = byPid.get(ancestor.parent);
  }
  return (process) =>
    process.pid <= 1 || process.mark === MARK_OFF || keys.has(processKey(process));
}
