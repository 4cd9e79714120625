// Owns closing brackets on a line of their own, as far left as the key that they belong to. People
// write them so, and many readers take them; YAML wants them further right, and so does js-yaml.
import { EVENT_ID, type Event, type ScalarEvent } from 'js-yaml';

/** White space between what stands before a bracket and the bracket. */
interface Gap {
  readonly from: number;
  readonly to: number;
}

/**
 * At the end of a line; all that is behind a comment's sign belongs to it. The text in the block
 * begins on the next line, and white space before its end is its own.
 */
export const BLOCK_SIGN = /[|>][-+\d]*(?:[ \t]+#[^]*)?$/;

/**
 * Finds the gaps that may be closed: no comment and no sign of a block lies before them, which
 * would take in the bracket.
 */
export function loneBrackets(text: string): readonly Gap[] {
  const gaps: Gap[] = [];
  for (const { 0: found, index } of text.matchAll(/^[ \t]*[\]}]/gm)) {
    let from = index;
    while (from > 0 && /\s/.test(text.charAt(from - 1))) from -= 1;
    const line = text.slice(text.lastIndexOf('\n', from - 1) + 1, from);
    const isOpen = !line.includes('#') && !BLOCK_SIGN.test(line);
    if (from > 0 && isOpen) gaps.push({ from, to: index + found.length - 1 });
  }
  return gaps;
}

/** The same text, as long as before, with each of these brackets in the line before it. */
export function closeGaps(text: string, gaps: readonly Gap[]): string {
  let closed = '';
  let end = 0;
  for (const { from, to } of gaps) {
    closed += text.slice(end, from) + ' '.repeat(to - from);
    end = to;
  }
  return closed + text.slice(end);
}

/** Those that lie between values, not in the middle of a text that the document has. */
export function betweenValues(gaps: readonly Gap[], events: readonly Event[]): readonly Gap[] {
  const texts = events.filter(
    (event): event is ScalarEvent => event.type === EVENT_ID.SCALAR && event.valueStart >= 0,
  );
  let next = 0;
  return gaps.filter(({ from }) => {
    while (next < texts.length && texts[next]!.valueEnd <= from) next += 1;
    return !(next < texts.length && texts[next]!.valueStart <= from);
  });
}
