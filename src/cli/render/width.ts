// Owns how many terminal cells a text takes, and cutting a text to a number of cells.
import { stripVTControlCharacters } from 'node:util';

/** Marks, joiners and selectors draw on the cell before them. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u{1160}-\u{11ff}]$/u;

/** East Asian wide and fullwidth: first and last code point of each block (Unicode 15, UAX 11). */
const WIDE_BLOCKS: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x20000, 0x3fffd],
];

/** What terminals draw as emoji takes two cells as well. */
const EMOJI = /^\p{Emoji_Presentation}$/u;

/** Everything printable of ASCII: the common case needs no table. */
const PLAIN = /^[\x20-\x7e]*$/;

const ELLIPSIS = '…';

/** @returns the number of cells that `text` takes on one line; colour codes take none */
export function visibleWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let cells = 0;
  for (const character of stripVTControlCharacters(text)) cells += cellsOf(character);
  return cells;
}

function cellsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
  if (code < 0x300) return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  const inBlock = WIDE_BLOCKS.some(([first, last]) => code >= first && code <= last);
  return inBlock || EMOJI.test(character) ? 2 : 1;
}

/**
 * Cuts plain text to at most `cellsMax` cells; a cut is shown by an ellipsis, which counts. A wide
 * character that does not fit is left out whole.
 */
export function truncate(text: string, cellsMax: number): string {
  if (cellsMax <= 0) return '';
  if (visibleWidth(text) <= cellsMax) return text;
  let kept = '';
  let cells = 0;
  for (const character of stripVTControlCharacters(text)) {
    const width = cellsOf(character);
    if (cells + width > cellsMax - 1) break;
    kept += character;
    cells += width;
  }
  return kept + ELLIPSIS;
}

/**
 * What agents and files say is shown, never obeyed: one line, no control characters, so that nobody
 * can move the cursor or forge a row of a table.
 */
export function oneLine(text: string): string {
  if (PLAIN.test(text) && !text.includes('  ')) return text.trim();
  return stripVTControlCharacters(text)
    .replaceAll(/\s+/gu, ' ')
    .replaceAll(/[\p{Cc}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu, '')
    .trim();
}
