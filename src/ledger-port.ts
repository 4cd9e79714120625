// Owns the port to the ledger: what can be read from it and written to it, each in one transaction. Types only.
import type { TokenUsage } from './core/agent-event.ts';
import type { Brake, BrakeMove } from './core/brake.ts';
import type { Campaign, OnFailure, PoolSpec } from './core/campaign.ts';
import type { ClockReading } from './core/clock-reading.ts';
import type {
  Attempt,
  AttemptKey,
  AttemptEnd,
  ContainmentTier,
  Deadline,
  Dispatch,
  DispatchId,
  DispatchSpec,
  LiveDispatch,
  Millis,
  State,
  StateKind,
  StopWish,
} from './core/dispatch.ts';
import type { PoolLimit, PoolUse } from './core/pool.ts';
import type { EventType, Json, LedgerEvent, NewEvent } from './core/event.ts';
import type { ProcessIdentity } from './core/identity.ts';
import type { Sign } from './core/sign.ts';
import type { SpendLimits } from './core/task.ts';
import type { StreamNote } from './core/stream.ts';
import type { Witness } from './core/snapshot.ts';

/** One compare-and-set: takes effect only if the row still has `revision`. */
export interface Change {
  readonly dispatch: DispatchId;
  readonly revision: number;
  readonly next: State;
  readonly because: string;
  /** the agent as it was seen, where a fast one ended before it was ever `running` */
  readonly process?: ProcessIdentity;
  /** closes the current attempt; required when a live dispatch leaves the live states */
  readonly attemptEnd?: AttemptEnd;
  /** what this change is called in the event log */
  readonly type: EventType;
  /** goes into the event beside `from`, `to`, `because` */
  readonly data?: { readonly [key: string]: Json };
  /** forget the stop wish: it has been carried out */
  readonly clearStopWish?: boolean;
  /** all that its agent program has said, with the end of its attempt, and when it is to be ended */
  readonly stream?: StreamNote;
  /** its provider lets nobody in: nothing of its pool starts until a person says so; why */
  readonly pausePool?: string;
  /** a kill that the brake counts: takes effect only together with `PassCommit.brake` */
  readonly isCounted?: boolean;
}

export interface ClaimOrder {
  /** at most this many in one transaction */
  readonly limit: number;
  readonly containment: ContainmentTier;
  /** Before a row is `starting`, so that a missing run directory was removed. False: now nothing more is claimed. */
  readonly makeRunDir: (key: AttemptKey) => boolean;
  /** one nonce for each claim, made by `Chance` */
  readonly nonce: () => string;
  /** the id of a fresh session, where the program of the dispatch takes one; null: it makes its own */
  readonly newSessionId: (spec: DispatchSpec) => string | null;
}

export interface FreshSession {
  /** null: its program makes one */
  readonly sessionId: string | null;
  readonly because: string;
}

export interface PassCommit {
  readonly changes: readonly Change[];
  /**
   * Limits that were observed. One that is on record for the same pool and model is replaced where this one lasts longer
   * or is no probe's any more; the same once more changes nothing, and is no event. `stream`: all that was read of who has
   * met it. Who reads on from there takes nothing that was said before the limit for an answer to it.
   */
  readonly limits: readonly (PoolLimit & { readonly stream?: StreamNote })[];
  /** probes that were answered: their limits are lifted */
  readonly lifts: readonly AttemptKey[];
  readonly claim: ClaimOrder | null;
  readonly now: Millis;
  /** null, or absent: the brake stays as it is */
  readonly brake?: BrakeMove | null;
}

export interface PassResult {
  /** ids whose change took effect; the others had been changed by somebody else and are looked at again */
  readonly committed: ReadonlySet<DispatchId>;
  /** newly `starting`, each with its first-committed intent (I1) */
  readonly claimed: readonly LiveDispatch[];
}

export interface EvidenceNote extends AttemptKey {
  /** null: its agent has no stream */
  readonly stream: StreamNote | null;
  readonly signs: readonly Sign[];
  readonly resultAt: Millis | null;
  readonly watchedSince: Millis | null;
  readonly unseen: string | null;
}

export interface Submission {
  readonly campaign: Campaign;
  /** where the file was, for people; null for `drover add` */
  readonly file: string | null;
  /** the attempt from inside which it is made: whatever it adds is its child; null: it is made from outside */
  readonly parent: AttemptKey | null;
  readonly now: Millis;
  /** one id for each new dispatch */
  readonly newId: () => DispatchId;
}

export interface SubmitResult {
  readonly added: readonly DispatchId[];
  readonly updated: readonly DispatchId[];
  readonly unchanged: readonly DispatchId[];
}

export interface CampaignRow {
  readonly name: string;
  readonly onFailure: OnFailure;
  readonly file: string | null;
  /** derived: `halt`, and a dispatch ended with class `agent`, or a limit that it has broken; the sentence says which */
  readonly haltedBecause: string | null;
}

/** What all attempts of a campaign have used together, ended and live. */
export interface CampaignUse {
  readonly campaign: string;
  /** null: nothing was told */
  readonly usage: TokenUsage | null;
  readonly limits: SpendLimits;
  /** which of its limits it has broken since a person last let it go on; null: none */
  readonly spentBecause: string | null;
}

/** Of one day in UTC. */
export interface DayUse {
  /** its first moment */
  readonly day: Millis;
  readonly usage: TokenUsage;
}

export interface UsageFilter {
  /** attempts that had ended before this are left out */
  readonly since: Millis;
  /** what runs is counted for this day */
  readonly now: Millis;
  readonly campaign?: string;
}

export interface Resumed {
  /** which limits of campaigns were broken, and are counted anew */
  readonly waived: readonly string[];
  /** what waited for a person, and goes on */
  readonly opened: readonly DispatchId[];
}

export interface DispatchFilter {
  readonly campaign?: string;
  readonly states?: readonly StateKind[];
  readonly ids?: readonly DispatchId[];
  /** added from inside this attempt */
  readonly parent?: AttemptKey;
  /** the first so many, in the order of submission */
  readonly limit?: number;
}

/** A dispatch with its newest attempt, for `ps` and `show`. */
export interface DispatchView {
  readonly dispatch: Dispatch;
  readonly attempt: Attempt | null;
}

export interface EventQuery {
  /** events after this sequence number; 0: from the beginning */
  readonly since: number;
  readonly limit: number;
  readonly dispatch?: DispatchId;
}

export interface SupervisorRow {
  readonly process: ProcessIdentity;
  readonly startedAt: Millis;
  /** what a person asked of it: level-triggered like every wish */
  readonly wish: 'run' | 'down' | 'drain' | 'stop-agents';
  /** why it ended in order; null while it runs, or when it was killed */
  readonly endedBecause: string | null;
}

/**
 * The durable record, and the only meeting place of all Drover processes. Asynchronous, so that Postgres needs a driver
 * only. Each method is one transaction. Fails with `LEDGER_BUSY` (try again), `LEDGER_UNAVAILABLE` (disk full, read-only,
 * gone) or `LEDGER_CORRUPT`; after a failure nothing of the call has taken effect.
 */
export interface Ledger {
  /** unguessable name of this ledger, part of every mark */
  readonly id: string;
  readonly driver: { readonly name: string; readonly version: string };
  close(): Promise<void>;
  /** Reads the whole store. @returns what is wrong with it; null: nothing */
  check(): Promise<string | null>;

  // the supervisor's half
  live(): Promise<readonly LiveDispatch[]>;
  /** parked rows whose `until` has come, and queued or parked rows that somebody wants stopped */
  due(now: Millis): Promise<readonly Dispatch[]>;
  /** The one write of a pass: all compare-and-sets, then claims for the slots that are free after them. */
  commitPass(pass: PassCommit): Promise<PassResult>;
  /**
   * The earliest `until` of a parked row, or of a limit that queued ones are under; null: none waits for time. Of limits
   * only those that end after `now`, the moment of the pass that has just claimed: where one has ended and nobody asks
   * yet, something else than time is missing.
   */
  nextDueAt(now: Millis): Promise<Millis | null>;
  /**
   * Only ever moves forward, up to `now`: what is noted as later than that was dated by a clock that has been set back
   * while nobody watched, and is replaced.
   */
  noteEvidence(notes: readonly EvidenceNote[], now: Millis): Promise<void>;
  /**
   * Moves the deadline of the current attempt if `fence` is still current and its deadline is still `from`; appends
   * `deadline.extended`. False: nothing was moved.
   */
  setDeadline(
    key: AttemptKey,
    move: { readonly from: Deadline; readonly to: Deadline },
    now: Millis,
    /** what it was decided on; absent: a person decided */
    evidence?: readonly Witness[],
  ): Promise<boolean>;
  /**
   * Durations survive a step of the clock and a suspend, whether or not anybody was there to see it (I7): where the clocks lie
   * otherwise than when this was last called, every deadline, kill moment, back-off and sign moves along, in one transaction
   * with the reading, so that no step is followed twice.
   *
   * @returns the reading by which all moments are told from now on: this one, or one that differs by less than a step
   */
  followClock(reading: ClockReading, now: Millis): Promise<ClockReading>;
  append(events: readonly NewEvent[], now: Millis): Promise<void>;
  brake(): Promise<Brake>;
  /** False: somebody else has moved it meanwhile, and nothing was done. */
  moveBrake(move: BrakeMove, now: Millis): Promise<boolean>;

  // the supervisor's own row
  announceSupervisor(process: ProcessIdentity, now: Millis): Promise<void>;
  concludeSupervisor(process: ProcessIdentity, because: string, now: Millis): Promise<void>;
  supervisor(): Promise<SupervisorRow | null>;
  wishSupervisor(wish: SupervisorRow['wish'], now: Millis): Promise<boolean>;

  // what people ask for
  /** Adds, updates or leaves alone, as core/submission decides; throws `CAMPAIGN_CHANGED` where a started one differs. */
  submit(submission: Submission): Promise<SubmitResult>;
  wishStop(ids: readonly DispatchId[], wish: StopWish): Promise<readonly DispatchId[]>;
  /** A person has looked: lets the brake go, and confirms the end of what is held back. @returns whose */
  releaseBrake(now: Millis): Promise<readonly DispatchId[]>;
  /** Ended → queued with a new attempt allowed; reopens what was skipped because of it. Others are left out of the result. */
  retry(
    ids: readonly DispatchId[],
    now: Millis,
    /** the attempt from inside which it is asked: what it or one before it has added is its child; absent: from outside */
    by?: AttemptKey | null,
  ): Promise<readonly DispatchId[]>;
  /** Creates or resizes. */
  setPool(pool: PoolSpec, now: Millis): Promise<void>;
  setPoolPaused(pool: string, paused: boolean, now: Millis): Promise<boolean>;
  /**
   * Parked for a person → queued; limits of tokens and cost count from here on, its own, and that of its campaign where
   * it is broken. Others are left out of the result.
   */
  openGate(ids: readonly DispatchId[], now: Millis): Promise<Resumed>;
  /** Opens all gates of a campaign; where it has broken a limit of its own, what was used so far counts no more. */
  resumeCampaign(name: string, now: Millis): Promise<Resumed>;
  /** The attempt could not go on in its session: it begins a fresh one, of this id where it is known before its start. */
  noteFreshSession(key: AttemptKey, fresh: FreshSession, now: Millis): Promise<void>;

  // looking
  dispatches(filter: DispatchFilter): Promise<readonly DispatchView[]>;
  attempts(dispatch: DispatchId): Promise<readonly Attempt[]>;
  /** id, unambiguous prefix of an id, or `campaign/name` → the matches, at most a handful */
  find(reference: string): Promise<readonly Dispatch[]>;
  campaign(name: string): Promise<CampaignRow | null>;
  campaigns(): Promise<readonly CampaignRow[]>;
  /** Those of which anything was told, by name; one of them, or none, where it is named. */
  campaignUse(name?: string): Promise<readonly CampaignUse[]>;
  /** The days in which anything was used, the oldest first. */
  usedByDay(filter: UsageFilter): Promise<readonly DayUse[]>;
  pools(): Promise<readonly PoolUse[]>;
  pool(name: string): Promise<PoolUse | null>;
  events(query: EventQuery): Promise<readonly LedgerEvent[]>;
  lastSeq(): Promise<number>;
  count(filter: Omit<DispatchFilter, 'limit'>): Promise<number>;
}
