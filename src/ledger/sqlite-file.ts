// Owns the files of SQLite as files: that they are there, private, and never opened behind its back. To close a file of
// which another connection of this process holds a lock would drop that lock: POSIX locks belong to the process.
import type { Stats } from 'node:fs';
import { accessSync, chmodSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { DroverError } from '../core/error.ts';
import { ledgerUnavailable } from './sqlite-errors.ts';

/**
 * @returns undefined where there is no such file
 * @throws DroverError `LEDGER_UNAVAILABLE` where it cannot be looked at
 */
export function fileState(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const hint = 'give yourself access to the file and its directory';
    throw ledgerUnavailable(path, 'it cannot be looked at', hint, error);
  }
}

/**
 * Makes sure that the ledger's file is there, and is nobody else's to read.
 *
 * @param create it is made where it is missing; and it must be writable, for who makes ledgers writes to them
 * @throws DroverError `NOT_FOUND` where there is none and none is to be made, `LEDGER_UNAVAILABLE`
 */
export function prepareLedgerFile(path: string, create: boolean): void {
  const existing = fileState(path);
  if (existing === undefined) {
    if (create) makePrivateFile(path);
    else throw notFound(path);
    return;
  }
  const refusal = create ? writeRefusal(path) : null;
  if (refusal !== null) throw refusal;
  // SQLite gives its side files the mode of the database, so that only those of an older make need to be changed.
  if ((existing.mode & 0o077) === 0 || !existing.isFile()) return;
  for (const suffix of ['', '-wal', '-shm']) makePrivate(path + suffix);
}

/**
 * Why nobody can write to the ledger's file now; null: it can be written, or is not there yet. A connection to a file that
 * could not be written when it was opened never writes, even when the file can be again: so this is asked before.
 */
export function writeRefusal(path: string): DroverError | null {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    const hint = 'make the file and its directory writable, or check the file system';
    return ledgerUnavailable(path, 'it is read-only', hint, error);
  }
}

function makePrivate(path: string): void {
  try {
    chmodSync(path, statSync(path).mode & 0o700);
  } catch {
    // Not there, or somebody else's: then its owner decides who reads it.
  }
}

/** Creates an empty file of mode 0600, unless somebody else has just done so. */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    throw ledgerUnavailable(
      path,
      'it cannot be created',
      'check that its directory exists, is writable and has space',
      error,
    );
  }
}

function notFound(path: string): DroverError {
  return new DroverError('NOT_FOUND', {
    message: `there is no ledger at ${path}`,
    hint: 'start something with "drover run FILE", or name another state directory with --state',
    at: path,
  });
}

function errorCode(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, 'code') : null;
}
