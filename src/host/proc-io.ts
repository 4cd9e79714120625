// Owns the reading of `/proc/PID/io`.
import { readFileSync } from 'node:fs';

/**
 * Bytes that a process and its waited-for children have asked to read and write: of files, pipes and sockets alike
 * (`rchar` and `wchar`, proc(5)); what is mapped into memory is not counted.
 *
 * @returns null where it is gone, another user's, or the kernel keeps no such accounts
 */
export function readIoBytes(pid: number): number | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/io`, 'latin1');
  } catch {
    return null;
  }
  const read = /^rchar: (\d{1,20})$/m.exec(text)?.[1];
  const written = /^wchar: (\d{1,20})$/m.exec(text)?.[1];
  return read === undefined || written === undefined ? null : Number(read) + Number(written);
}
