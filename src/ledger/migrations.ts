// Owns the schema: numbered steps forward, each in one transaction, and the version that says which have been taken.
import { DEFAULT_POOL } from '../core/campaign.ts';
import { DroverError } from '../core/error.ts';
import type { Dialect, Driver, Query } from './driver.ts';
import { schema1 } from './schema-1.ts';
import { ledgerCorrupt } from './sqlite-errors.ts';

/** Step n makes schema n + 1 out of schema n. A released step is never edited: ledgers have taken it. */
const STEPS: readonly ((dialect: Dialect) => readonly string[])[] = [schema1];

/** The newest schema that this program knows. */
const SCHEMA_VERSION = STEPS.length;

/**
 * Brings the schema up to date. Several processes may do this at once: whoever gets the write lock first takes the
 * steps, the others wait for it and find them taken.
 *
 * @returns the id of the ledger
 * @throws DroverError `LEDGER_NEWER`, `LEDGER_CORRUPT` where the tables are not a ledger's
 */
export async function migrate(
  driver: Driver,
  place: string,
  newLedgerId: () => string | Promise<string> = randomLedgerId,
): Promise<string> {
  const before = await driver.read((query) => readMeta(driver, query, place));
  if (before.version === SCHEMA_VERSION) return before.id;
  const id = before.id === '' ? await newLedgerId() : before.id;
  for (let version = before.version; version < SCHEMA_VERSION; version += 1) {
    await driver.transaction((query) => takeStep(driver, query, version, { place, id }));
  }
  return (await driver.read((query) => readMeta(driver, query, place))).id;
}

async function takeStep(
  driver: Driver,
  query: Query,
  version: number,
  { place, id }: { place: string; id: string },
): Promise<void> {
  // Read again under the write lock: another process may have come first.
  if ((await readMeta(driver, query, place)).version !== version) return;
  for (const statement of STEPS[version]?.(driver.dialect) ?? []) await query(statement, []);
  if (version === 0) {
    await query(`insert into meta (key, value) values ('ledger', $1)`, [id]);
    await query('insert into pools (name, slots) values ($1, $2)', [
      DEFAULT_POOL.name,
      DEFAULT_POOL.slots,
    ]);
  }
  await query(
    `insert into meta (key, value) values ('schema', $1)
     on conflict (key) do update set value = excluded.value`,
    [String(version + 1)],
  );
}

/** Version 0 and no id: a new, empty ledger. */
async function readMeta(
  driver: Driver,
  query: Query,
  place: string,
): Promise<{ version: number; id: string }> {
  if (!(await driver.hasTable(query, 'meta'))) return { version: 0, id: '' };
  const meta = new Map<unknown, unknown>();
  for (const row of await query('select key, value from meta', [])) {
    meta.set(row['key'], row['value']);
  }
  const version = Number(meta.get('schema'));
  const id = meta.get('ledger');
  if (!Number.isSafeInteger(version) || version < 1 || typeof id !== 'string') {
    throw ledgerCorrupt(place, 'its table "meta" names no schema version');
  }
  if (version > SCHEMA_VERSION) {
    throw new DroverError('LEDGER_NEWER', {
      message: `the ledger ${place} has schema version ${version}, this Drover knows versions up to ${SCHEMA_VERSION}`,
      hint: 'update Drover: a newer one has used this ledger',
      at: place,
    });
  }
  return { version, id };
}

/** 36^8 ids: nobody guesses one, and two ledgers on one host do not meet. */
async function randomLedgerId(): Promise<string> {
  // Loaded here: to open a ledger that is there needs no chance.
  const { randomInt } = await import('node:crypto');
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)]).join('');
}
