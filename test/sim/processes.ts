// Owns what a simulated process is. What happens to processes is machine.ts.
import type { SignalName } from '../../src/ports.ts';
import type { AttemptTruth } from './truth.ts';

export type Role =
  | 'init'
  | 'shell'
  | 'stranger'
  | 'supervisor'
  | 'shim'
  | 'agent'
  | 'child'
  | 'goal';

/** As a shell reports it: 0 to 255, 128 + n for the death by signal n. */
export type Status = number;

export const STATUS_TERM: Status = 143;
export const STATUS_KILL: Status = 137;

export interface SimProcess {
  readonly pid: number;
  readonly startTime: number;
  readonly role: Role;
  /** whose it is in truth; null: nobody's of ours */
  readonly attempt: AttemptTruth | null;
  parent: number;
  group: number;
  session: number;
  mark: string | null;
  /** inherited, and never shed; null: that of the machine */
  cgroup: string | null;
  command: string;
  /** what its environment shows while it is between fork and exec, or in the middle of an exec */
  blurredUntil: number;
  /** a single look may miss it */
  elusive: boolean;
  zombie: boolean;
  stopped: boolean;
  /** uninterruptible until then: signals wait */
  stuckUntil: number;
  readonly waiting: Set<SignalName>;
  ignoresTerm: boolean;
  /** what it does instead of dying of SIGTERM */
  onTerm: (() => void) | null;
  /** told how it ended, once */
  onEnd: ((status: Status) => void) | null;
  /** waits for its children at once */
  reaps: boolean;
  /** whoever of its descendants loses its parent becomes its child (PR_SET_CHILD_SUBREAPER) */
  adopts: boolean;
  /** told when it has waited for a child */
  onReap: (() => void) | null;
  /** another user's: no signal of ours is allowed */
  foreign: boolean;
  cpuMs: number;
  busySince: number | null;
  busyShare: number;
  /** read and written until it began to do so again, if it does now */
  ioBytes: number;
  transferSince: number | null;
  bytesPerMs: number;
  rssBytes: number;
  /** what it was about to do when it was stopped */
  readonly deferred: (() => void)[];
}

export interface Birth {
  readonly role: Role;
  readonly parent: SimProcess;
  readonly attempt: AttemptTruth | null;
  readonly mark: string | null;
  readonly command: string;
  /** begins a session of its own, and so a group */
  readonly leads?: boolean;
  readonly reaps?: boolean;
}

/** A process that has just been forked, and has inherited nothing yet. */
export function newborn(
  born: Pick<SimProcess, 'pid' | 'startTime' | 'role' | 'attempt'>,
): SimProcess {
  return {
    ...born,
    parent: 0,
    group: born.pid,
    session: born.pid,
    mark: null,
    cgroup: null,
    command: 'init',
    blurredUntil: 0,
    elusive: false,
    zombie: false,
    stopped: false,
    stuckUntil: 0,
    waiting: new Set(),
    ignoresTerm: false,
    onTerm: null,
    onEnd: null,
    reaps: false,
    adopts: false,
    onReap: null,
    foreign: false,
    cpuMs: 0,
    busySince: null,
    busyShare: 0,
    ioBytes: 0,
    transferSince: null,
    bytesPerMs: 0,
    rssBytes: 0,
    deferred: [],
  };
}
