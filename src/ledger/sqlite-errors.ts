// Owns what an error of SQLite means to Drover: busy, unavailable or corrupt, and the way out of each.
import { DroverError } from '../core/error.ts';

/** Primary result codes, https://www.sqlite.org/rescode.html */
const BUSY_CODES = new Map([
  [5, 'another process writes to it'],
  [6, 'this process writes to it'],
  [15, 'another process is opening or closing it'],
]);
const UNAVAILABLE_CODES = new Map<number, readonly [because: string, hint: string]>([
  [3, ['access to it is not permitted', 'give yourself access to the file and its directory']],
  [7, ['there is not enough memory', 'end something that needs memory and try again']],
  [8, ['it is read-only', 'make the file and its directory writable, or check the file system']],
  [10, ['reading or writing failed', 'check the disk (space, quota, file size limit, errors)']],
  [13, ['the disk or quota is full', 'free some space; Drover goes on by itself']],
  [14, ['it cannot be opened', 'check that the path exists, is a file and is accessible']],
  [23, ['access to it is not permitted', 'give yourself access to the file and its directory']],
]);
const CORRUPT_CODES: ReadonlySet<number> = new Set([11, 26]);
/** It opens, and was made by a version of which nothing here knows how to go on. */
const OTHER_TABLES = /no such (column|table)/;

/** libsql passes on what the operating system has said before SQLite came to it. */
const OS_ERROR = /\(os error \d+\)$/;

/**
 * Gives an error of either driver its stable code.
 *
 * @returns a DroverError, or the error as it is where it speaks of neither access nor damage: then it is a bug
 */
export function mapSqliteError(error: unknown, path: string): unknown {
  const code = resultCode(error);
  if (code === null) return OS_ERROR.test(textOf(error)) ? refusedBySystem(path, error) : error;
  const busy = BUSY_CODES.get(code);
  if (busy !== undefined) {
    return new DroverError('LEDGER_BUSY', {
      message: `the ledger ${path} is busy: ${busy}, and has done so for longer than we wait`,
      hint: 'try again; if it lasts, "drover doctor" shows who holds it',
      at: path,
      cause: error,
    });
  }
  const unavailable = UNAVAILABLE_CODES.get(code);
  if (unavailable !== undefined)
    return ledgerUnavailable(path, unavailable[0], unavailable[1], error);
  if (OTHER_TABLES.test(textOf(error))) {
    const because = `${textOf(error)}: its tables are not those of this version of Drover`;
    return ledgerCorrupt(path, because, error);
  }
  const damaged = CORRUPT_CODES.has(code) || textOf(error).includes('malformed JSON');
  return damaged ? ledgerCorrupt(path, textOf(error), error) : error;
}

function refusedBySystem(path: string, error: unknown): DroverError {
  const hint = 'check the limits of this process (ulimit -n for open files) and the disk';
  return ledgerUnavailable(path, 'the operating system refuses', hint, error);
}

export function ledgerUnavailable(
  path: string,
  because: string,
  hint: string,
  cause?: unknown,
): DroverError {
  return new DroverError('LEDGER_UNAVAILABLE', {
    message: `the ledger ${path} cannot be used: ${because}${cause === undefined ? '' : ` (${textOf(cause)})`}`,
    hint,
    at: path,
    ...(cause === undefined ? {} : { cause }),
  });
}

export function ledgerCorrupt(path: string, because: string, cause?: unknown): DroverError {
  return new DroverError('LEDGER_CORRUPT', {
    message:
      `the ledger ${path} is damaged or no ledger at all (${because}); ` +
      'nothing was started or killed, and the file is kept as it is',
    hint:
      `copy ${path}* aside, then recover what is legible with ` +
      `sqlite3 ${path} .recover | sqlite3 new.db, or start with a new ledger in its place; ` +
      'agents that still run are found by their marks and run directories: see "drover doctor"',
    at: path,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The primary result code; null where the error does not come from SQLite. */
function resultCode(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  // node:sqlite calls it errcode, libsql rawCode; both carry the extended code, whose low byte is the primary one.
  for (const key of ['errcode', 'rawCode']) {
    const code: unknown = Reflect.get(error, key);
    if (typeof code === 'number') return code & 0xff;
  }
  // libsql reports a failed open in words only.
  const failedOpen = /^ConnectionFailed\(.*: (\d+)"\)$/.exec(error.message);
  return failedOpen === null ? null : Number(failedOpen[1]) & 0xff;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
