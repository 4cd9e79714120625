// Owns the little that the ledger asks of a database engine: portable statements in transactions. SQLite has it twice
// (sqlite-node.ts, sqlite-libsql.ts); another engine needs this interface and nothing else.

/** What a column can hold. Times and counts are numbers, everything structured is JSON text. */
export type Value = string | number | null;

export type Row = { readonly [column: string]: unknown };

/**
 * Runs one statement with `$1…` placeholders; the rows of `select` or `returning`, else none. Statements use, beside
 * what all engines share, `json_array(…)` (values as the text of a JSON array, nulls kept) and within it `json(column)`
 * (the column's JSON as it is); a driver translates what its engine says otherwise.
 */
export type Query = (sql: string, params: readonly Value[]) => Promise<readonly Row[]>;

/** Where engines differ and no portable statement exists. Used by migrations only. */
export interface Dialect {
  /** column type of a whole number of 64 bits that is the primary key of its table */
  readonly sequenceKey: string;
  /** Statements after which `update` (where `when` holds for the old row) and `delete` on `table` fail. */
  appendOnly(table: string, when: string): readonly string[];
}

export interface Driver {
  readonly name: string;
  readonly version: string;
  readonly dialect: Dialect;
  /**
   * Runs `work` in one transaction that may write; transactions of one driver run one after the other, whoever asks.
   * Whatever fails, in `work` or at the commit, rolls everything back.
   *
   * @throws DroverError `LEDGER_BUSY`, `LEDGER_UNAVAILABLE`, `LEDGER_CORRUPT`; or what `work` threw
   */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Runs `work` on one consistent snapshot; it must not write. Fails like `transaction`. */
  read<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Is there a table of this name? Asked once at opening, before the schema version can be read from one. */
  hasTable(query: Query, table: string): Promise<boolean>;
  /** Has the engine read its whole store. @returns what it found wrong; null: nothing */
  check(): Promise<string | null>;
  /** Waits for what is under way. Afterwards every call fails. */
  close(): Promise<void>;
}
