// Owns what the lines of an agent program add up to: which session, which tools run, what was used, what it said last.
// Pure: the same lines give the same state, so that whoever reads on from an offset needs only the state at it.
import type { AgentEvent, LimitNotice, TokenUsage } from './agent-event.ts';
import type { FailureClass, Millis } from './dispatch.ts';
import { TEXT_CHARACTERS_MAX, oneLine } from './one-line.ts';

/** A tool call that has been started and not finished. */
export interface OpenTool {
  readonly id: string;
  readonly name: string;
  readonly detail: string;
  readonly startedAt: Millis;
  /** from then on it is no evidence of work */
  readonly expiresAt: Millis;
}

export interface StreamState {
  readonly sessionId: string | null;
  /** how often the model answered */
  readonly answers: number;
  /** of these, how many came before the last limit */
  readonly answersAtLimit: number;
  readonly tools: readonly OpenTool[];
  readonly usage: TokenUsage | null;
  /** the last one, unless the model has answered since */
  readonly limit: {
    readonly notice: LimitNotice;
    readonly seenAt: Millis;
    /** since then it was met again and again, without an answer in between */
    readonly metSince: Millis;
    readonly waitsUntil: Millis | null;
  } | null;
  /** why it repeats a request, unless the model has answered since */
  readonly retrying: string | null;
  /** the last one, unless the model has answered since */
  readonly error: { readonly message: string; readonly class: FailureClass | null } | null;
  /** what it asked a person, unless something else followed */
  readonly waitingFor: string | null;
  /** the terminal event, unless something followed */
  readonly result: { readonly ok: boolean; readonly text: string; readonly at: Millis } | null;
  /** the newest text of the model, one line */
  readonly text: string | null;
  readonly lines: number;
  /** that the adapter has no meaning for */
  readonly unknownLines: number;
  /** that are no JSON where JSON is promised, or too long */
  readonly malformedLines: number;
}

/** The state after everything before two offsets in the output files, which are each the start of a line. */
export interface StreamNote {
  readonly state: StreamState;
  readonly stdoutNext: number;
  readonly stderrNext: number;
}

export const EMPTY_STREAM: StreamState = {
  sessionId: null,
  answers: 0,
  answersAtLimit: 0,
  tools: [],
  usage: null,
  limit: null,
  retrying: null,
  error: null,
  waitingFor: null,
  result: null,
  text: null,
  lines: 0,
  unknownLines: 0,
  malformedLines: 0,
};

/** A program that forgets to say that its tools have ended must not fill the ledger. */
const TOOLS_MAX = 50;
/** What was promised by the program itself may come a little late: its own clean-up follows its time-out. */
const TIMEOUT_SLACK_MS = 30_000;
const MINUTE_MS = 60_000;

/** Whatever it asked or had as its result, it went on. */
const GOES_ON: Pick<StreamState, 'waitingFor' | 'result'> = { waitingFor: null, result: null };

export interface Reading {
  /** when the events were written, or seen at the latest */
  readonly at: Millis;
  /** how long a tool counts as evidence whose program states no time-out */
  readonly toolBoundMs: number;
}

export function withEvents(
  state: StreamState,
  events: readonly AgentEvent[],
  reading: Reading,
): StreamState {
  return events.reduce((before, event) => withEvent(before, event, reading), state);
}

/**
 * Of what is written beside the stream that has the terminal event: which of two lines was first is not known, for what came
 * between two looks is read one stream after the other. So nothing here makes that event stale: whoever goes on says so
 * where it was said. Why it failed may be told here; what stood in the way of a success was overcome.
 */
export function withEventsBeside(
  state: StreamState,
  events: readonly AgentEvent[],
  reading: Reading,
): StreamState {
  const { result, tools } = state;
  if (result?.ok === true) return state;
  const after = withEvents(state, events, reading);
  return result === null ? after : { ...after, result, tools };
}

type Trouble = Event<'limit' | 'let-in' | 'retry' | 'error'>;

const TROUBLES: ReadonlySet<AgentEvent['kind']> = new Set(['limit', 'let-in', 'retry', 'error']);

function isTrouble(event: AgentEvent): event is Trouble {
  return TROUBLES.has(event.kind);
}

function withEvent(state: StreamState, event: AgentEvent, reading: Reading): StreamState {
  if (isTrouble(event)) return withTrouble(state, event, reading.at);
  switch (event.kind) {
    case 'session':
      return { ...state, sessionId: event.id };
    case 'answered':
      return withAnswer(state, event.text);
    case 'tool-started':
      return { ...state, ...GOES_ON, tools: withTool(state.tools, event, reading) };
    case 'tool-finished':
      return {
        ...state,
        ...GOES_ON,
        tools: state.tools.filter(({ id }) => id !== toolId(event.id)),
      };
    case 'usage':
      return withUsage(state, event);
    case 'waiting':
      return { ...state, waitingFor: oneLine(event.for) ?? 'an answer' };
    case 'result':
      return withResult(state, event, reading.at);
  }
}

function withTrouble(state: StreamState, event: Trouble, at: Millis): StreamState {
  switch (event.kind) {
    case 'limit':
      return withLimit(state, event, at);
    // Two streams are read one after the other: what the other one says of a limit may be newer.
    case 'let-in': {
      const isOver = state.limit?.notice.source === event.source;
      return isOver ? { ...state, limit: null, retrying: null } : state;
    }
    case 'retry':
      return { ...state, ...GOES_ON, retrying: oneLine(event.because) };
    case 'error':
      return withError(state, event);
  }
}

type Event<Kind extends AgentEvent['kind']> = Extract<AgentEvent, { readonly kind: Kind }>;

function withAnswer(state: StreamState, text: string): StreamState {
  return {
    ...state,
    ...GOES_ON,
    answers: state.answers + 1,
    limit: null,
    retrying: null,
    error: null,
    text: oneLine(text) ?? state.text,
  };
}

function withUsage(state: StreamState, { of, usage }: Event<'usage'>): StreamState {
  return { ...state, usage: of === 'total' ? usage : addUsage(state.usage, usage) };
}

function withLimit(
  state: StreamState,
  { limit, waitsUntil }: Event<'limit'>,
  seenAt: Millis,
): StreamState {
  const notice = {
    ...limit,
    resetAt: betterReset(state.limit?.notice.resetAt ?? null, limit.resetAt, seenAt),
    message: oneLine(limit.message) ?? 'a limit',
  };
  const metSince = state.limit?.metSince ?? seenAt;
  const met = { notice, seenAt, metSince, waitsUntil };
  const answersAtLimit = state.answers;
  return { ...state, limit: met, answersAtLimit, error: null, waitingFor: null };
}

function withError(state: StreamState, event: Event<'error'>): StreamState {
  // Programs report a failure more than once, and less and less exactly.
  if (event.class === null && state.error !== null && state.error.class !== null) return state;
  return {
    ...state,
    // Another reason than the limit; one that is not known may be the limit in other words.
    limit: event.class === null ? state.limit : null,
    error: { message: oneLine(event.message) ?? 'an error', class: event.class },
  };
}

/** Who says again that it is done, and has done nothing in between, was done before: also where we have told it to go since. */
function withResult(state: StreamState, { ok, text }: Event<'result'>, now: Millis): StreamState {
  const at = ok && state.result?.ok === true ? state.result.at : now;
  const result = { ok, text: oneLine(text) ?? '', at };
  return { ...state, result, tools: [], waitingFor: null };
}

/** A limit is often told twice, first by its moment and then in words: without one, or with one cut to the minute. */
function betterReset(before: Millis | null, next: Millis | null, now: Millis): Millis | null {
  if (before === null || before < now) return next;
  if (next === null) return before;
  return next <= before && before - next < MINUTE_MS ? before : next;
}

function withTool(
  tools: readonly OpenTool[],
  { id: told, name, detail, timeoutMs }: Event<'tool-started'>,
  { at, toolBoundMs }: Reading,
): readonly OpenTool[] {
  const id = toolId(told);
  const before = tools.find((tool) => tool.id === id);
  const startedAt = before?.startedAt ?? at;
  const boundMs = timeoutMs === null ? toolBoundMs : timeoutMs + TIMEOUT_SLACK_MS;
  const tool: OpenTool = {
    id,
    name: oneLine(name) ?? '',
    detail: oneLine(detail) ?? '',
    startedAt,
    expiresAt: startedAt + boundMs,
  };
  return [...tools.filter((one) => one.id !== id), tool].slice(-TOOLS_MAX);
}

/** Nobody's ids are as long as this; what is in the ledger has a bound, whatever a line holds. */
function toolId(id: string): string {
  return id.slice(0, TEXT_CHARACTERS_MAX);
}

export function addUsage(before: TokenUsage | null, more: TokenUsage): TokenUsage {
  if (before === null) return more;
  return {
    inputTokens: plus(before.inputTokens, more.inputTokens),
    outputTokens: plus(before.outputTokens, more.outputTokens),
    costUsd: plus(before.costUsd, more.costUsd),
  };
}

function plus(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return a + b;
}

/** All its moments moved by `byMs`, after a step of the clock. */
export function shiftStream(state: StreamState, byMs: number): StreamState {
  const { tools, limit, result } = state;
  return {
    ...state,
    tools: tools.map((tool) => ({
      ...tool,
      startedAt: tool.startedAt + byMs,
      expiresAt: tool.expiresAt + byMs,
    })),
    limit: limit === null ? null : shiftLimit(limit, byMs),
    result: result === null ? null : { ...result, at: result.at + byMs },
  };
}

/** When its provider lifts it is a time of day, and stays. */
function shiftLimit(
  limit: NonNullable<StreamState['limit']>,
  byMs: number,
): NonNullable<StreamState['limit']> {
  const { seenAt, metSince, waitsUntil } = limit;
  return {
    ...limit,
    seenAt: seenAt + byMs,
    metSince: metSince + byMs,
    waitsUntil: waitsUntil === null ? null : waitsUntil + byMs,
  };
}
