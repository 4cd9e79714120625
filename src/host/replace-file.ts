// Owns how a small file is replaced so that readers see the old or the new one, never a half.
import { renameSync, writeFileSync } from 'node:fs';

/** Not flushed: what is written this way can be rebuilt from the ledger. One writer at a time. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}
