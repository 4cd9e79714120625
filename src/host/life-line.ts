// Owns the life line of an attempt: the FIFO that its shim opens and that its descendants inherit. Who holds it is still
// there, whatever else it has shed: environment, session, parents.
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import type { Look } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import { describeError, errorCode, isNotThere } from './system-error.ts';

const ABSENT = { kind: 'absent' } as const;

/**
 * Asks the kernel whether anybody holds the line, which needs no pid and costs three system calls; only if so, looks who
 * (Linux, by /proc/PID/fd). Runtimes that close inherited descriptors (Node does) keep their children off it: nobody on
 * the line is no proof of an empty tree.
 *
 * @returns `absent`: nobody, or there is no line, or no Linux. `unknown`: held, and the holders cannot be seen from here
 */
export function lifeHolders(
  fifo: string,
  identify: (pid: number) => ProcessIdentity | null,
): Look<readonly ProcessIdentity[]> {
  try {
    const line = probe(fifo);
    if (line === null) return ABSENT;
    // Who holds it cannot be told here, nor whether that process has opted out: mark, session and parents have to do.
    if (process.platform !== 'linux') return ABSENT;
    const holders = readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name) || Number(name) === process.pid || !holds(name, line)) return [];
      return identify(Number(name)) ?? [];
    });
    if (holders.length > 0) return { kind: 'seen', value: holders };
    return { kind: 'unknown', because: 'its life line is held by a process that cannot be seen' };
  } catch (error) {
    return { kind: 'unknown', because: describeError(error, fifo) };
  }
}

/** @returns which file it is, where somebody has it open for writing; null: nobody, or no file */
function probe(fifo: string): { dev: number; ino: number } | null {
  let fd: number;
  try {
    fd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isNotThere(error)) return null;
    throw error;
  }
  try {
    const { dev, ino } = fstatSync(fd);
    // End of file: no writer is left. EAGAIN: there is one, and it has written nothing.
    const bytes = readSync(fd, Buffer.allocUnsafe(1));
    return bytes === 0 ? null : { dev, ino };
  } catch (error) {
    if (errorCode(error) !== 'EAGAIN') throw error;
    const { dev, ino } = fstatSync(fd);
    return { dev, ino };
  } finally {
    closeSync(fd);
  }
}

/** Descriptors of processes of other users cannot be listed; they are not ours to signal either. */
function holds(pid: string, line: { dev: number; ino: number }): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const stat = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false });
      if (stat === undefined || stat.ino !== line.ino || stat.dev !== line.dev) return false;
      return mayWrite(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'));
    });
  } catch {
    return false;
  }
}

/** The shim opened the line for reading and writing; a person who reads it is no member. `flags:` is octal, O_RDONLY is 0. */
function mayWrite(fdinfo: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(fdinfo)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & 0o3) !== 0;
}
