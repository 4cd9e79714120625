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

/** What is people's to ask of a ledger, and its opener's. */
type NotOurs =
  | 'wishSupervisor'
  | 'submit'
  | 'releaseBrake'
  | 'retry'
  | 'setPool'
  | 'setPoolPaused'
  | 'openGate'
  | 'resumeCampaign'
  | 'check'
  | 'close';

export interface World {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly processes: ProcessTable;
  readonly agents: Agents;
  readonly protection: Protection;
  readonly runDirs: RunDirs;
  readonly cgroups: Cgroups;
  readonly worktrees: Worktrees;
  readonly ledger: Omit<Ledger, NotOurs>;
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
}
