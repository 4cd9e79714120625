// Owns reading a small file that lies where an agent can write: it may be anything by now.
import { closeSync, constants, openSync, readSync } from 'node:fs';

/**
 * The first `bytesMax` bytes of what is there. A FIFO in its place does not keep us waiting for a writer.
 *
 * @throws errors of the operating system
 */
export function readHead(path: string, bytesMax: number): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(bytesMax);
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, bytesMax, 0));
  } finally {
    closeSync(fd);
  }
}
