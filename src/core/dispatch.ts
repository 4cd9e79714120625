// Owns the vocabulary of a dispatch: what it is, the states it can be in, and how it can end. Types only; rules live in
// decide.ts, retry.ts and schedule.ts.
import type { TokenUsage } from './agent-event.ts';
import type { ProcessIdentity } from './identity.ts';
import type { CampaignBudget } from './limits.ts';
import type { PoolLimit } from './pool.ts';
import type { AgentTask, UseLimits } from './task.ts';
import type { Sign } from './sign.ts';
import type { StreamNote } from './stream.ts';

/** Milliseconds since the epoch, wall clock. Durations end in `Ms`. */
export type Millis = number;

export type DispatchId = string;

/** Names one attempt for ever, and its run directory. */
export interface AttemptKey {
  readonly dispatch: DispatchId;
  readonly fence: number;
}

/** Why an attempt or dispatch did not succeed; the row of the policy table (I16). */
export type FailureClass =
  | 'agent'
  | 'infrastructure'
  | 'stalled'
  | 'timed-out'
  | 'quota'
  | 'auth'
  | 'cancelled';

export const RETRY_CLASSES = ['infrastructure', 'stalled', 'timed-out', 'agent'] as const;
export type RetryClass = (typeof RETRY_CLASSES)[number];
/** How many retries each failure class has, for the whole life of the dispatch (I14). */
export type RetryBudget = Readonly<Record<RetryClass, number>>;

export type StopCause =
  | 'cancelled'
  | 'timed-out'
  | 'stalled'
  | 'superseded'
  | 'max-output'
  | 'max-memory'
  | 'max-processes'
  | 'max-tokens'
  | 'max-cost'
  /** the agent waits for a limit of its provider longer than it may keep its slot */
  | 'quota';

export type Outcome =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly exitCode: number | null; readonly signal: string | null }
  | { readonly kind: 'stopped'; readonly cause: StopCause }
  | { readonly kind: 'lost' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'skipped'; readonly because: string };

export type ParkReason = 'backoff' | 'quota' | 'gate' | 'dependency';

/** A process that outlived a kill, named so that a person can look at it. */
export interface Survivor {
  readonly pid: number;
  readonly startTime: number;
  readonly command: string;
}

/** How an attempt came to its end, as the shim recorded it or as we had to conclude. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly class: FailureClass | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/**
 * Why a tree is being ended. `cause` is ours (the agent did not end by itself); `leftovers` means that the agent ended
 * and left background processes, and carries the end that the exit record already proved; `lingering` means that its
 * result is there and it does not leave, and carries the end that the result says.
 */
export type StopReason =
  | { readonly kind: 'cause'; readonly cause: StopCause }
  | { readonly kind: 'leftovers'; readonly end: AttemptEnd }
  | { readonly kind: 'lingering'; readonly end: AttemptEnd };

/** Nothing is signalled meanwhile (I4, I9). */
export interface Unseen {
  readonly because: string;
  /** the reason of the stop, which is that of the dispatch again as soon as the tree is seen */
  readonly before: string;
}

/** To be ended on our own judgement, were it not for the brake (brake.ts). */
export interface Held {
  readonly at: Millis;
  /** why it would be ended */
  readonly because: string;
  readonly reason: StopReason;
  /** the reason of the dispatch, which is that again when it works */
  readonly before: string;
  /** by a person: judged so once more, it is ended */
  readonly isConfirmed: boolean;
}

/** States carry their data, so that nonsense (a queued dispatch with a process) cannot be written. */
export type State =
  | { readonly kind: 'queued'; readonly since: Millis }
  | {
      readonly kind: 'parked';
      readonly since: Millis;
      readonly for: ParkReason;
      /** null: until something other than time lifts it */
      readonly until: Millis | null;
    }
  | { readonly kind: 'starting'; readonly since: Millis }
  | {
      readonly kind: 'running';
      readonly since: Millis;
      readonly process: ProcessIdentity;
      /** not there: nobody holds anything back */
      readonly held?: Held;
    }
  | {
      readonly kind: 'stopping';
      readonly since: Millis;
      readonly reason: StopReason;
      /** null where the attempt was stopped before its agent was seen */
      readonly process: ProcessIdentity | null;
      /** from here on the tree is frozen and killed */
      readonly killAt: Millis;
      readonly survivors: readonly Survivor[];
      /** why its tree cannot be looked at, once that has lasted; not there: it can */
      readonly unseen?: Unseen;
    }
  | {
      readonly kind: 'ended';
      readonly at: Millis;
      readonly outcome: Outcome;
      readonly class: FailureClass | null;
      readonly exitCode: number | null;
    };

export type StateKind = State['kind'];

/** The states that hold a slot. Slots are counted from these rows, never stored (I11). */
export const LIVE_STATES = ['starting', 'running', 'stopping'] as const;
/** Every state but `ended`. */
export const OPEN_STATES = ['queued', 'parked', ...LIVE_STATES] as const;
export type LiveStateKind = (typeof LIVE_STATES)[number];

export function isLive({ kind }: State): boolean {
  return LIVE_STATES.some((live) => live === kind);
}

/** Nobody but a person, or work of its own, changes that. */
export function isHeldBack(state: State): boolean {
  return state.kind === 'running' && state.held !== undefined && !state.held.isConfirmed;
}

export type ContainmentTier = 'cgroup' | 'subreaper' | 'sh';

/** What is to be run and under which rules: everything that the campaign file said, resolved. Holds no secret values. */
export interface DispatchSpec extends UseLimits {
  readonly agent: string;
  /** argv of the `command` agent; a string in the file became `['sh', '-c', text]` */
  readonly run: readonly string[];
  /** of every other agent; null: it is `command` */
  readonly task: AgentTask | null;
  /** absolute */
  readonly cwd: string;
  /** `worktree`: each dispatch works in a git worktree of its own, at the place of `cwd` in it */
  readonly workspace: 'shared' | 'worktree';
  readonly env: Readonly<Record<string, string>>;
  /** names whose values are read from the supervisor's environment at each start */
  readonly envFrom: readonly string[];
  /** a line for `sh -c`; exit 0 means that the goal is reached */
  readonly doneWhen: string | null;
  /** soft limit; null: none */
  readonly deadlineMs: number | null;
  /** soft + extend is the hard limit */
  readonly extendMs: number;
  readonly stallMs: number;
  readonly lingerMs: number;
  readonly graceMs: number;
  readonly retries: RetryBudget;
  readonly containment: ContainmentTier | null;
  readonly leftovers: 'end' | 'keep';
  readonly leftoverGraceMs: number;
  /** less CPU time of its tree than this share of one core, in (0, 1], is no sign of work */
  readonly cpuShareMin: number;
  /** for how long a tool call without a time-out of its own is a sign of work */
  readonly toolBoundMs: number;
  /** globs, relative to `cwd` or with a leading `~/`: growth of these files is a sign of work */
  readonly evidenceFiles: readonly string[];
}

/** What a person asked of a dispatch; level-triggered, so that no request can get lost (docs/decisions). */
export interface StopWish {
  readonly at: Millis;
  /** null: the grace of the dispatch */
  readonly graceMs: number | null;
  readonly cause: 'cancelled' | 'superseded';
  readonly because: string;
}

/** One row of the ledger. */
export interface Dispatch {
  readonly id: DispatchId;
  readonly campaign: string;
  readonly name: string;
  readonly pool: string;
  readonly priority: number;
  /** the attempt from inside which it was added; null: it was added from outside */
  readonly parent: AttemptKey | null;
  /** order of submission in this ledger; older first among equal priorities */
  readonly position: number;
  readonly spec: DispatchSpec;
  readonly after: readonly string[];
  readonly state: State;
  /** the sentence that explains the state */
  readonly because: string;
  /** attempts so far; 0 before the first */
  readonly attempt: number;
  /** grows with every claim, for ever */
  readonly fence: number;
  readonly stopWish: StopWish | null;
  readonly createdAt: Millis;
  /** start of the first attempt */
  readonly startedAt: Millis | null;
  readonly endedAt: Millis | null;
  /** compare-and-set: every write names the revision that it read */
  readonly revision: number;
}

/** I7: one deadline object per attempt, in the ledger. */
export interface Deadline {
  readonly softAt: Millis;
  readonly hardAt: Millis;
  readonly extendedCount: number;
  readonly extendedMs: number;
  readonly because: string;
}

/** One run of a dispatch. Append-only: ended attempts never change (I14). */
export interface Attempt {
  readonly dispatch: DispatchId;
  readonly attempt: number;
  readonly fence: number;
  readonly nonce: string;
  readonly containment: ContainmentTier;
  readonly claimedAt: Millis;
  /** when its agent was first seen */
  readonly startedAt: Millis | null;
  readonly process: ProcessIdentity | null;
  readonly deadline: Deadline | null;
  /** the newest sign of work of each kind; at most a few seconds older than what its supervisor knows */
  readonly signs: readonly Sign[];
  /** since when its result is known to be there while its process is not gone, and nothing else was seen of it */
  readonly resultAt: Millis | null;
  /** silence is counted from here at the earliest: the watch began, or had a break; null: since it runs */
  readonly watchedSince: Millis | null;
  /** why the last look for signs of work failed; null: it did not */
  readonly unseen: string | null;
  /** what its agent program has said, and how far it was read; null: nothing was read */
  readonly stream: StreamNote | null;
  /** as planned before its start, then as the program says */
  readonly sessionId: string | null;
  /** the attempt whose session it goes on in; null: in a fresh one */
  readonly resumedFrom: number | null;
  readonly endedAt: Millis | null;
  readonly end: AttemptEnd | null;
  readonly because: string;
}

/** A dispatch that holds a slot, with the attempt that holds it. */
export interface LiveDispatch {
  readonly dispatch: Dispatch & { readonly state: Extract<State, { kind: LiveStateKind }> };
  readonly attempt: Attempt;
  /** failure classes of its ended attempts, for the retry budget */
  readonly failures: Readonly<Partial<Record<FailureClass, number>>>;
  /** of its ended attempts together; null: they told nothing */
  readonly usedBefore: TokenUsage | null;
  /** of its campaign; null: that has no limits */
  readonly budget: CampaignBudget | null;
  /** the limit of its pool that it is under, in force or being probed; null: none */
  readonly limit: PoolLimit | null;
}
