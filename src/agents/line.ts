// Owns how a line is read: an event of the program's stream of JSON, or plain text that it wrote beside it, mostly to its
// stderr.
import type { AgentEvent, LimitNotice } from '../core/agent-event.ts';
import type { Millis } from '../core/dispatch.ts';
import type { Line } from './agent.ts';
import { eventsOfFailure } from './failure.ts';
import { type Fields, fields } from './json.ts';
import { limitOfText } from './limit-text.ts';

/** Lines that every program may write and that say nothing: blank ones, places of a stack trace, warnings of Node. */
const NOISE =
  /^\s*(?:$|at \S|\(Use `node|\(node:\d+\)|\[?(?:info|debug|warn(?:ing)?|startup)\b|[{}[\]()]+;?\s*$)/i;

/** How a line begins that reports a failure. */
const REPORT =
  /^[^\w"'{]*(?:(?:api|fatal|unexpected|uncaught|critical|login|authentication)? ?\w*error\b|fatal\b|panicked\b|thread '.*' panicked\b|failed\b|invalid api key\b|not logged in\b|please (?:run|log ?in)\b)/i;

/** Words that need the person at a browser or at a prompt. */
const ASKING =
  /\b(?:do you want to continue|press (?:enter|any key)|enter the (?:authorization|verification|one-time) code|(?:visit|open) the following (?:url|link)|\[y\/n\])/i;

/** What only this program writes; undefined: nothing that it knows. */
type Means = (text: string, line: Line) => readonly AgentEvent[] | undefined;

/** @param ofEvent what an event of its stream means; null: nothing that it knows */
export function readLine(
  line: Line,
  means: Means,
  ofEvent: (event: Fields, now: Millis) => readonly AgentEvent[] | null,
): readonly AgentEvent[] | null {
  if (typeof line.value === 'string') return ofText(line.value.trim(), line, means);
  const event = fields(line.value);
  return event === null ? null : ofEvent(event, line.now);
}

function ofText(text: string, line: Line, means: Means): readonly AgentEvent[] | null {
  const own = means(text, line);
  if (own !== undefined) return own;
  // In a stream of events, words of whoever else prints there are no word of its program.
  if (line.stream === 'stdout') return null;
  if (ASKING.test(text)) return [{ kind: 'waiting', for: text }];
  if (limitOfText(text, line.now) !== null || REPORT.test(text)) return failureOf(text, line);
  return NOISE.test(text) ? [] : null;
}

export function failureOf(
  message: string,
  { stream, now }: Line,
  repeats: { readonly afterMs: number | null } | null = null,
): readonly AgentEvent[] {
  return eventsOfFailure({ message, status: null, source: sourceOf(stream), now, repeats });
}

/** Where a limit was read, as its notice tells it. */
export function sourceOf(stream: Line['stream']): LimitNotice['source'] {
  return stream === 'stderr' ? 'stderr' : 'stream';
}
