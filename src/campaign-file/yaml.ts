// Owns the reading of YAML 1.2: from text to the events of one document, or to what is wrong with
// the text.
import {
  EVENT_ID,
  type Event,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
  parseEvents,
} from 'js-yaml';
import { BLOCK_SIGN, betweenValues, closeGaps, loneBrackets } from './lone-brackets.ts';
import type { Report } from './report.ts';
import { showSentence } from './show.ts';

/** A campaign file is 5 levels deep. What lies much deeper would overflow the stack. */
const DEPTH_MAX = 64;

/**
 * Reads the one document of `text`. What is wrong goes to `report`: of what is no YAML the first
 * place only, for what follows from there on is a guess.
 *
 * @returns what is in the document, without its own events, and nothing for an empty one; null
 * where something is wrong
 */
export function readEvents(text: string, report: Report): readonly Event[] | null {
  const events = parsed(text, report);
  if (events === null) return null;
  const second = events.findIndex(({ type }, at) => at > 0 && type === EVENT_ID.DOCUMENT);
  if (second < 0) return events.slice(1, -1);
  const at = startOfDocument(text, events.slice(second));
  report.problem(
    at,
    'a second YAML document starts here',
    'put each campaign into a file of its own',
  );
  return null;
}

function parsed(text: string, report: Report): readonly Event[] | null {
  const first = tried(text);
  const found = first instanceof YAMLException ? leniently(text, first) : first;
  if (!(found instanceof YAMLException)) return found;
  const at = placeOf(found, text);
  const { message, hint } = explained(found.reason, text, at);
  report.problem(at, message, hint);
  return null;
}

function tried(text: string): readonly Event[] | YAMLException {
  try {
    return parseEvents(text, { maxDepth: DEPTH_MAX });
  } catch (error) {
    if (error instanceof YAMLException) return error;
    throw error;
  }
}

function placeOf({ mark }: YAMLException, text: string): number {
  return Math.min(mark?.position ?? 0, text.length);
}

/**
 * The events where all that is wrong are closing brackets too far to the left: what they are in a
 * text that has these further right, and is the same in all else.
 *
 * @returns what is wrong besides, or else with such a bracket
 */
function leniently(text: string, error: YAMLException): readonly Event[] | YAMLException {
  if (!isBracketTooFarLeft(error, text)) return error;
  let gaps = loneBrackets(text);
  // Once more where some of them were no brackets, but part of a text.
  for (let tries = 0; tries < 2; tries += 1) {
    const events = tried(closeGaps(text, gaps));
    if (events instanceof YAMLException) {
      return placeOf(events, text) > placeOf(error, text) ? events : error;
    }
    const between = betweenValues(gaps, events);
    if (between.length === gaps.length) return events;
    gaps = between;
  }
  return error;
}

function isBracketTooFarLeft(error: YAMLException, text: string): boolean {
  return error.reason.startsWith('deficient') && /[\]}]/.test(text.charAt(placeOf(error, text)));
}

/**
 * Where the text in a block stands: where its `|` or `>` does. Its event tells only of the line
 * after that, which may be the next key's.
 *
 * @param after the end of what stands before it
 * @returns null: this is no text in a block
 */
export function startOfBlock(event: Event, text: string, after: number): number | null {
  if (event.type !== EVENT_ID.SCALAR || !BLOCK_STYLES.includes(event.style)) return null;
  const lines = text.slice(after, event.valueStart).trimEnd();
  const line = Math.max(lines.lastIndexOf('\n'), lines.lastIndexOf('\r')) + 1;
  return after + line + Math.max(0, lines.slice(line).search(BLOCK_SIGN));
}

const BLOCK_STYLES: readonly number[] = [SCALAR_STYLE.LITERAL_BLOCK, SCALAR_STYLE.FOLDED_BLOCK];

/** The line `---`, where there is one: it has no event of its own. */
function startOfDocument(text: string, [, first]: readonly Event[]): number {
  const at = first === undefined ? -1 : offsetOf(first, -1);
  const before = at < 0 ? text : text.slice(0, at);
  const marker = before.lastIndexOf('\n---') + 1;
  return marker === 0 ? Math.max(at, 0) : marker;
}

/**
 * Where a value stands, its quotes included, without anchor and tag.
 *
 * @param otherwise for a value that is not written at all
 */
export function offsetOf(event: Event, otherwise: number): number {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      if (event.valueStart < 0) return otherwise;
      return isQuoted(event) ? event.valueStart - 1 : event.valueStart;
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart - 1;
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
      return otherwise;
  }
}

/** Where what is told by this event ends; for a list or a map: where it begins. */
export function endOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) {
    return isQuoted(event) ? event.valueEnd + 1 : event.valueEnd;
  }
  if (event.type === EVENT_ID.ALIAS) return event.anchorEnd;
  return offsetOf(event, 0);
}

function isQuoted({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
}

const TOO_DEEP = /^nesting exceeded/;

function explained(reason: string, text: string, at: number): { message: string; hint: string } {
  if (TOO_DEEP.test(reason)) {
    return { message: `this is nested more than ${DEPTH_MAX} levels deep`, hint: '' };
  }
  return { message: `not valid YAML: ${showSentence(reason)}`, hint: hintFor(reason, text, at) };
}

function hintFor(reason: string, text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at + 2);
  // In a list or map in brackets, the braces of a reference are YAML's own.
  if (/[[{,:]\s*\$\{\{/.test(line)) return 'put a text with "${{" in it into quotes';
  const character = text.charAt(at);
  if (reason.startsWith('bad indentation of a mapping')) {
    if (character === ':') return 'put a text with ": " in it into quotes';
    if ('@`%'.includes(character)) return 'put the text into quotes';
  }
  if (reason.startsWith('deficient') && /[\]}]/.test(character)) {
    return `indent the ${character} by more spaces than the key that it belongs to`;
  }
  return HINTS.find(([words]) => words.test(reason))?.[1] ?? '';
}

const HINTS: readonly (readonly [words: RegExp, hint: string])[] = [
  [/^tab characters/, 'indent with spaces'],
  [/^bad indentation/, 'indent the keys of one map by the same number of spaces'],
  [/^deficient|within a (flow|single|double)/, 'close each quote, each [ and each {'],
  [/^missed comma/, 'put a comma between two of them, or a text with , [ ] { } in it into quotes'],
  [/escape|hexadecimal/, "use single quotes ('…'), in which a backslash stands for itself"],
  [/alias|anchor/, 'put the text into quotes'],
  [/tag/, 'remove the tag, or put a text that starts with "!" into quotes'],
  [/^end of the stream|key/, 'write KEY: VALUE, with a space behind the colon'],
];
