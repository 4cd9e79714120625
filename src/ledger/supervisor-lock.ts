// Owns the lock that makes one process the supervisor: an exclusive transaction held open on a small file of its own.
// The kernel releases it with the process, however that ends.
import { DroverError } from '../core/error.ts';
import { sqliteEngine } from './sqlite-engine.ts';
import { mapSqliteError } from './sqlite-errors.ts';
import { fileState, makePrivateFile } from './sqlite-file.ts';
import type { SqliteConnection, SqliteEngine } from './sqlite.ts';

export interface SupervisorLock {
  /** Idempotent. The file stays: to remove it would let two processes lock two files of one name. */
  release(): void;
}

/**
 * A taker waits this long for a lock that is held for an instant only: by a look (`isSupervisorLockHeld`), or by
 * another taker that is about to give up. With no wait at all two takers can refuse each other, and nobody gets it.
 */
const TAKE_WAIT_MS = 60;

/** Connections that hold a lock. Without a reference the garbage collector would close them, and release the lock. */
const holders = new Set<SqliteConnection>();

/**
 * Becomes the holder of the lock at `path`, a file that is made where it is missing.
 *
 * @returns null where another connection, of this process or another, holds it
 * @throws DroverError `LEDGER_UNAVAILABLE` where the file cannot be made or locked, `NO_SQLITE_DRIVER`
 */
export function takeSupervisorLock(
  path: string,
  driver?: SqliteEngine['name'],
): SupervisorLock | null {
  const engine = sqliteEngine(driver);
  makePrivateFile(path);
  const holder = locked(engine, path, 'begin exclusive', TAKE_WAIT_MS);
  if (holder === null) return null;
  holders.add(holder);
  return {
    release: () => {
      // Closing ends the transaction, and with it the lock.
      if (holders.delete(holder)) holder.close();
    },
  };
}

/**
 * Whether anybody holds the lock. Never makes the file, and takes no lock that a holder could meet.
 *
 * @throws DroverError `LEDGER_UNAVAILABLE` where it cannot be looked at: unknown is not free (I4)
 */
export function isSupervisorLockHeld(path: string, driver?: SqliteEngine['name']): boolean {
  if (fileState(path) === undefined) return false;
  const reader = locked(sqliteEngine(driver), path, 'select 1 from sqlite_master', 0);
  reader?.close();
  return reader === null;
}

/** @returns the connection after `statement`; null where somebody holds the lock */
function locked(
  engine: SqliteEngine,
  path: string,
  statement: string,
  waitMs: number,
): SqliteConnection | null {
  let connection: SqliteConnection | null = null;
  try {
    connection = engine.connect(path);
    connection.exec(`pragma busy_timeout = ${waitMs}`);
    // Nothing is ever written, so no journal is needed: its file would stay behind after a kill.
    connection.exec('pragma journal_mode = memory');
    connection.exec(statement);
    return connection;
  } catch (error) {
    connection?.close();
    const mapped = mapSqliteError(error, path);
    if (mapped instanceof DroverError && mapped.code === 'LEDGER_BUSY') return null;
    throw mapped;
  }
}
