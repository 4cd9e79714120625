// Owns the rows of the decision tables: a live dispatch with its evidence, written as what differs from an ordinary one.
// All times are relative to NOW.
import type {
  AttemptEnd,
  Deadline,
  DispatchSpec,
  FailureClass,
  LiveDispatch,
  RetryBudget,
  StopCause,
  StopReason,
  StopWish,
} from '../../../src/core/dispatch.ts';
import type {
  Claim,
  Evidence,
  ExitRecord,
  Goal,
  Result,
  Look,
  Sighting,
  Start,
  Usage,
} from '../../../src/core/evidence.ts';
import type { Judgement, TokenUsage } from '../../../src/core/agent-event.ts';
import type { CampaignBudget } from '../../../src/core/limits.ts';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import type { PoolLimit } from '../../../src/core/pool.ts';
import type { StreamState } from '../../../src/core/stream.ts';
import { EIO, exitOf, membersOf, noteOf, processOf, streamOf } from './looks.ts';
import { signAt } from './sign-at.ts';
import { PLAIN_SPEC as SPEC } from '../../plain-spec.ts';

export const NOW = 1_800_000_000_000;
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

const BOOT = 'boot-1';
export const AGENT: ProcessIdentity = { bootId: BOOT, pid: 70, startTime: 700 };
export const SHIM: ProcessIdentity = { bootId: BOOT, pid: 60, startTime: 600 };

/** What differs from an agent that was started by this supervisor an hour ago and works. */
export interface RowSpec {
  readonly state?: 'starting' | 'running' | 'stopping';
  /** how long it has been in its state */
  readonly sinceMs?: number;
  /** `stopping` only: our cause, or the proved end of an agent that left processes behind */
  readonly reason?: StopCause | AttemptEnd | StopReason;
  /** `stopping` only: negative is in the past */
  readonly killInMs?: number;
  /** `stopping` only: pids named so far */
  readonly survivors?: readonly number[];
  /** `stopping` only: null where the agent was never seen */
  readonly process?: null;
  readonly agent?: Sighting;
  readonly shim?: Sighting;
  /** default: sh */
  readonly tier?: 'subreaper';
  readonly claim?: 'shim' | 'recovery' | 'illegible' | 'absent' | 'unknown';
  /** the pid record of the agent */
  readonly pid?: 'seen' | 'absent' | 'unknown';
  readonly exit?: ExitRecord | 'absent' | 'unknown';
  /** how long ago the record was written last; default: nobody can tell */
  readonly writtenMs?: number;
  /** pids of the tree without the shim; each has its tenfold as start time */
  readonly members?: readonly number[] | 'absent' | 'unknown';
  /** default: nobody looked */
  readonly usage?: Usage;
  readonly outputBytes?: number | 'unknown';
  /** of all members, instead of the tenfold of their pids */
  readonly startTime?: number;
  /** looks in a row that found nobody */
  readonly emptyLooks?: number;
  /** age of the last sign of work; null: none so far */
  readonly silentMs?: number | null;
  readonly watchedMs?: number;
  /** how long whoever looks has been awake */
  readonly awakeMs?: number;
  readonly blind?: string;
  /** why its tree could not be looked at, as the state says it */
  readonly told?: string;
  /** for how long looks at its tree have failed */
  readonly unseenMs?: number;
  readonly goal?: Goal;
  readonly result?: Result;
  readonly start?: Start;
  readonly killRounds?: number;
  /** pids that the last kill signalled */
  readonly killed?: readonly number[];
  readonly spec?: Partial<Omit<DispatchSpec, 'retries'>>;
  readonly retries?: Partial<RetryBudget>;
  readonly deadline?: { readonly softInMs: number; readonly hardInMs: number };
  readonly wish?: {
    readonly cause: StopWish['cause'];
    readonly agoMs?: number;
    readonly graceMs?: number;
  };
  readonly failures?: Readonly<Partial<Record<FailureClass, number>>>;
  /** what its agent program has said; without it the agent has no stream */
  readonly said?: Partial<StreamState> | 'unknown';
  /** default: it said nothing of its end */
  readonly judged?: Judgement['kind'];
  /** not all of it was read */
  readonly reading?: true;
  readonly usedBefore?: TokenUsage;
  readonly budget?: CampaignBudget;
  readonly noted?: TokenUsage;
  readonly limit?: PoolLimit;
  /** for the jitter; in [0, 1) */
  readonly chance?: number;
}

/** The sentence that a row's dispatch carries already. */
const SO_FAR = 'so far';

export function exited(exitCode: number, agoMs = HOUR): ExitRecord {
  return { kind: 'exited', exitCode, at: NOW - agoMs };
}

export function signalled(signal: string, exitCode: number, agoMs = HOUR): ExitRecord {
  return { kind: 'signalled', signal, exitCode, at: NOW - agoMs };
}

export function refused(reason: string): ExitRecord {
  return { kind: 'refused', final: true, reason, at: NOW };
}

export interface Row {
  readonly live: LiveDispatch;
  readonly evidence: Evidence;
  readonly moment: { readonly now: number; readonly chance: number };
}

export function row(spec: RowSpec): Row {
  return {
    live: liveOf(spec),
    evidence: evidenceOf(spec),
    moment: { now: NOW, chance: spec.chance ?? 0 },
  };
}

function liveOf(spec: RowSpec): LiveDispatch {
  const deadline = deadlineOf(spec);
  return {
    dispatch: {
      id: 'd1',
      campaign: 'nightly',
      name: 'fix',
      pool: 'default',
      priority: 0,
      parent: null,
      position: 1,
      spec: { ...SPEC, ...spec.spec, retries: { ...SPEC.retries, ...spec.retries } },
      after: [],
      state: stateOf(spec),
      because: SO_FAR,
      attempt: 1,
      fence: 1,
      stopWish: wishOf(spec),
      createdAt: NOW - 2 * HOUR,
      startedAt: NOW - HOUR,
      endedAt: null,
      revision: 3,
    },
    attempt: {
      dispatch: 'd1',
      attempt: 1,
      fence: 1,
      nonce: 'n',
      containment: spec.tier ?? 'sh',
      claimedAt: NOW - HOUR,
      startedAt: null,
      process: null,
      deadline,
      signs: [],
      stream: spec.noted === undefined ? null : noteOf(spec.noted),
      resultAt: null,
      watchedSince: null,
      unseen: null,
      sessionId: null,
      resumedFrom: null,
      endedAt: null,
      end: null,
      because: SO_FAR,
    },
    failures: spec.failures ?? {},
    usedBefore: spec.usedBefore ?? null,
    budget: spec.budget ?? null,
    limit: spec.limit ?? null,
  };
}

function stateOf(spec: RowSpec): LiveDispatch['dispatch']['state'] {
  const since = NOW - (spec.sinceMs ?? MINUTE);
  switch (spec.state ?? 'running') {
    case 'starting':
      return { kind: 'starting', since };
    case 'running':
      return { kind: 'running', since, process: AGENT };
    case 'stopping':
      return {
        kind: 'stopping',
        since,
        reason: reasonOf(spec.reason ?? 'cancelled'),
        process: spec.process === null ? null : AGENT,
        killAt: NOW + (spec.killInMs ?? -SECOND),
        survivors: (spec.survivors ?? []).map(processOf),
        ...(spec.told === undefined ? {} : { unseen: { because: spec.told, before: 'stopped' } }),
      };
  }
}

function reasonOf(reason: StopCause | AttemptEnd | StopReason): StopReason {
  if (typeof reason === 'string') return { kind: 'cause', cause: reason };
  return 'kind' in reason ? reason : { kind: 'leftovers', end: reason };
}

function wishOf({ wish }: RowSpec): StopWish | null {
  if (wish === undefined) return null;
  const { cause, agoMs = 0, graceMs = null } = wish;
  return { at: NOW - agoMs, graceMs, cause, because: 'somebody wished it' };
}

function deadlineOf({ deadline }: RowSpec): Deadline | null {
  if (deadline === undefined) return null;
  const { softInMs, hardInMs } = deadline;
  const extended = { extendedCount: 0, extendedMs: 0, because: 'as the file says' };
  return { softAt: NOW + softInMs, hardAt: NOW + hardInMs, ...extended };
}

function evidenceOf(spec: RowSpec): Evidence {
  const starting = spec.state === 'starting';
  const silentMs = spec.silentMs === undefined ? 0 : spec.silentMs;
  return {
    bootId: BOOT,
    agent: spec.agent ?? (starting ? 'gone' : 'alive'),
    shim: spec.shim ?? 'alive',
    runDir: {
      claim: claimOf(spec.claim ?? 'shim'),
      agent: pidOf(spec.pid ?? (starting || spec.process === null ? 'absent' : 'seen')),
      exit: exitOf(spec.exit ?? 'absent'),
      writtenAt: spec.writtenMs === undefined ? null : NOW - spec.writtenMs,
      outputBytes:
        spec.outputBytes === 'unknown' ? EIO : { kind: 'seen', value: spec.outputBytes ?? 100 },
    },
    members: membersOf(spec),
    unseenSince: spec.unseenMs === undefined ? null : NOW - spec.unseenMs,
    usage: spec.usage === undefined ? EIO : { kind: 'seen', value: spec.usage },
    signs: silentMs === null ? [] : [signAt(NOW - silentMs)],
    watchedSince: NOW - (spec.watchedMs ?? HOUR),
    awakeSince: NOW - (spec.awakeMs ?? HOUR),
    blind: spec.blind ?? null,
    goal: spec.goal ?? 'unasked',
    result: spec.result ?? 'unasked',
    start: spec.start ?? { kind: 'under-way' },
    stream: streamOf(spec),
    killRounds: spec.killRounds ?? 0,
    lastKilled: new Set((spec.killed ?? []).map((pid) => `${pid}@${pid * 10}`)),
  };
}

function claimOf(claim: NonNullable<RowSpec['claim']>): Look<Claim> {
  switch (claim) {
    case 'shim':
      return { kind: 'seen', value: { by: 'shim', shim: SHIM } };
    case 'recovery':
      return { kind: 'seen', value: { by: 'recovery' } };
    case 'illegible':
      return { kind: 'seen', value: { by: 'nobody-legible' } };
    case 'absent':
      return { kind: 'absent' };
    case 'unknown':
      return EIO;
  }
}

function pidOf(pid: NonNullable<RowSpec['pid']>): Look<ProcessIdentity> {
  if (pid === 'seen') return { kind: 'seen', value: AGENT };
  return pid === 'absent' ? { kind: 'absent' } : EIO;
}

/** Agent and shim have gone, and one look at the tree found nobody. */
export function over(exit: NonNullable<RowSpec['exit']>, spec: RowSpec = {}): RowSpec {
  return { agent: 'gone', shim: 'gone', members: [], emptyLooks: 1, exit, ...spec };
}

/** A tree that was stopped, and of which nobody is left: agent, shim and members, seen twice. */
export function zero(spec: RowSpec = {}): RowSpec {
  return {
    state: 'stopping',
    agent: 'gone',
    shim: 'gone',
    members: [],
    emptyLooks: 2,
    ...spec,
  };
}
