// Owns the bundle of ports through which the supervisor sees and changes the world. The composition root fills it with
// the host, the simulator with a seeded world.
import type { BrakeRule } from '../core/brake.ts';
import type { ContainmentTier } from '../core/dispatch.ts';
import type {
  Agents,
  Cgroups,
  Chance,
  Clock,
  Ledger,
  ProcessTable,
  Protection,
  RunDirs,
  Worktrees,
} from '../ports.ts';

export interface Policy {
  readonly brake: BrakeRule;
  readonly reap: 'act' | 'shadow';
}

export interface World {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly processes: ProcessTable;
  readonly agents: Agents;
  readonly protection: Protection;
  readonly runDirs: RunDirs;
  readonly cgroups: Cgroups;
  readonly worktrees: Worktrees;
  readonly ledger: Ledger;
  /** the tier for attempts whose dispatch names none */
  readonly containment: ContainmentTier;
  /** bound of each output stream of an attempt */
  readonly outputBytesMax: number;
  /** time between two sweeps for what is marked and belongs to no live attempt (reap.ts) */
  readonly sweepEveryMs: number;
  /** what the owner says now of killing: the brake, and whether a reaper acts or only says what it would do */
  readonly policy: () => Policy;
  /** one line for people; the ledger is the record */
  readonly log: (line: string) => void;
  /** Test seam: may end this process on the spot. Named after the effect that it stands beside. */
  readonly crashPoint: (name: CrashPoint) => void;
}

export const CRASH_POINTS = [
  'intent.before',
  'intent.after',
  'spawn.before',
  'spawn.after',
  'mark.before',
  'mark.after',
  'seize.after',
  'signal.after',
  'kill.after',
  'finish.before',
  'finish.after',
  'free.after',
  'reap.after',
  'worktree.recorded',
  'worktree.added',
  'worktree.placed',
  'worktree.leaving',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];
