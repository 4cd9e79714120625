// Owns how columns are read: each with the type that it must have, so that a damaged row is noticed where it is read.
import type { Row } from './driver.ts';
import { DroverError } from '../core/error.ts';

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw damaged(row, column);
  return value;
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

export function whole(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw damaged(row, column);
  return value;
}

export function wholeOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : whole(row, column);
}

/** What may have a fraction: an amount of money. */
export function amountOrNull(row: Row, column: string): number | null {
  return wholeOrNull(row, column);
}

/**
 * Structured values are written by this program alone and only ever read back: their shape is trusted once the text
 * is JSON. `parse` is `JSON.parse` with the type that the column has.
 */
export function json<T>(row: Row, column: string, parse: (value: string) => T): T {
  const value = text(row, column);
  try {
    return parse(value);
  } catch (error) {
    throw damaged(row, column, error);
  }
}

/** One of a closed set of words. */
export function word<T extends string>(row: Row, column: string, words: readonly T[]): T {
  const value = row[column];
  for (const known of words) if (known === value) return known;
  throw damaged(row, column);
}

function damaged(row: Row, column: string, cause?: unknown): DroverError {
  const shown = JSON.stringify(row[column]) ?? 'nothing';
  return new DroverError('LEDGER_CORRUPT', {
    message:
      `a row of the ledger holds ${shown.slice(0, 80)} in column "${column}", which cannot be read ` +
      `(row ${JSON.stringify(row['id'] ?? row['seq'] ?? row['name'] ?? null)}); nothing was started or killed`,
    hint:
      'copy ledger.db* aside, then recover it with "sqlite3 ledger.db .recover | sqlite3 new.db" or start with a ' +
      'new ledger; agents that still run are found by their marks and run directories: see "drover doctor"',
    cause,
  });
}
