// Owns making the names in a directory durable: what was made, renamed or removed there stays so after a loss of power.
import { closeSync, fsyncSync, openSync } from 'node:fs';

/** @throws errors of the operating system */
export function keepNames(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
