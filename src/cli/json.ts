// Owns the JSON of dispatches, attempts, events and pools: exactly the keys that scripts rely upon.
// Pure.
import {
  type Attempt,
  type AttemptEnd,
  type Deadline,
  type Millis,
  type State,
  isLive,
} from '../core/dispatch.ts';
import type { TokenUsage } from '../core/agent-event.ts';
import type { PoolLimit, PoolUse } from '../core/pool.ts';
import type { LedgerEvent } from '../core/event.ts';
import { newestSign } from '../core/sign.ts';
import type { Witness } from '../core/snapshot.ts';
import { verdictOf } from '../core/verdict.ts';
import type { DispatchView } from '../ports.ts';
import { isoOrNull } from './render/time.ts';

export function dispatchJson({ dispatch, attempt }: DispatchView, now: Millis) {
  return {
    id: dispatch.id,
    campaign: dispatch.campaign,
    name: dispatch.name,
    agent: dispatch.spec.agent,
    pool: dispatch.pool,
    ...stateJson(dispatch.state),
    attempt: dispatch.attempt,
    fence: dispatch.fence,
    parent: dispatch.parent,
    verdict: verdictOf(dispatch, attempt, now),
    because: dispatch.because,
    createdAt: isoOrNull(dispatch.createdAt),
    startedAt: isoOrNull(dispatch.startedAt),
    endedAt: isoOrNull(dispatch.endedAt),
    ...newestAttemptJson(dispatch.state, attempt),
  };
}

function stateJson(state: State) {
  const ended = state.kind === 'ended' ? state : null;
  const parked = state.kind === 'parked' ? state : null;
  return {
    state: state.kind,
    outcome: ended?.outcome.kind ?? null,
    cause: causeOf(state),
    exitCode: ended?.exitCode ?? null,
    pid: pidOf(state),
    parkedUntil: isoOrNull(parked?.until ?? null),
    parkedFor: parked?.for ?? null,
    survivors: state.kind === 'stopping' ? state.survivors : [],
  };
}

function newestAttemptJson(state: State, attempt: Attempt | null) {
  if (attempt === null) {
    return { sessionId: null, lastEvidenceAt: null, ...deadlineJson(null), containment: null };
  }
  // Before a retry starts, the newest attempt is the one before it: its deadline no longer counts.
  const counts = state.kind === 'ended' || isLive(state);
  return {
    sessionId: attempt.sessionId,
    lastEvidenceAt: isoOrNull(newestSign(attempt.signs)?.at ?? null),
    ...deadlineJson(counts ? attempt.deadline : null),
    containment: attempt.containment,
  };
}

function deadlineJson(deadline: Deadline | null) {
  return {
    softDeadlineAt: isoOrNull(deadline?.softAt ?? null),
    hardDeadlineAt: isoOrNull(deadline?.hardAt ?? null),
  };
}

/** Why a person's or our own hand is in it: the cause of a stop, under way or done. */
function causeOf(state: State): string | null {
  switch (state.kind) {
    case 'ended':
      return state.outcome.kind === 'stopped' ? state.outcome.cause : null;
    case 'stopping':
      return state.reason.kind === 'cause' ? state.reason.cause : null;
    case 'queued':
    case 'parked':
    case 'starting':
    case 'running':
      return null;
  }
}

export function pidOf(state: State): number | null {
  return state.kind === 'running' || state.kind === 'stopping'
    ? (state.process?.pid ?? null)
    : null;
}

export function attemptJson(attempt: Attempt) {
  return {
    attempt: attempt.attempt,
    fence: attempt.fence,
    ...endJson(attempt.end),
    pid: attempt.process?.pid ?? null,
    startTime: attempt.process?.startTime ?? null,
    sessionId: attempt.sessionId,
    resumedFrom: attempt.resumedFrom,
    startedAt: isoOrNull(attempt.startedAt),
    endedAt: isoOrNull(attempt.endedAt),
    containment: attempt.containment,
    usage: usageJson(attempt.stream?.state.usage ?? null),
    because: attempt.because,
  };
}

function endJson(end: AttemptEnd | null) {
  if (end === null) {
    return { outcome: null, cause: null, class: null, exitCode: null, signal: null };
  }
  const { outcome, exitCode, signal } = end;
  const cause = outcome.kind === 'stopped' ? outcome.cause : null;
  return { outcome: outcome.kind, cause, class: end.class, exitCode, signal };
}

export function eventJson(event: LedgerEvent) {
  return {
    seq: event.seq,
    at: isoOrNull(event.at),
    type: event.type,
    dispatch: event.dispatch,
    attempt: event.attempt,
    data: event.data,
  };
}

export function poolJson(pool: PoolUse) {
  const limit = gravest(pool.limits);
  return {
    name: pool.name,
    slots: pool.slots,
    used: pool.used,
    paused: pool.paused,
    pausedBecause: pool.pausedBecause,
    blockedUntil: isoOrNull(limit?.until ?? null),
    blockedBecause: limit === null ? null : blockedBecause(limit),
    source: sourceOf(pool),
    queued: pool.queued,
    limits: pool.limits.map(limitJson),
    usage: usageJson(pool.usage),
  };
}

/** The one that a program is told of which asks for one: that of everybody, else the longest. */
function gravest(limits: readonly PoolLimit[]): PoolLimit | null {
  const [longest = null] = limits.toSorted((a, b) => b.until - a.until);
  return limits.find(({ model }) => model === null) ?? longest;
}

function blockedBecause({ model, because }: PoolLimit): string {
  return model === null ? because : `model ${model}: ${because}`;
}

function limitJson({ model, since, until, tries, because, source, probe }: PoolLimit) {
  return {
    model,
    since: isoOrNull(since),
    until: isoOrNull(until),
    tries,
    because,
    source,
    probe: probe?.dispatch ?? null,
  };
}

/** Unknown is null, never 0. */
export function usageJson(usage: TokenUsage | null) {
  const { inputTokens = null, outputTokens = null, costUsd = null } = usage ?? {};
  return { inputTokens, outputTokens, costUsd };
}

/** Who keeps the pool from starting: a person, or what was observed of its provider. */
function sourceOf({ paused, pausedBecause, limits }: PoolUse): 'person' | 'observed' | null {
  if (paused && pausedBecause === null) return 'person';
  return paused || limits.length > 0 ? 'observed' : null;
}

export interface Decision {
  readonly at: string | null;
  readonly seq: number;
  readonly from: unknown;
  readonly to: unknown;
  readonly because: string;
  /** what it was made on; empty where a person decided */
  readonly evidence: readonly Witness[];
}

/**
 * Every event that says why is a decision; the rest (`slot.freed`) is book-keeping. The end of an
 * attempt repeats the reason of the change that it belongs to, and is left out.
 */
export function decisionsOf(events: readonly LedgerEvent[]): Decision[] {
  return events.flatMap(({ at, seq, type, data }) => {
    const because = data['because'];
    if (typeof because !== 'string' || type === 'attempt.ended') return [];
    const { from = null, to = null } = data;
    return [{ at: isoOrNull(at), seq, from, to, because, evidence: witnessesIn(data) }];
  });
}

/** Written by this program alone; an event without them is one that a person caused. */
function witnessesIn({ evidence }: LedgerEvent['data']): readonly Witness[] {
  return Array.isArray(evidence) ? evidence : [];
}
