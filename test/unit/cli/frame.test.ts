// Owns redrawing: what a terminal shows after several frames. A small terminal interprets what is
// written.
import { describe, expect, test } from 'vitest';
import { redraw } from '../../../src/cli/render/frame.ts';

const SEQUENCE = new RegExp(String.raw`\u{1b}\[(\d*)([AKJ])|[^]`, 'gu');

/**
 * Knows what frames use: line feed, carriage return, cursor up, clear to the right, clear below.
 */
function terminal(columns: number) {
  const screen: string[] = [''];
  let row = 0;
  let column = 0;
  const put = (character: string) => {
    if (column >= columns) {
      column = 0;
      row += 1;
    }
    const line = (screen[row] ?? '').padEnd(column);
    screen[row] = line.slice(0, column) + character + line.slice(column + 1);
    column += 1;
  };
  const control = (amount: number, kind: string) => {
    if (kind === 'A') row = Math.max(0, row - amount);
    if (kind === 'K' || kind === 'J') screen[row] = (screen[row] ?? '').slice(0, column);
    if (kind === 'J') screen.length = row + 1;
  };
  return {
    write(text: string) {
      for (const [token, amount, kind] of text.matchAll(SEQUENCE)) {
        if (kind !== undefined) control(Number(amount === '' ? 1 : amount), kind);
        else if (token === '\n') row += 1;
        else if (token === '\r') column = 0;
        else put(token);
        if (token === '\n') column = 0;
      }
    },
    lines: () => screen.map((line) => line.trimEnd()),
  };
}

function draw(columns: number, frames: readonly (readonly string[])[]): string[] {
  const screen = terminal(columns);
  let before: readonly string[] = [];
  for (const lines of frames) {
    screen.write(redraw(before, lines, columns));
    before = lines;
  }
  return screen.lines();
}

describe('redraw', () => {
  test('the next frame takes the place of the last one', () => {
    expect(
      draw(20, [
        ['one', 'two'],
        ['three', 'four'],
      ]),
    ).toEqual(['three', 'four', '']);
  });

  test('a shorter frame leaves nothing of a longer one', () => {
    expect(draw(20, [['a long line', 'second', 'third'], ['short']])).toEqual(['short', '']);
  });

  test('an empty frame leaves an empty place', () => {
    expect(draw(20, [['one', 'two'], []])).toEqual(['']);
  });

  test('what stood above the first frame stays', () => {
    const screen = terminal(20);
    screen.write('prompt\n');
    screen.write(redraw([], ['one'], 20));
    screen.write(redraw(['one'], ['two'], 20));
    expect(screen.lines()).toEqual(['prompt', 'two', '']);
  });

  test('a frame is one string, so that one write shows it whole', () => {
    expect(redraw(['x'], ['y'], 20)).toBe('\u{1b}[1A\ry\u{1b}[K\n\u{1b}[J');
  });

  test('a terminal that became narrower is counted as it wraps now', () => {
    expect(redraw(['x'.repeat(25)], ['y'], 10).startsWith('\u{1b}[3A')).toBe(true);
  });
});
