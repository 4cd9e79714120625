// Owns the reading of `/proc/PID/io`.
import { readProcFile } from './proc-file.ts';

/** Seven short lines. */
const buffer = Buffer.allocUnsafeSlow(1_024);

/**
 * Bytes that a process and its waited-for children have made a disk or a file server read or write (`read_bytes` and
 * `write_bytes`, proc(5)). Not what they asked for: who polls `/proc`, talks through pipes or reads from the cache does
 * nothing of that kind.
 *
 * @returns null where it is gone, another user's, or the kernel keeps no such accounts
 */
export function readIoBytes(pid: number): number | null {
  let text: string;
  try {
    text = buffer.toString('latin1', 0, readProcFile(`/proc/${pid}/io`, buffer));
  } catch {
    return null;
  }
  const read = /^read_bytes: (\d{1,20})$/m.exec(text)?.[1];
  const written = /^write_bytes: (\d{1,20})$/m.exec(text)?.[1];
  return read === undefined || written === undefined ? null : Number(read) + Number(written);
}
