// Owns snapshots of a process table, and the question who in them belongs to a tree.
import {
  type KnownTree,
  NOTHING_KNOWN,
  type TreeProcess,
  findMembers,
  takeSnapshot,
} from '../../../src/core/tree.ts';

export const MARK = 'led.d1.1.1.n0';

/** A process that belongs to nobody: a child of pid 1 in a session and group that pid 1 leads. Starts at its tenfold. */
export function process(pid: number, differs: Partial<TreeProcess> = {}): TreeProcess {
  const nobody = { parent: 1, group: 1, session: 1, zombie: false, mark: null };
  return { pid, startTime: pid * 10, ...nobody, ...differs };
}

export const leads = (pid: number) => ({ session: pid, group: pid });
const NOBODY = () => false;

export interface Question {
  readonly table: readonly TreeProcess[];
  /** pids of agent and shim; each started at its tenfold */
  readonly leaders?: readonly number[];
  /** pid of the shim, which started at its tenfold */
  readonly shim?: number;
  readonly known?: Partial<KnownTree>;
  readonly protect?: readonly number[];
}

export function membersOf({ table, leaders = [], shim, known = {}, protect = [] }: Question) {
  return findMembers(
    takeSnapshot(table),
    {
      mark: MARK,
      leaders: leaders.map((pid) => ({ pid, startTime: pid * 10 })),
      shim: shim === undefined ? null : { pid: shim, startTime: shim * 10 },
    },
    { ...NOTHING_KNOWN, ...known },
    protect.length === 0 ? NOBODY : ({ pid }) => protect.includes(pid),
  );
}

export function memberPids(question: Question): readonly number[] {
  return membersOf(question)
    .members.map(({ pid }) => pid)
    .toSorted((a, b) => a - b);
}

export type MemberRow = readonly [sentence: string, question: Question, pids: readonly number[]];
