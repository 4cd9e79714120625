// Owns what a line of plain text means that a program wrote outside of its stream of JSON, mostly to its stderr.
import type { AgentEvent } from '../core/agent-event.ts';
import type { Line } from './agent.ts';
import { eventsOfFailure } from './failure.ts';
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

/** @param means what only this program writes; undefined: nothing that it knows */
export function readPlainLine(
  line: Line,
  means: (text: string, line: Line) => readonly AgentEvent[] | undefined,
): readonly AgentEvent[] | null {
  if (typeof line.value !== 'string') return null;
  const text = line.value.trim();
  const own = means(text, line);
  if (own !== undefined) return own;
  if (ASKING.test(text)) return [{ kind: 'waiting', for: text }];
  if (limitOfText(text, line.now) !== null || REPORT.test(text)) return failureOf(text, line);
  return NOISE.test(text) ? [] : null;
}

export function failureOf(
  message: string,
  { stream, now }: Line,
  repeats: { readonly afterMs: number | null } | null = null,
): readonly AgentEvent[] {
  const source = stream === 'stderr' ? 'stderr' : 'stream';
  return eventsOfFailure({ message, status: null, source, now, repeats });
}
