// Owns the types through which the supervisor (and the faces) see the world. Each port has two real implementations:
// the host's and the simulator's; the ledger has one over several drivers. Nothing here has behaviour.
import type {
  AttemptKey,
  ContainmentTier,
  Deadline,
  DispatchId,
  DispatchSpec,
  Millis,
} from './core/dispatch.ts';
import type { Agent, Plan } from './agents/agent.ts';
import type { Look, RunDirLook } from './core/evidence.ts';
import type { ProcessIdentity } from './core/identity.ts';
import type { ReadOperation } from './core/operation.ts';

export type * from './ledger-port.ts';
export type * from './process-port.ts';
export type { Agent, Place } from './agents/agent.ts';
export type { AttemptKey };

// ── Clock and chance ────────────────────────────────────────────────────────────────────────────────────────────────

export interface Clock {
  /** Wall clock. May step; never used to measure a duration. */
  now(): Millis;
  /** Milliseconds since an arbitrary moment of this boot; never steps back, may stand still during a suspend. */
  monotonicMs(): number;
  /** Names that moment: the same for all processes whose `monotonicMs` can be compared, another after a boot. */
  origin(): string;
  /** Resolves after `durationMs`, or as soon as `interrupt` resolves. */
  sleep(durationMs: number, interrupt: Promise<void>): Promise<void>;
  /**
   * Awaited between the pieces of long work: lets everybody else in this process run, where the last time that they could
   * is a few milliseconds ago.
   */
  giveWay(): Promise<void>;
}

export interface Chance {
  /** in [0, 1) */
  next(): number;
  /** `length` characters of [a-z0-9], unguessable */
  id(length: number): string;
}

// ── Agent programs ──────────────────────────────────────────────────────────────────────────────────────────────────

export interface Agents {
  /**
   * The adapter of an agent program; null: it has none (`command`), or none that can be loaded. A user's module is loaded by
   * `load` before.
   */
  of(spec: DispatchSpec): Agent | null;
  /** @returns why the adapter cannot be used; null: it can */
  load(spec: DispatchSpec): Promise<string | null>;
  /** HOME of agents, for where they keep their sessions, and the supervisor's environment */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

// ── Cgroups ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface CgroupLook {
  /** in it and below; empty only where the kernel says that nobody is */
  readonly pids: readonly number[];
  /** CPU time of everybody who was ever in it */
  readonly cpuMs: number;
}

/** The cgroups of attempts at tier cgroup. Each is made before the start, and its agent enters it before its exec. */
export interface Cgroups {
  /** `absent`: it has none, which was never made or is removed */
  look(key: AttemptKey): Look<CgroupLook>;
  /** Kills everybody in it at once, whoever is forked meanwhile. False: it cannot be done here. */
  kill(key: AttemptKey): boolean;
  /** Nobody in it runs until it is thawed; can be killed all the same. False: it cannot be done here. */
  freeze(key: AttemptKey, frozen: boolean): boolean;
  /** Removes it once its attempt has ended. Who is still in it (kept, or opted out) keeps it: tried again later. */
  remove(key: AttemptKey): void;
  /** Removes those of this herd whose attempt is not `live`, and in which nobody is. */
  sweep(live: readonly AttemptKey[]): void;
}

// ── Workspaces ──────────────────────────────────────────────────────────────────────────────────────────────────────

export interface WorktreeOrder extends AttemptKey {
  readonly campaign: string;
  readonly name: string;
  /** of the dispatch; lies in the repository from whose HEAD it is made */
  readonly cwd: string;
}

/** `refused`: it can never be made, and the sentence says why. `failed`: not now. */
export type WorktreeResult =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly because: string }
  | { readonly kind: 'failed'; readonly because: string };

export type WorktreeFate =
  | { readonly kind: 'removed'; readonly path: string }
  | { readonly kind: 'kept'; readonly because: string }
  | { readonly kind: 'absent' };

/** git worktrees of dispatches with `workspace: worktree`. Whoever holds the supervisor's lock is the only one to call it. */
export interface Worktrees {
  /** Makes it with its branch, or goes on with what is there of it. Safe to repeat, after a crash anywhere in it too. */
  prepare(order: WorktreeOrder): Promise<WorktreeResult>;
  /** The working directory in its worktree, which never changes; `cwd` where it has none. */
  cwdOf(dispatch: DispatchId, cwd: string): string;
  /**
   * Removes it with its branch where everything in it is committed, and every commit is elsewhere. Safe to repeat.
   *
   * @param mayGo asked once nobody can prepare it meanwhile
   */
  remove(dispatch: DispatchId, mayGo: () => Promise<boolean>): Promise<WorktreeFate>;
  /** Dispatches that have one, or had begun to. */
  list(): Look<readonly DispatchId[]>;
}

// ── Run directories ─────────────────────────────────────────────────────────────────────────────────────────────────

export interface SpawnOrder extends AttemptKey {
  /** what an adapter planned; null: `run` of the dispatch */
  readonly plan: (Plan & { readonly envNames: readonly string[] }) | null;
  /** why it is not to be started at all; null: it is */
  readonly refusal: string | null;
  readonly attempt: number;
  readonly mark: string;
  readonly campaign: string;
  readonly name: string;
  readonly spec: DispatchSpec;
  readonly containment: ContainmentTier;
  readonly deadline: Deadline | null;
}

/**
 * `spawned`: a shim was started; null: it is gone, perhaps because it lost to another, or cannot be identified.
 * `refused`: nothing was started and nothing can be (no such program, no such directory, a missing variable): written
 * down as an exit record. `failed`: nothing was started now; it may be tried again. `exhausted`: nor can anything else be,
 * for this machine has no room (descriptors, processes, memory, disk).
 */
export type SpawnResult =
  | { readonly kind: 'spawned'; readonly shim: ProcessIdentity | null }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed' | 'exhausted'; readonly because: string };

/** `emptied`: the shim has waited for everybody of its tree and is gone, which proves that nobody is left. */
export type ShimWord = 'emptied' | 'news';

export interface EvidenceFile {
  readonly bytes: number;
  /** wall clock of the file system */
  readonly modifiedMs: Millis;
}

/** By absolute path. */
export type EvidenceFiles = ReadonlyMap<string, EvidenceFile>;

/** Which output file of an attempt, and where in it. */
export interface StreamPlace {
  readonly stream: 'stdout' | 'stderr';
  /** the start of a line */
  readonly from: number;
  /** lines of JSON: of a long one the long strings are cut, so that it stays JSON. Of other long lines the head is kept */
  readonly json: boolean;
  /** nobody writes any more: what has no line feed is a line as well */
  readonly ended: boolean;
}

export interface StreamPiece {
  /** whole lines, without their line feeds, each bounded in length */
  readonly lines: readonly string[];
  /** the start of the first line that is not among them */
  readonly next: number;
  /** nothing more can be read now */
  readonly atEnd: boolean;
  /** when the file was last written, by the clock of the file system */
  readonly writtenAt: Millis | null;
}

export type SeizeResult = 'seized' | 'taken' | 'unknown';

export interface RunDirs {
  look(key: AttemptKey): RunDirLook;
  /**
   * Who holds the attempt's life line, the FIFO that its shim opened and that descendants inherit: finds a process that
   * shed its mark, session and parents. `absent`: nobody does, which proves nothing of those that closed it. `unknown`: it
   * cannot be told who does.
   */
  lifeHolders(key: AttemptKey): Look<readonly ProcessIdentity[]>;
  /** Makes the run directory, where it is missing; only for a claim. @returns why it cannot be made; null: it is there */
  make(key: AttemptKey): string | null;
  /** @param shimTold of what happens to the shim, where we are told: a look is worth it */
  spawn(order: SpawnOrder, shimTold: (word: ShimWord) => void): Promise<SpawnResult>;
  /** Creates `claim.<fence>` as recovery, atomically with its content: afterwards nobody ever starts this fence (I2). */
  seize(key: AttemptKey): SeizeResult;
  /** Runs `done_when` under the attempt's `helperMark`, bounded in time. Never throws; `unknown` says why in `because`. */
  checkGoal(
    order: SpawnOrder,
  ): Promise<{ readonly goal: 'reached' | 'missed' | 'unknown'; readonly because: string }>;
  /** The operation leases that the agent's side holds or has left (core/operation.ts). */
  operations(key: AttemptKey): Look<readonly ReadOperation[]>;
  /**
   * Why the last tool that its program wanted to call was refused (`drover hook`): it was told to end, and so its end does
   * not mean that its work is done. Null: it was not refused.
   */
  toolsRefused(key: AttemptKey): string | null;
  /**
   * The files that match, by path: session logs and the like, whose growth is evidence of work. Bounded in time, names read
   * and files found; beyond that, and where a directory cannot be read, `unknown`. A directory that is not there has none.
   *
   * @param globs relative to `cwd`, or with a leading `~/`
   */
  evidenceFiles(globs: readonly string[], cwd: string): Promise<Look<EvidenceFiles>>;
  /**
   * Reads on in an output stream, a bounded piece at a time; what was dropped from its middle (`trimOutput`) is skipped.
   * `absent`: there is no such file yet.
   */
  readLines(key: AttemptKey, place: StreamPlace): Look<StreamPiece>;
  /** Replaces `deadline.json` by rename. */
  writeDeadline(key: AttemptKey, deadline: Deadline): void;
  /** Keeps each output stream below `bytesMax` by dropping its middle; returns how many bytes were dropped now. */
  trimOutput(key: AttemptKey, bytesMax: number): number;
  /**
   * Calls `wake` whenever a record of the attempt may have changed, and `wrote`, where it is given, when its output may
   * have grown. Hints: the supervisor also looks by itself.
   */
  watch(key: AttemptKey, wake: () => void, wrote: (() => void) | null): void;
  unwatch(key: AttemptKey): void;
}
