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
  readonly zombie: boolean;
  readonly mark: string | null;
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

export interface TreeRoots {
  readonly mark: string;
  /** the agent and its shim, as recorded; sessions that they lead are the attempt's own */
  readonly leaders: readonly { readonly pid: number; readonly startTime: number }[];
  /** its children are the agent, and at tier subreaper whoever of the tree has lost its parent */
  readonly shim: { readonly pid: number; readonly startTime: number } | null;
}

/**
 * Members by fixed point. Never a member: a zombie, a protected process, a process that carries another mark (another
 * dispatch's, or the opt-out), and what is reachable through such a process only.
 *
 * A session or group counts when its leader is a member, or when an earlier look proved it and no stranger leads it now:
 * the kernel does not reuse a pid that still names a session or group.
 */
export function findMembers<P extends TreeProcess>(
  table: readonly P[],
  roots: TreeRoots,
  known: KnownTree,
  isProtected: (process: P) => boolean,
): { readonly members: readonly P[]; readonly known: KnownTree } {
  const leaderKeys = new Set(roots.leaders.map(processKey));
  const byPid = new Map(table.map((process) => [process.pid, process]));
  const sessions = ownNumbers(known.sessions, byPid, leaderKeys);
  const groups = ownNumbers(known.groups, byPid, leaderKeys);
  for (const { pid, startTime } of roots.leaders) {
    const leader = byPid.get(pid);
    if (leader?.startTime === startTime) addLed(leader, sessions, groups);
  }
  const { shim } = roots;
  const shimPid =
    shim !== null && byPid.get(shim.pid)?.startTime === shim.startTime ? shim.pid : null;
  const members = new Map<number, P>();
  const helper = helperMark(roots.mark);
  const belongs = (process: P) =>
    process.mark === roots.mark ||
    process.mark === helper ||
    leaderKeys.has(processKey(process)) ||
    known.processes.has(processKey(process)) ||
    members.has(process.parent) ||
    process.parent === shimPid ||
    sessions.has(process.session) ||
    groups.has(process.group);
  const open = new Set(
    table.filter(
      (process) =>
        !process.zombie && !isProtected(process) && !carriesOtherMark(process, roots.mark),
    ),
  );
  let grown = true;
  while (grown) {
    grown = false;
    for (const process of open) {
      if (!belongs(process)) continue;
      open.delete(process);
      members.set(process.pid, process);
      addLed(process, sessions, groups);
      grown = true;
    }
  }
  const found = [...members.values()];
  return { members: found, known: remember(found, sessions, groups) };
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
