// Owns tables for people: columns by visible width, the last flexible ones cut so that a row fits
// its line.
import type { Colour, Paint } from './paint.ts';
import { truncate, visibleWidth } from './width.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /**
   * may be cut to make the row fit, down to `cellsMin`; a column without it always keeps its whole
   * text
   */
  readonly cellsMin?: number;
}

export interface Cell {
  readonly text: string;
  readonly colour?: Colour | null;
}

export interface TableOptions {
  /** cells of a line; Infinity where the output is no terminal, so that scripts see whole texts */
  readonly cellsMax: number;
  readonly paint: Paint;
}

const GAP = '  ';

/** @returns the lines: titles first, then one for each row; without trailing blanks */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
  { cellsMax, paint }: TableOptions,
): string[] {
  const body = rows.map((row) => row.map(asCell));
  const widths = fitWidths(columns, naturalWidths(columns, body), cellsMax);
  const title = columns.map(({ title: text }): Cell => ({ text, colour: 'dim' }));
  return [title, ...body].map((row) => renderRow(row, { columns, widths, paint }));
}

function asCell(cell: Cell | string): Cell {
  return typeof cell === 'string' ? { text: cell } : cell;
}

function naturalWidths(columns: readonly Column[], body: readonly (readonly Cell[])[]): number[] {
  return columns.map(({ title }, index) =>
    body.reduce(
      (width, row) => Math.max(width, visibleWidth(row[index]?.text ?? '')),
      visibleWidth(title),
    ),
  );
}

/** Takes what is too much from the widest flexible column first, so that short texts stay whole. */
export function fitWidths(
  columns: readonly Column[],
  natural: readonly number[],
  cellsMax: number,
): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  excess -= cellsMax;
  while (excess > 0) {
    const widest = widestFlexible(columns, widths);
    if (widest === null) break;
    widths[widest.index]! -= 1;
    excess -= 1;
  }
  return widths;
}

function widestFlexible(
  columns: readonly Column[],
  widths: readonly number[],
): { index: number } | null {
  let found: number | null = null;
  for (const [index, column] of columns.entries()) {
    const width = widths[index] ?? 0;
    if (column.cellsMin === undefined || width <= column.cellsMin) continue;
    if (found === null || width > (widths[found] ?? 0)) found = index;
  }
  return found === null ? null : { index: found };
}

function renderRow(
  row: readonly Cell[],
  { columns, widths, paint }: { columns: readonly Column[]; widths: number[]; paint: Paint },
): string {
  const cells = columns.map((column, index) => {
    const { text, colour } = row[index] ?? { text: '' };
    const width = widths[index] ?? 0;
    const cut = truncate(text, width);
    const blanks = ' '.repeat(Math.max(0, width - visibleWidth(cut)));
    const painted = paint(cut, colour ?? null);
    return column.align === 'right' ? blanks + painted : painted + blanks;
  });
  return cells.join(GAP).trimEnd();
}
