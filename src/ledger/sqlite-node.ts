// Owns the way to SQLite through `node:sqlite`, which Node has from 22.13 on without a flag.
import type { Row, Value } from './driver.ts';
import { fileState } from './sqlite-file.ts';
import type { SqliteConnection, SqliteEngine } from './sqlite.ts';

/** The part of `node:sqlite` that we use; the type package of Node 20 does not have it. */
interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options?: { readonly readOnly: boolean }) => Database;
}

interface Database {
  exec(sql: string): void;
  prepare(sql: string): { all(...params: readonly Value[]): readonly Row[] };
  close(): void;
}

/** @returns null where this Node has no `node:sqlite` */
export function nodeSqlite(): SqliteEngine | null {
  const sqlite = load();
  if (sqlite === null) return null;
  return { name: 'node:sqlite', connect: (path) => connect(sqlite, path) };
}

function connect(sqlite: NodeSqlite, path: string): SqliteConnection {
  const foundLog = (fileState(`${path}-wal`)?.size ?? 0) > 0;
  const database = new sqlite.DatabaseSync(path);
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return (params) => statement.all(...params);
    },
    close: () => {
      if (foundLog && !hasWritten(database)) closeQuietly(sqlite, path, database);
      else database.close();
    },
  };
}

function hasWritten(database: Database): boolean {
  const [row] = database.prepare('select total_changes() as changes').all();
  return row?.['changes'] !== 0;
}

/**
 * The last connection that closes copies the write-ahead log into the database and removes it, even where it has only
 * read: then `drover ps` after a crash would change the ledger's files. One that may not write leaves them alone, so
 * such a one is the last.
 */
function closeQuietly(sqlite: NodeSqlite, path: string, database: Database): void {
  let last: Database | null = null;
  try {
    last = new sqlite.DatabaseSync(path, { readOnly: true });
    last.prepare('select 1 from sqlite_master').all();
  } catch {
    // It cannot be read any more, and nothing is left to be spared.
  }
  database.close();
  last?.close();
}

/** Loads the module without its ExperimentalWarning: a person at a terminal can do nothing about it. */
function load(): NodeSqlite | null {
  const emitWarning = Reflect.get(process, 'emitWarning');
  process.emitWarning = () => undefined;
  try {
    const module: unknown = process.getBuiltinModule('node:sqlite');
    return isNodeSqlite(module) ? module : null;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isNodeSqlite(module: unknown): module is NodeSqlite {
  return typeof module === 'object' && module !== null && 'DatabaseSync' in module;
}
