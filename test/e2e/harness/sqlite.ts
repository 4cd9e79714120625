// Owns a way into a ledger's file that is not Drover's: to make damage that Drover has to cope with.
import { createRequire } from 'node:module';

interface SqliteFile {
  exec(sql: string): void;
  close(): void;
}

/** With `node:sqlite` where this Node has it, else with `libsql`. */
export function openSqliteFile(path: string): SqliteFile {
  const builtin = process.getBuiltinModule?.('node:sqlite') as
    | { DatabaseSync: new (path: string) => SqliteFile }
    | undefined;
  if (builtin !== undefined) return new builtin.DatabaseSync(path);
  const libsql = createRequire(import.meta.url)('libsql') as new (path: string) => SqliteFile;
  return new libsql(path);
}
