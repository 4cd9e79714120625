// Owns what the agent of an attempt has said in truth, line by line as it stands in its output files: the yardstick for what
// supervisors read, however often one of them was killed.
import type { AgentEvent } from '../../src/core/agent-event.ts';
import { EMPTY_STREAM, type StreamState, withEvents } from '../../src/core/stream.ts';
import type { DispatchSpec } from '../../src/core/dispatch.ts';
import { adapterOf } from './adapters.ts';

export type StreamName = 'stdout' | 'stderr';

/** From then on nobody can say how long it still counts, for time has jumped. */
interface Doubtful {
  doubtfulFrom: number;
}

/** All times are true time (timeline.ts). */
export interface ToolTruth extends Doubtful {
  readonly from: number;
  /** it is no evidence any more */
  readonly until: number;
}

export interface WaitTruth extends Doubtful {
  readonly from: number;
  readonly until: number;
}

export interface Said {
  /** the sum of all whole lines; its moments mean nothing */
  state: StreamState;
  /** what there is of the line that is being written */
  readonly half: Record<StreamName, string>;
  /** calls that are open by what was said, or have lasted for too long */
  readonly tools: Map<string, ToolTruth>;
  /** it waits by itself for a limit to be lifted, and says until when */
  wait: WaitTruth | null;
  /** since when it is under a limit; null: it is not */
  limitedSince: number | null;
  /** when it named the last one, and whether that has become one of its pool */
  limitSaidAt: number | null;
  limitTakenAt: number | null;
  /** it has been under one, and was answered then */
  answeredAfterLimit: boolean;
  /** in which it works, whether or not it has said so */
  session: string | null;
  /** in which it was told to go on */
  resumed: string | null;
  /** since when its last word is that it is done; null: it is not */
  doneSince: number | null;
  /** it was told to go after it had said that it was done: what it says then is no news */
  doneBefore: boolean;
  /** it has named a limit on stderr: what is on the other stream may have been before it, or after it */
  mixed: boolean;
  /** who has cut its output in a place that a later supervisor may still have to read; null: nobody */
  trimmedBy: object | null;
}

export function nothingSaid({ task }: DispatchSpec): Said | null {
  if (task === null) return null;
  return {
    state: EMPTY_STREAM,
    half: { stdout: '', stderr: '' },
    tools: new Map(),
    wait: null,
    limitedSince: null,
    limitSaidAt: null,
    limitTakenAt: null,
    answeredAfterLimit: false,
    session: null,
    resumed: null,
    doneSince: null,
    doneBefore: false,
    mixed: false,
    trimmedBy: null,
  };
}

export interface Writing {
  readonly spec: DispatchSpec;
  readonly stream: StreamName;
  readonly now: number;
  readonly wall: number;
}

/** Takes over what was written: whole lines count, the rest waits for its end. */
export function takeText(said: Said, text: string, writing: Writing): void {
  const { stream } = writing;
  const lines = (said.half[stream] + text).split('\n');
  said.half[stream] = lines.pop() ?? '';
  for (const line of lines) takeLine(said, line, writing);
}

/** Nobody writes any more: what has no line feed is a line as well. */
export function finalState(said: Said, spec: DispatchSpec): StreamState {
  return (['stdout', 'stderr'] as const).reduce((state, stream) => {
    const line = said.half[stream];
    return line === '' ? state : withLine(state, line, { spec, stream, now: 0, wall: 0 });
  }, said.state);
}

function takeLine(said: Said, line: string, writing: Writing): void {
  const { now, wall } = writing;
  const before = said.state;
  const state = withLine(before, line, writing);
  if (writing.stream === 'stderr' && state.limit !== before.limit) said.mixed = true;
  said.state = state;
  said.doneSince = state.result?.ok === true ? (said.doneSince ?? now) : null;
  for (const id of said.tools.keys()) {
    if (!state.tools.some((tool) => tool.id === id)) said.tools.delete(id);
  }
  for (const { id, startedAt, expiresAt } of state.tools) {
    if (said.tools.has(id)) continue;
    const until = now + (expiresAt - startedAt);
    said.tools.set(id, { from: now, until, doubtfulFrom: Number.POSITIVE_INFINITY });
  }
  if (before.limit !== null && state.answers > before.answers) said.answeredAfterLimit = true;
  if (state.limit === before.limit) return;
  if (state.limit !== null) said.limitSaidAt = now;
  said.limitedSince = state.limit === null ? null : (said.limitedSince ?? now);
  const waitsUntil = state.limit?.waitsUntil ?? null;
  const until = waitsUntil === null ? null : now + waitsUntil - wall;
  // Waits without an answer in between are one, whatever time did in it.
  const from = said.limitedSince ?? now;
  const former = said.wait?.from === from ? said.wait : null;
  const doubtfulFrom = former?.doubtfulFrom ?? Number.POSITIVE_INFINITY;
  said.wait = until === null ? null : { from, until, doubtfulFrom };
}

function withLine(before: StreamState, line: string, { spec, stream, now }: Writing): StreamState {
  if (line.trim() === '') return before;
  const counted = { ...before, lines: before.lines + 1 };
  const value = stream === 'stderr' ? line : parsed(line);
  if (value === undefined) return { ...counted, malformedLines: before.malformedLines + 1 };
  const events = understood(spec, { stream, value, now });
  if (events !== null) {
    return withEvents(counted, events, { at: now, toolBoundMs: spec.toolBoundMs });
  }
  return stream === 'stderr' ? counted : { ...counted, unknownLines: before.unknownLines + 1 };
}

/** An adapter that fails on a line does not understand it. */
function understood(
  spec: DispatchSpec,
  line: { readonly stream: StreamName; readonly value: unknown; readonly now: number },
): readonly AgentEvent[] | null {
  try {
    return adapterOf(spec)?.read(line) ?? null;
  } catch {
    return null;
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/**
 * What two sums of the same lines must have in common: moments are those of whoever has read them. Of two streams nobody
 * can tell in which order they were written.
 */
export function timeless(
  { tools, limit, result, error, waitingFor, answersAtLimit, ...rest }: StreamState,
  { mixed }: Said,
): string {
  return JSON.stringify({
    ...rest,
    tools: tools.map(({ id, name, detail }) => ({ id, name, detail })),
    answersAtLimit: mixed ? null : answersAtLimit,
    limit: limit === null || mixed ? null : limit.notice.message,
    error: mixed ? null : error,
    waitingFor: mixed ? null : waitingFor,
    result: result === null ? null : { ok: result.ok, text: result.text },
  });
}
