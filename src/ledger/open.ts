// Owns how a ledger is opened: which driver, which file, and that its schema is the one that this program knows.
import { resolve } from 'node:path';
import type { Ledger } from '../ports.ts';
import { createLedger } from './ledger.ts';
import { migrate } from './migrations.ts';
import { sqliteEngine } from './sqlite-engine.ts';
import { prepareLedgerFile } from './sqlite-file.ts';
import type { Interceptor, SqliteEngine } from './sqlite.ts';
import { MEMORY, openSqlite } from './sqlite.ts';

export interface LedgerOptions {
  /** whether a missing ledger is made; else it is `NOT_FOUND` */
  readonly create: boolean;
  /** default: `node:sqlite` where this Node has it, else `libsql` */
  readonly driver?: SqliteEngine['name'];
  /** how long a statement waits for another process; default 5 s, more than any transaction of ours takes */
  readonly busyTimeoutMs?: number;
  readonly interceptor?: Interceptor;
  /** 8 characters of [a-z0-9] for a new ledger, where they must be reproducible; default: random */
  readonly newLedgerId?: () => string;
}

const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens the ledger at `path` and brings its schema up to date; `:memory:` is a ledger of this process alone.
 *
 * @throws DroverError `NOT_FOUND` (no file, and not to be made), `NO_SQLITE_DRIVER`, `LEDGER_NEWER`, `LEDGER_CORRUPT`,
 *   `LEDGER_BUSY`, `LEDGER_UNAVAILABLE`
 */
export async function openLedger(path: string, options: LedgerOptions): Promise<Ledger> {
  const engine = sqliteEngine(options.driver);
  const place = path === MEMORY ? MEMORY : resolve(path);
  if (place !== MEMORY) prepareLedgerFile(place, options.create);
  const driver = openSqlite(engine, place, {
    busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
    interceptor: options.interceptor ?? null,
  });
  try {
    const id = await migrate(driver, place, options.newLedgerId);
    return await createLedger(driver, id, { writes: options.create });
  } catch (error) {
    await driver.close();
    throw error;
  }
}
