// Owns what really happened in a world, beside what any supervisor could see of it. Checks compare the two.
import type {
  ContainmentTier,
  Dispatch,
  DispatchSpec,
  Millis,
  RetryClass,
} from '../../src/core/dispatch.ts';
import type { PoolLimit } from '../../src/core/pool.ts';
import type { SignKind } from '../../src/core/sign.ts';
import type { AttemptKey, DispatchView } from '../../src/ports.ts';
import { Budgets } from './budgets.ts';
import type { Said } from './said.ts';

/** Every simulated ledger has this name, so that marks are the same in every run. */
export const LEDGER_ID = 'simulate';

/** All times are true time (timeline.ts). */
export interface AttemptTruth {
  readonly key: AttemptKey;
  readonly name: string;
  readonly mark: string;
  readonly spec: DispatchSpec;
  readonly pool: string;
  /** with which its agent is started, where an adapter has planned that */
  argv: readonly string[];
  /** what its agent has said; null: it has no stream */
  readonly said: Said | null;
  readonly containment: ContainmentTier;
  /** when its intent was committed */
  readonly claimedAt: number;
  /** from when its deadline is counted: later than the claim where its supervisor could not start it at once */
  deadlineFrom: number;
  /** when it submitted what it waits for: what others had added may be its own from then on */
  namedAt: number;
  /** since when somebody may date to then what it has said: time has jumped, or a supervisor begins or goes on */
  readAnewAt: number;
  /** a shim had its claim */
  claimed: boolean;
  agentStarts: number;
  agentLives: boolean;
  shimLives: boolean;
  /** its latest signs of work that a look can find, in order */
  readonly workedAt: number[];
  /** the last thing of each kind that a look may take for a sign of work */
  readonly stirredAt: Map<SignKind, number>;
  /** processes of it that burn CPU now, and since when at least one does */
  busy: number;
  busySince: number;
  /** it reads and writes much, and everybody who asks is told: since when; null: it does not */
  ioSince: number | null;
  /** the newest sign of each kind that the ledger was told */
  readonly noted: Map<SignKind, NotedSign>;
  /** it is inside an operation lease: since when, and when its holder last touched it */
  lease: Lease | null;
  /** how the agent ended, as a shell reports it; null while it lives, or never lived */
  status: number | null;
  agentEndedAt: number | null;
  /** its shim wrote down how it ended */
  recordedAt: number | null;
  /** somebody removed or cut its records: then nobody can know everything any more */
  damaged: boolean;
  /** somebody removed its run directory: nobody hears of the end of a tool, nor of a lease */
  unheard: boolean;
  /** by how much the wall clock moved, and its moments did not */
  unfollowedMs: number;
  /** what of it went ahead, and was not made up for by its deadline */
  sleptMs: number;
  /** since when a check has found it beyond a limit of use; null: it is not */
  beyondSince: number | null;
  /** when it became `running`, and when it was so no more */
  runningAt: number | null;
  ranUntil: number | null;
  /** when it went to `stopping`; null: it did not */
  stoppingAt: number | null;
  /** it went there while its agent lived: what it says from then on, it says because we have asked it to go */
  toldToGo: boolean;
  /** nothing could be started when it was tried */
  foundNoRoom: boolean;
  /** somebody of it has got a signal while its agent lived */
  signalled: boolean;
  /** what the last `done_when` answered */
  lastGoal: 'reached' | 'missed' | 'unknown' | null;
}

interface NotedSign {
  readonly at: Millis;
  readonly detail: string;
  /** who told it; null: moments have been moved since */
  by: object | null;
  /** true time of the last sample before it was told, and how old its source might be */
  readonly sampledAt: number;
  readonly since: number;
  /** the ledger has it, so that whoever comes next knows of it */
  taken: boolean;
}

interface Lease {
  readonly from: number;
  touchedAt: number;
  /** nobody holds it any more, and time has jumped: whether it still counts is for nobody to say */
  readonly abandoned: boolean;
  doubtfulFrom: number;
  /** its end is told by the wall clock alone */
  readonly raw: boolean;
  /** that clock jumped before it was certainly read once: which one tells its end is for nobody to say */
  undated: boolean;
}

export interface DispatchTruth {
  /** when the goal that `done_when` asks for was reached */
  goalReachedAt: number | null;
  /** a person asked for a cancel at that time, and it was accepted */
  cancelledAt: number | null;
  /** how often a person asked for another attempt */
  retriesAsked: number;
  /** attempts that were withdrawn, and so cost no retry */
  superseded: number;
  /** what was used until this fence counts for no limit any more: a person let it go on */
  waivedFence: number;
  /** how often a person did */
  gatesOpened: number;
  /** ended attempts by failure class */
  readonly failures: Partial<Record<RetryClass, number>>;
}

export class Truth {
  readonly attempts = new Map<string, AttemptTruth>();
  readonly dispatches = new Map<string, DispatchTruth>();
  /** the ledger's rows as last committed */
  rows: ReadonlyMap<string, DispatchView> = new Map();
  /** those of the ledger as last committed, where anybody meets any */
  limits: readonly PoolLimit[] = [];
  /** what campaigns may use, where any has limits */
  readonly budgets = new Budgets();
  /** the slots that people last gave to each pool, and whether they paused it */
  readonly pools = new Map<string, { slots: number; paused: boolean }>();
  /** by how much the wall clock has moved since all moments were moved along */
  unfollowedMs = 0;
  /** jumps of the clock that no deadline follows */
  readonly unfollowedJumps: { readonly at: number; readonly byMs: number }[] = [];
  /** when agents that lived were ended on nobody's wish, and when a person last confirmed what was held back */
  readonly judgedKills: number[] = [];
  confirmedAt = 0;
  /** by how much the clocks may lie apart without anybody noticing */
  driftMs = 5;
  /** when the wall clock last jumped by seconds rather than hours */
  jumpedAt = Number.NEGATIVE_INFINITY;
  /** when it last jumped at all, and how far altogether */
  steppedAt = Number.NEGATIVE_INFINITY;
  jumpedMs = 0;
  /** when a limit of each pool was lifted last */
  readonly liftedAt = new Map<string, number>();
  /** since when each queued dispatch waits */
  readonly queuedSince = new Map<string, number>();
  /** since when nothing has disturbed the world: then progress can be expected */
  calmSince = 0;
  /** occasions that excuse one attempt withdrawn before it started: a death, a wish */
  excuses = 0;

  attempt(key: AttemptKey): AttemptTruth | undefined {
    return this.attempts.get(nameOf(key));
  }

  add(attempt: AttemptTruth): void {
    this.attempts.set(nameOf(attempt.key), attempt);
  }

  dispatch(id: string): DispatchTruth {
    let found = this.dispatches.get(id);
    if (found === undefined) {
      found = {
        goalReachedAt: null,
        cancelledAt: null,
        retriesAsked: 0,
        superseded: 0,
        waivedFence: 0,
        gatesOpened: 0,
        failures: {},
      };
      this.dispatches.set(id, found);
    }
    return found;
  }

  rowsOf(campaign: string): readonly Dispatch[] {
    const all = [...this.rows.values()].map(({ dispatch }) => dispatch);
    return all.filter((row) => row.campaign === campaign);
  }

  /** A person let it go on, as it was then. */
  goesOn(row: Pick<Dispatch, 'id' | 'fence'> | undefined): void {
    if (row === undefined) return;
    const its = this.dispatch(row.id);
    its.gatesOpened++;
    its.waivedFence = row.fence;
  }
}

/** The clock moved, and no deadline moves with it. */
export function unfollowed(truth: Truth, at: number, byMs: number): void {
  truth.unfollowedJumps.push({ at, byMs });
  for (const attempt of truth.attempts.values()) {
    attempt.unfollowedMs += byMs;
    attempt.sleptMs += Math.max(0, byMs);
  }
}

/** Whoever reads now what was written before a jump of time dates it to now. */
export function mayReadAnew({ attempts }: Truth, at: number): void {
  for (const attempt of attempts.values()) attempt.readAnewAt = at;
}

/** A lease that is older was read, whatever was out of order meanwhile. */
const READ_WITHIN_MS = 30_000;

/**
 * Time jumps: the last touch of who is gone may seem old.
 *
 * @param isCounted by every clock: then one that nobody has read yet seems old as well, whatever it tells its moments by
 */
export function doubtLeases({ attempts }: Truth, at: number, isCounted: boolean): void {
  for (const { lease, said } of attempts.values()) {
    if (lease !== null) {
      lease.doubtfulFrom = Math.min(lease.doubtfulFrom, at);
      const isUnread = at - lease.from < READ_WITHIN_MS;
      if ((lease.raw || isCounted) && isUnread) lease.undated = true;
    }
    if (said === null) continue;
    for (const one of [...said.tools.values(), said.wait]) {
      if (one !== null) one.doubtfulFrom = Math.min(one.doubtfulFrom, at);
    }
  }
}

export function nameOf({ dispatch, fence }: AttemptKey): string {
  return `${dispatch}/${fence}`;
}
