// Owns how a file of /proc is read: one open, one read and one close, into a buffer that is there already. Whatever else
// Node offers makes five system calls of it, and something for the collector.
import { closeSync, constants, openSync, readSync } from 'node:fs';

/**
 * @returns how many bytes there are now in `buffer`; what does not fit is left out
 * @throws errors of the operating system: ENOENT and ESRCH where the process is gone
 */
export function readProcFile(path: string, buffer: Buffer): number {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    return readSync(fd, buffer, 0, buffer.length, null);
  } finally {
    closeSync(fd);
  }
}
