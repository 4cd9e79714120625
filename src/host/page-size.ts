// Owns the size of a page of memory on Linux, in which /proc counts what a process holds.
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/** AT_PAGESZ of linux/auxvec.h. */
const KEY_PAGE_SIZE = 6n;
/** The smallest that Linux knows: where it cannot be read, memory is shown as less than it is, and nobody is ended for it. */
const PAGE_BYTES_MIN = 4_096;

/** In bytes, as the kernel told this very process when it started. */
export function readPageBytes(path = '/proc/self/auxv'): number {
  try {
    return parsePageBytes(readFileSync(path)) ?? PAGE_BYTES_MIN;
  } catch {
    return PAGE_BYTES_MIN;
  }
}

/** Looks for the page size in pairs of a key and a value, each as wide as a pointer. */
export function parsePageBytes(
  vector: Buffer,
  { wide = process.arch !== 'arm' && process.arch !== 'ia32', little = endianness() === 'LE' } = {},
): number | null {
  const wordBytes = wide ? 8 : 4;
  const view = new DataView(vector.buffer, vector.byteOffset, vector.length);
  const word = (at: number) =>
    wide ? view.getBigUint64(at, little) : BigInt(view.getUint32(at, little));
  for (let at = 0; at + 2 * wordBytes <= vector.length; at += 2 * wordBytes) {
    if (word(at) !== KEY_PAGE_SIZE) continue;
    const bytes = Number(word(at + wordBytes));
    return Number.isSafeInteger(bytes) && bytes >= PAGE_BYTES_MIN ? bytes : null;
  }
  return null;
}
