// Owns the way to SQLite through the optional package `libsql`: prebuilt, for a Node without `node:sqlite`.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { SqliteConnection, SqliteEngine } from './sqlite.ts';
import type { Row, Value } from './driver.ts';

/** The part of `libsql` that we use. It follows better-sqlite3, and gives whole numbers back as numbers. */
type Libsql = new (
  path: string,
) => {
  exec(sql: string): void;
  prepare(sql: string): {
    /** it answers with rows, were it with none */
    readonly reader: boolean;
    all(params: readonly Value[]): readonly Row[];
    run(params: readonly Value[]): unknown;
  };
  close(): void;
};

/** @returns null where the package, or its binary for this platform, is not installed */
export function libsql(): SqliteEngine | null {
  const Database = load();
  if (Database === null) return null;
  return { name: 'libsql', connect: (path, mode) => connect(Database, path, mode) };
}

function connect(Database: Libsql, path: string, mode?: 'read-only'): SqliteConnection {
  // It has no option for this, but takes the file names of SQLite.
  const place = mode === undefined ? path : `${pathToFileURL(path).href}?mode=ro`;
  const database = new Database(place);
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql);
      if (statement.reader) return (params) => statement.all(params);
      // Half the time: nobody asks for rows that cannot come.
      return (params) => {
        statement.run(params);
        return [];
      };
    },
    close: () => database.close(),
  };
}

/** Loaded on demand: it costs milliseconds that a Node with `node:sqlite` need not spend. */
function load(): Libsql | null {
  return (process.platform === 'linux' ? presumingGlibc(required) : null) ?? required();
}

function required(): Libsql | null {
  try {
    const module: unknown = createRequire(import.meta.url)('libsql');
    return isLibsql(module) ? module : null;
  } catch {
    // Not installed, or no binary for this platform: both mean that there is no such driver here.
    return null;
  }
}

/**
 * The package has Node write a report of the whole process, native stack and all, only to learn from it which C library
 * there is. That takes as long as all the rest of loading it, so it is told the likely one: for it, that the field is there
 * counts. Where that is wrong, the binary is not installed or does not load, and who asks again is given a true report.
 */
function presumingGlibc<T>(work: () => T): T {
  const { report } = process;
  const getReport = Reflect.get(report, 'getReport');
  report.getReport = () => ({ header: { glibcVersionRuntime: '' } });
  try {
    return work();
  } finally {
    report.getReport = getReport;
  }
}

function isLibsql(module: unknown): module is Libsql {
  return typeof module === 'function';
}
