// Owns that looking changes nothing. The last connection that closes copies the write-ahead log into the database and
// removes it, even where it has only read: then `drover ps` after a crash would change the ledger's files.
import { fileState } from './sqlite-file.ts';
import type { SqliteConnection, SqliteEngine } from './sqlite.ts';

/**
 * By path, at most one each: connections that may not write, and so leave the log alone when they are the last. They
 * stay open until the process ends, because libsql closes a connection only when the collector finds its statements.
 */
const keepers = new Map<string, SqliteConnection>();

/** @returns whether there is a log now that a later close would have to leave alone */
export function findsLog(path: string): boolean {
  return (fileState(`${path}-wal`)?.size ?? 0) > 0;
}

/** To be called before `connection` is closed, which found a log when it was opened. */
export function keepLog(engine: SqliteEngine, path: string, connection: SqliteConnection): void {
  try {
    const [row] = connection.prepare('select total_changes() as changes')([]);
    if (row?.['changes'] !== 0) return;
    const keeper = engine.connect(path, 'read-only');
    keeper.prepare('select 1 from sqlite_master')([]);
    keepers.get(path)?.close();
    keepers.set(path, keeper);
  } catch {
    // It cannot be read any more, and nothing is left to be spared.
  }
}
