// Owns how marks are read from /proc/PID/environ, once for each exec of each process.
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { MARK_VARIABLE } from '../core/identity.ts';
import { findVariable, type ProcStat } from './proc-parse.ts';
import { describeError, errorCode } from './system-error.ts';

/** The look failed as a whole: nothing may be concluded from what is missing in it. */
export class ScanFailure extends Error {}

export interface MarkReader {
  /**
   * null: no mark, or an environment that we may not read.
   *
   * @throws ScanFailure where the look itself failed (no descriptors, no memory)
   */
  markOf(stat: ProcStat): string | null;
  /** Ends a scan: drops what is known of processes that it did not see, so that memory never outgrows the table. */
  forgetUnseen(): void;
}

/** Most environments have a few thousand bytes. */
const BUFFER_BYTES = 65_536;
/** The kernel allows environments of a quarter of the stack limit, mostly 2 MiB; a mark beyond this is not found. */
const ENVIRON_BYTES_MAX = 8 * 1024 * 1024;
/** Kept from the piece before, so that a mark on the border is seen whole. Marks have less than 200 bytes. */
const OVERLAP_BYTES = 4_096;

const MARK_NEEDLE = Buffer.from(`\0${MARK_VARIABLE}=`);
const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

/**
 * What was read of an environment, and of which one. Between fork and exec a child shows the environment of its
 * parent, and exec replaces it under the same pid and start time, often under the same command name too. But every exec
 * lays the environment down afresh, in a new stack at a random place: where it starts and ends and where the stack
 * starts (all in `stat`, which is read anyway) tell one exec from the next. No guess about the age of a process is
 * needed. A program that overwrites its environment in place keeps the mark that was seen first, as it should.
 */
interface KnownEnviron {
  readonly startTime: number;
  readonly environStart: number;
  readonly environEnd: number;
  readonly stackStart: number;
  readonly mark: string | null;
  scan: number;
}

/** @param own the stat of this very process, by which it is seen whether this kernel says where environments lie */
export function createMarkReader(own: ProcStat): MarkReader {
  const known = new Map<number, KnownEnviron>();
  let scan = 0;
  // Some sandboxes (gVisor) fill these fields with zeros for everybody: then no environment can be remembered, nor do
  // zeros mean that there is none to read.
  const tellsEnvirons = own.environEnd !== 0;

  return {
    markOf(stat) {
      if (!tellsEnvirons) return readMark(stat.pid);
      // A kernel thread, a zombie, another user's process, or one in the middle of exec: nothing to read now.
      if (stat.environEnd === 0) return null;
      const before = known.get(stat.pid);
      if (before !== undefined && isSameEnviron(before, stat)) {
        before.scan = scan;
        return before.mark;
      }
      // Read after `stat`: an exec in between files the new environment under the old place, and is seen next time.
      const mark = readMark(stat.pid);
      const { startTime, environStart, environEnd, stackStart } = stat;
      known.set(stat.pid, { startTime, environStart, environEnd, stackStart, mark, scan });
      return mark;
    },

    forgetUnseen() {
      for (const [pid, environ] of known) {
        if (environ.scan !== scan) known.delete(pid);
      }
      scan++;
    },
  };
}

function isSameEnviron(before: KnownEnviron, stat: ProcStat): boolean {
  return (
    before.startTime === stat.startTime &&
    before.environStart === stat.environStart &&
    before.environEnd === stat.environEnd &&
    before.stackStart === stat.stackStart
  );
}

function readMark(pid: number): string | null {
  const path = `/proc/${pid}/environ`;
  try {
    const fd = openSync(path, constants.O_RDONLY);
    try {
      return findMark(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return null;
    throw new ScanFailure(describeError(error, path));
  }
}

function findMark(fd: number): string | null {
  // A NUL in front, so that the first variable looks like all others.
  buffer[0] = 0;
  let filled = 1;
  let total = 0;
  while (total < ENVIRON_BYTES_MAX) {
    const length = readSync(fd, buffer, filled, BUFFER_BYTES - filled, null);
    total += length;
    const mark = findVariable(buffer, filled + length, MARK_NEEDLE);
    if (mark !== null || length < BUFFER_BYTES - filled) return mark;
    buffer.copy(buffer, 0, BUFFER_BYTES - OVERLAP_BYTES, BUFFER_BYTES);
    filled = OVERLAP_BYTES;
  }
  return null;
}
