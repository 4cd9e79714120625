// Owns the way to SQLite through `node:sqlite`, which Node has from 22.13 on without a flag.
import type { Row, Value } from './driver.ts';
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
  return { name: 'node:sqlite', connect: (path, mode) => connect(sqlite, path, mode) };
}

function connect(sqlite: NodeSqlite, path: string, mode?: 'read-only'): SqliteConnection {
  const database = new sqlite.DatabaseSync(path, { readOnly: mode === 'read-only' });
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return (params) => statement.all(...params);
    },
    close: () => database.close(),
  };
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
