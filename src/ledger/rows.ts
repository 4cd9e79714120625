// Owns how rows become values and values become columns.
import { RETRY_CLASSES } from '../core/dispatch.ts';
import type {
  Attempt,
  AttemptEnd,
  ContainmentTier,
  Deadline,
  Dispatch,
  DispatchId,
  DispatchSpec,
  FailureClass,
  LiveDispatch,
  Millis,
  Outcome,
  State,
  StopWish,
} from '../core/dispatch.ts';
import type { Pool } from '../core/pool.ts';
import { LIVE_STATES } from '../core/dispatch.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { Sign } from '../core/sign.ts';
import type { StreamNote, StreamState } from '../core/stream.ts';
import { json, text, textOrNull, whole, word } from './columns.ts';
import type { Row, Value } from './driver.ts';

/**
 * A dispatch `d` as one JSON array in column `dispatch`. To take each column out of each row costs more than all the
 * rest of a query: 10,000 dispatches with their attempts are read in half the time this way.
 */
export const DISPATCH = `json_array(d.id, d.campaign, d.name, d.pool, d.priority, d.position, json(d.spec),
  json(d.needs), json(d.state_json), d.because, d.attempt, d.fence, json(d.stop_wish), d.created_at, d.started_at,
  d.ended_at, d.revision, d.parent_dispatch, d.parent_fence) as dispatch`;

/** In the order of `DISPATCH`. */
type DispatchValues = readonly [
  id: string,
  campaign: string,
  name: string,
  pool: string,
  priority: number,
  position: number,
  spec: DispatchSpec,
  after: readonly string[],
  state: State,
  because: string,
  attempt: number,
  fence: number,
  stopWish: StopWish | null,
  createdAt: Millis,
  startedAt: Millis | null,
  endedAt: Millis | null,
  revision: number,
  parent: DispatchId | null,
  parentFence: number,
];

const parseDispatch = (value: string): DispatchValues => JSON.parse(value);

export function toDispatch(row: Row): Dispatch {
  const values = json(row, 'dispatch', parseDispatch);
  return {
    id: values[0],
    campaign: values[1],
    name: values[2],
    pool: values[3],
    priority: values[4],
    position: values[5],
    spec: values[6],
    after: values[7],
    state: values[8],
    because: values[9],
    attempt: values[10],
    fence: values[11],
    stopWish: values[12],
    createdAt: values[13],
    startedAt: values[14],
    endedAt: values[15],
    revision: values[16],
    parent: values[17] === null ? null : { dispatch: values[17], fence: values[18] },
  };
}

/** An attempt `a` as one JSON array in column `attempt`; null where an outer join found none. */
export const ATTEMPT = `case when a.fence is null then null else json_array(a.dispatch, a.attempt, a.fence, a.nonce,
  a.containment, a.claimed_at, a.started_at, a.boot_id, a.pid, a.start_time, a.soft_at, a.hard_at, a.extended_count,
  a.extended_ms, a.deadline_because, json(a.signs), a.session_id, a.resumed_from, a.ended_at,
  json(a.outcome_json), a.class, a.exit_code, a.signal, a.because, a.result_at, a.unseen, a.watched_since,
  json(a.stream), a.stdout_next, a.stderr_next) end as attempt`;

/** In the order of `ATTEMPT`. What belongs together is there as a whole, or null as a whole. */
type AttemptValues = readonly [
  dispatch: string,
  attempt: number,
  fence: number,
  nonce: string,
  containment: ContainmentTier,
  claimedAt: Millis,
  startedAt: Millis | null,
  bootId: string,
  pid: number | null,
  startTime: number,
  softAt: Millis | null,
  hardAt: Millis,
  extendedCount: number,
  extendedMs: number,
  deadlineBecause: string,
  signs: readonly Sign[],
  sessionId: string | null,
  resumedFrom: number | null,
  endedAt: Millis | null,
  outcome: Outcome | null,
  failureClass: FailureClass | null,
  exitCode: number | null,
  signal: string | null,
  because: string,
  resultAt: Millis | null,
  unseen: string | null,
  watchedSince: Millis | null,
  stream: StreamState | null,
  stdoutNext: number,
  stderrNext: number,
];

const parseAttempt = (value: string): AttemptValues => JSON.parse(value);

export function toAttempt(row: Row): Attempt {
  const values = json(row, 'attempt', parseAttempt);
  return {
    dispatch: values[0],
    attempt: values[1],
    fence: values[2],
    nonce: values[3],
    containment: values[4],
    claimedAt: values[5],
    startedAt: values[6],
    process: toProcess(values[7], values[8], values[9]),
    deadline: toDeadline(values),
    signs: values[15],
    resultAt: values[24],
    watchedSince: values[26],
    unseen: values[25],
    stream: toStream(values[27], values[28], values[29]),
    sessionId: values[16],
    resumedFrom: values[17],
    endedAt: values[18],
    end: toEnd(values),
    because: values[23],
  };
}

function toProcess(bootId: string, pid: number | null, startTime: number): ProcessIdentity | null {
  return pid === null ? null : { bootId, pid, startTime };
}

function toStream(
  state: StreamState | null,
  stdoutNext: number,
  stderrNext: number,
): StreamNote | null {
  return state === null ? null : { state, stdoutNext, stderrNext };
}

function toDeadline(values: AttemptValues): Deadline | null {
  const softAt = values[10];
  if (softAt === null) return null;
  return {
    softAt,
    hardAt: values[11],
    extendedCount: values[12],
    extendedMs: values[13],
    because: values[14],
  };
}

function toEnd(values: AttemptValues): AttemptEnd | null {
  const outcome = values[19];
  if (outcome === null) return null;
  return { outcome, class: values[20], exitCode: values[21], signal: values[22] };
}

const FAILURE_CLASSES: readonly FailureClass[] = [...RETRY_CLASSES, 'quota', 'auth', 'cancelled'];

export function toFailureClass(row: Row, column: string): FailureClass | null {
  return row[column] === null ? null : word(row, column, FAILURE_CLASSES);
}

type LiveState = LiveDispatch['dispatch']['state'];

/** The state where it holds a slot, else null. */
export function liveState(state: State): LiveState | null {
  return state.kind === 'starting' || state.kind === 'running' || state.kind === 'stopping'
    ? state
    : null;
}

export function isLiveKind(kind: string): boolean {
  return LIVE_STATES.some((live) => live === kind);
}

export function toPool(row: Row): Pool {
  return {
    name: text(row, 'name'),
    slots: whole(row, 'slots'),
    paused: whole(row, 'paused') === 1,
    pausedBecause: textOrNull(row, 'paused_because'),
  };
}

export const STATE_COLUMNS = [
  'state',
  'state_json',
  'parked_for',
  'until_at',
  'outcome',
  'class',
  'ended_at',
] as const;

/**
 * The plain columns of a state, in the order of `STATE_COLUMNS`: what statements ask for. They follow from the state
 * and from nothing else.
 */
export function stateValues(state: State): readonly Value[] {
  const written = [state.kind, JSON.stringify(state)];
  switch (state.kind) {
    case 'parked':
      return [...written, state.for, state.until, null, null, null];
    case 'ended':
      return [...written, null, null, state.outcome.kind, state.class, state.at];
    case 'queued':
    case 'starting':
    case 'running':
    case 'stopping':
      return [...written, null, null, null, null, null];
  }
}

/** `($1, $2, …)` for an insert, or any run of placeholders from `first` on. */
export function placeholders(count: number, first = 1): string {
  return Array.from({ length: count }, (_, index) => `$${first + index}`).join(', ');
}
