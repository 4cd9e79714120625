// Owns what a directory looks like to the byte.
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * SQLite's index of the write-ahead log: shared memory in the form of a file, which every reader registers in. It holds
 * nothing that is not in the log.
 */
const SHARED_MEMORY = 'ledger.db-shm';

/** Path → kind, mode, size and content of everything in `dir`. */
export function fingerprint(dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    if (name === SHARED_MEMORY) continue;
    const path = join(dir, name);
    const stat = lstatSync(path);
    const content = stat.isFile()
      ? createHash('sha256').update(readFileSync(path)).digest('hex')
      : '';
    found[name] = `${stat.mode.toString(8)} ${stat.isFile() ? stat.size : ''} ${content}`;
  }
  return found;
}
