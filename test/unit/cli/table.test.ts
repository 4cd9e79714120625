// Owns widths, cuts and tables: what a person sees in a terminal of a given width.
import { describe, expect, test } from 'vitest';
import { createPaint } from '../../../src/cli/render/paint.ts';
import { type Column, fitWidths, renderTable } from '../../../src/cli/render/table.ts';
import { oneLine, truncate, visibleWidth } from '../../../src/cli/render/width.ts';
import { PLAIN } from './rows.ts';

describe('visibleWidth', () => {
  test.each([
    ['', 0],
    ['plain', 5],
    ['naïve', 5],
    ['naïve', 5],
    ['日本', 4],
    ['한글', 4],
    ['ＡＢ', 4],
    ['🚀', 2],
    ['é', 1],
    ['\u{1b}[31mred\u{1b}[0m', 3],
    ['a\u{200d}b', 2],
    ['→ …', 3],
  ])('%j takes %i cells', (text, cells) => {
    expect(visibleWidth(text)).toBe(cells);
  });
});

describe('truncate', () => {
  test.each([
    ['fits', 4, 'fits'],
    ['too long', 4, 'too…'],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['x', 0, ''],
    ['xy', 1, '…'],
  ])('%j in %i cells is %j', (text, cells, cut) => {
    expect(truncate(text, cells)).toBe(cut);
    expect(visibleWidth(truncate(text, cells))).toBeLessThanOrEqual(cells);
  });
});

describe('oneLine', () => {
  test.each([
    ['two\nlines', 'two lines'],
    ['\u{1b}[2Jcleared', 'cleared'],
    ['bell\u{7}', 'bell'],
    ['carriage\rreturn', 'carriage return'],
    ['turned \u{202e}around', 'turned around'],
  ])('%j is shown as %j, and moves no cursor', (text, shown) => {
    expect(oneLine(text)).toBe(shown);
  });
});

const COLUMNS: readonly Column[] = [
  { title: 'NAME', cellsMin: 5 },
  { title: 'N', align: 'right' },
  { title: 'BECAUSE', cellsMin: 4 },
];

describe('renderTable', () => {
  test('columns are as wide as their widest cell, and no line ends in blanks', () => {
    const rows = [
      ['a', '1', 'short'],
      ['日本', '12', ''],
    ];
    expect(renderTable(COLUMNS, rows, { cellsMax: 80, paint: PLAIN })).toEqual([
      'NAME   N  BECAUSE',
      'a      1  short',
      '日本  12',
    ]);
  });

  test('a row that is too long loses from its widest flexible column', () => {
    const rows = [['name', '1', 'a long reason that does not fit']];
    const lines = renderTable(COLUMNS, rows, { cellsMax: 24, paint: PLAIN });
    expect(lines).toEqual(['NAME  N  BECAUSE', 'name  1  a long reason …']);
  });

  test('colours change no width', () => {
    const rows = [[{ text: 'red', colour: 'red' as const }, '1', 'x']];
    const painted = renderTable(COLUMNS, rows, { cellsMax: 80, paint: createPaint(true) });
    const plain = renderTable(COLUMNS, rows, { cellsMax: 80, paint: PLAIN });
    expect(painted[1]).toContain('\u{1b}[31mred\u{1b}[0m');
    expect(painted.map(visibleWidth)).toEqual(plain.map(visibleWidth));
  });

  test('without a terminal nothing is cut', () => {
    const long = 'x'.repeat(500);
    const [, row] = renderTable(COLUMNS, [['n', '1', long]], {
      cellsMax: Number.POSITIVE_INFINITY,
      paint: PLAIN,
    });
    expect(row).toContain(long);
  });
});

describe('fitWidths', () => {
  test.each([
    [[10, 2, 10], 40, [10, 2, 10]],
    [[10, 2, 20], 30, [10, 2, 14]],
    [[10, 2, 20], 20, [7, 2, 7]],
    [[10, 2, 20], 3, [5, 2, 4]],
  ])('%j in %i cells becomes %j', (natural, cellsMax, fitted) => {
    expect(fitWidths(COLUMNS, natural, cellsMax)).toEqual(fitted);
  });
});
