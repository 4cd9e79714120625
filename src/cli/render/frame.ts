// Owns redrawing in place: the escape sequences that replace the last frame by the next in one
// write, without flicker.
import { visibleWidth } from './width.ts';

const ESCAPE = '\u{1b}[';
export const HIDE_CURSOR = `${ESCAPE}?25l`;
export const SHOW_CURSOR = `${ESCAPE}?25h`;

/**
 * One string that turns the last frame into the next. Each line is written and then cleared to its
 * right, what is left of a longer last frame is cleared below: nothing is ever blank in between.
 * The cursor rests at the start of the line after the frame.
 *
 * @param before the lines of the last frame; empty: none was drawn
 * @param columns of the terminal now: it may have become narrower since, and then old lines take
 * more than one row
 */
export function redraw(
  before: readonly string[],
  lines: readonly string[],
  columns: number,
): string {
  const rows = before.reduce((sum, line) => sum + rowsOf(line, columns), 0);
  const up = rows > 0 ? `${ESCAPE}${rows}A` : '';
  const body = lines.map((line) => `${line}${ESCAPE}K\n`).join('');
  return `${up}\r${body}${ESCAPE}J`;
}

function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(visibleWidth(line) / Math.max(1, columns)));
}
