// Owns what both ways to SQLite share: files and pragmas, one transaction at a time, statements kept prepared.
import type { Dialect, Driver, Query, Row, Value } from './driver.ts';
import { ledgerUnavailable, mapSqliteError } from './sqlite-errors.ts';
import { fileState } from './sqlite-file.ts';
import { findsLog, keepLog } from './sqlite-keeper.ts';

/** One connection of one of the two packages. All calls block, and throw what the package throws. */
export interface SqliteConnection {
  exec(sql: string): void;
  prepare(sql: string): (params: readonly Value[]) => readonly Row[];
  close(): void;
}

export interface SqliteEngine {
  readonly name: 'node:sqlite' | 'libsql';
  /** @param mode `read-only`: cannot write, whatever the mode of the file */
  connect(path: string, mode?: 'read-only'): SqliteConnection;
}

/**
 * The seam for simulated faults: called before a write transaction begins and before it is committed. What it throws
 * reaches the caller as it is, and the transaction is rolled back: a full disk, a crash between two effects.
 */
export type Interceptor = (moment: 'begin' | 'commit') => void | Promise<void>;

export interface SqliteOptions {
  /** how long a statement waits for another process before it fails with `LEDGER_BUSY` */
  readonly busyTimeoutMs: number;
  readonly interceptor: Interceptor | null;
}

export const MEMORY = ':memory:';

/** Far more than the statements that the ledger has; bounds what filters of varying length could add. */
const PREPARED_MAX = 256;

/** One try for each process that may open a new ledger in the same instant, and then some. */
const WAL_TRIES_MAX = 50;

/**
 * Opens a connection, with every pragma set: SQLite keeps none of them but the journal mode.
 *
 * @param path absolute, an existing file; or `:memory:`
 * @throws DroverError `LEDGER_BUSY`, `LEDGER_UNAVAILABLE` or `LEDGER_CORRUPT`
 */
export function openSqlite(engine: SqliteEngine, path: string, options: SqliteOptions): Driver {
  const foundLog = path !== MEMORY && findsLog(path);
  const connection = mapped(path, () => engine.connect(path));
  const beforeClose = () => {
    if (foundLog) keepLog(engine, path, connection);
  };
  try {
    return mapped(path, () => {
      connection.exec(`pragma busy_timeout = ${options.busyTimeoutMs}`);
      if (path !== MEMORY) makeDurable(connection, path);
      connection.exec('pragma foreign_keys = on');
      const [row] = connection.prepare('select sqlite_version() as version')([]);
      const version = String(row?.['version']);
      return new SqliteDriver(
        { name: engine.name, version, connection, path, beforeClose },
        options,
      );
    });
  } catch (error) {
    connection.close();
    throw error;
  }
}

function makeDurable(connection: SqliteConnection, path: string): void {
  const mode = useWal(connection);
  if (mode !== 'wal') {
    throw ledgerUnavailable(
      path,
      `its journal stays in mode "${mode}", for write-ahead logging is impossible there`,
      'put the state directory on a local disk: network file systems cannot hold a ledger',
    );
  }
  // An acknowledged commit survives a power cut. On macOS only F_FULLFSYNC reaches the disk itself.
  connection.exec('pragma synchronous = full');
  if (process.platform === 'darwin') {
    connection.exec('pragma fullfsync = 1');
    connection.exec('pragma checkpoint_fullfsync = 1');
  }
}

/** Several processes may open a new ledger at once; SQLite then refuses the switch without waiting. */
function useWal(connection: SqliteConnection): string {
  for (let tries = 1; ; tries += 1) {
    try {
      const [row] = connection.prepare('pragma journal_mode = wal')([]);
      return String(row?.['journal_mode']);
    } catch (error) {
      if (!isBusy(error) || tries === WAL_TRIES_MAX) throw error;
      // Asking for the write lock does wait, up to busy_timeout, until the other process is through.
      connection.exec('begin immediate');
      connection.exec('rollback');
    }
  }
}

function isBusy(error: unknown): boolean {
  const mappedError = mapSqliteError(error, '');
  return mappedError instanceof Error && Reflect.get(mappedError, 'code') === 'LEDGER_BUSY';
}

function mapped<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw mapSqliteError(error, path);
  }
}

const DIALECT: Dialect = {
  // Exactly this type name makes the column the row id, which spares a second tree. It holds 64 bits.
  sequenceKey: 'integer',
  appendOnly: (table, when) => [
    `create trigger ${table}_keep_rows before delete on ${table}
     begin select raise(abort, '${table} is append-only'); end`,
    `create trigger ${table}_keep_values before update on ${table} when ${when}
     begin select raise(abort, '${table} is append-only'); end`,
  ],
};

interface Opened {
  readonly name: string;
  readonly version: string;
  readonly connection: SqliteConnection;
  readonly path: string;
  readonly beforeClose: () => void;
}

class SqliteDriver implements Driver {
  readonly name: string;
  readonly version: string;
  readonly dialect = DIALECT;
  readonly #connection: SqliteConnection;
  readonly #path: string;
  readonly #beforeClose: () => void;
  readonly #file: { readonly dev: number; readonly ino: number } | null;
  readonly #interceptor: Interceptor | null;
  readonly #prepared = new Map<string, (params: readonly Value[]) => readonly Row[]>();
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor({ name, version, connection, path, beforeClose }: Opened, options: SqliteOptions) {
    this.name = name;
    this.version = version;
    this.#connection = connection;
    this.#path = path;
    this.#beforeClose = beforeClose;
    this.#interceptor = options.interceptor;
    this.#file = path === MEMORY ? null : (fileState(path) ?? null);
  }

  transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#interceptor?.('begin');
      // The write lock from the start: a lock taken later could fail half way, without waiting.
      return this.#run('begin immediate', work, this.#interceptor);
    });
  }

  read<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#run('begin', work, null));
  }

  async hasTable(query: Query, table: string): Promise<boolean> {
    const sql = `select 1 from sqlite_master where type = 'table' and name = $1`;
    return (await query(sql, [table])).length > 0;
  }

  async check(): Promise<string | null> {
    const rows = await this.read((query) => query('pragma quick_check(5)', []));
    const found = rows.map((row) => String(Object.values(row)[0]));
    return found.length === 1 && found[0] === 'ok' ? null : found.join('; ');
  }

  close(): Promise<void> {
    const turn = this.#tail.then(() => this.#close());
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Closing twice is no error. */
  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#prepared.clear();
    this.#beforeClose();
    mapped(this.#path, () => this.#connection.close());
    // libsql keeps a connection until the collector has finalized its statements, and finalizers run between tasks
    // only: without a pause here, a process that opens many ledgers in one task keeps all of them in memory.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** One connection has one transaction: whoever asks meanwhile waits here, and never gets into another's. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => {
      this.#checkFile();
      return work();
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #run<T>(
    begin: string,
    work: (query: Query) => Promise<T>,
    interceptor: Interceptor | null,
  ): Promise<T> {
    mapped(this.#path, () => this.#connection.exec(begin));
    try {
      const result = await work(this.#query);
      await interceptor?.('commit');
      mapped(this.#path, () => this.#connection.exec('commit'));
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** SQLite has rolled back by itself after some errors; then there is nothing left to do, and it says so. */
  #rollBack(): void {
    try {
      this.#connection.exec('rollback');
    } catch {
      // The first error is the one that its caller has to see.
    }
  }

  readonly #query: Query = async (sql, params) =>
    mapped(this.#path, () => this.#prepare(sql)(params));

  #prepare(sql: string): (params: readonly Value[]) => readonly Row[] {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    if (this.#prepared.size >= PREPARED_MAX) this.#prepared.clear();
    // SQLite reads $1 as a name, numbered by first occurrence; ?1 is the first parameter wherever it stands.
    const prepared = this.#connection.prepare(sql.replaceAll(/\$(\d+)/g, '?$1'));
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  /** A deleted or replaced file would take our writes and show them to nobody. */
  #checkFile(): void {
    if (this.#closed) {
      throw ledgerUnavailable(this.#path, 'it has been closed', 'open it again');
    }
    if (this.#file === null) return;
    const now = fileState(this.#path);
    if (now?.ino === this.#file.ino && now.dev === this.#file.dev) return;
    throw ledgerUnavailable(
      this.#path,
      'its file was removed or replaced while it was open',
      'put the file back, or stop this process and start it again with the new one',
    );
  }
}
