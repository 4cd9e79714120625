// Owns the choice between the two ways to SQLite.
import { DroverError } from '../core/error.ts';
import { libsql } from './sqlite-libsql.ts';
import { nodeSqlite } from './sqlite-node.ts';
import type { SqliteEngine } from './sqlite.ts';

/**
 * The way to SQLite that this Node has.
 *
 * @throws DroverError `NO_SQLITE_DRIVER` where there is none, or not the one that is asked for
 */
export function sqliteEngine(wanted?: SqliteEngine['name']): SqliteEngine {
  const engine =
    (wanted === 'libsql' ? null : nodeSqlite()) ?? (wanted === 'node:sqlite' ? null : libsql());
  if (engine !== null) return engine;
  throw new DroverError('NO_SQLITE_DRIVER', {
    message: `there is no ${wanted ?? 'SQLite'} driver for Node ${process.versions.node} on ${process.platform}-${process.arch}`,
    hint: 'use Node 22.13 or newer, which has SQLite built in, or install the optional package "libsql"',
  });
}
