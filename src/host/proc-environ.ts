// Owns how marks are read from /proc/PID/environ, once for each exec of each process.
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { MARK_VARIABLE } from '../core/identity.ts';
import { findVariable, type ProcStat } from './proc-parse.ts';
import { describeError, errorCode } from './system-error.ts';
import type { Pause } from './turns.ts';

/** The look failed as a whole: nothing may be concluded from what is missing in it. */
export class ScanFailure extends Error {}

export interface MarkReader {
  /** Begins a scan; several may be under way. */
  begin(): MarkScan;
}

export interface MarkScan {
  /** @throws ScanFailure where the look itself failed (no descriptors, no memory) */
  markOf(stat: ProcStat): Generator<Pause, SeenMark>;
  /** Ends a scan: drops what is known of processes that it did not see, so that memory never outgrows the table. */
  forgetUnseen(): void;
}

export interface SeenMark {
  /** null: no mark, or an environment that we may not read */
  readonly mark: string | null;
  /** its environment is not to be seen yet */
  readonly inExec: boolean;
}

const UNMARKED: SeenMark = { mark: null, inExec: false };

/** Most environments have a few thousand bytes. */
const BUFFER_BYTES = 65_536;
/** The kernel allows environments of a quarter of the stack limit, mostly 2 MiB; a mark beyond this is not found. */
const ENVIRON_BYTES_MAX = 8 * 1024 * 1024;
/** Kept from the piece before, so that a mark on the border is seen whole. Marks have less than 200 bytes. */
const OVERLAP_BYTES = 4_096;

/** Mostly some tenths of one; but the scheduler may take the processor away from a process in the middle of its exec. */
const EXEC_TAKES_MS = 30;

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
  /** nothing new can be read until the place changes */
  readonly settled: boolean;
  /** looks in a row that found neither a place nor a content, and when the first of them was */
  readonly emptyLooks: number;
  readonly emptySinceMs: number;
  /** the last scan that saw it */
  scan: number;
}

/** A process that showed neither place nor content this often, waited for each time, and for so long, is not in an exec. */
const EMPTY_LOOKS_MAX = 3;
const EMPTY_FOR_MS = 1_000;
const SETTLED = { settled: true, emptyLooks: 0, emptySinceMs: 0 } as const;

/** @param own the stat of this very process, by which it is seen whether this kernel says where environments lie */
export function createMarkReader(own: ProcStat): MarkReader {
  const known = new Map<number, KnownEnviron>();
  let scans = 0;
  // Some sandboxes (gVisor) fill these fields with zeros for everybody: then no environment can be remembered, nor do
  // zeros mean that there is none to read.
  const tellsEnvirons = own.environEnd !== 0;

  /** What was settled before is of another exec: each is waited for afresh. */
  function rememberEmpty(stat: ProcStat, before: KnownEnviron | undefined): SeenMark {
    const nowMs = performance.now();
    const first = { emptyLooks: 0, emptySinceMs: nowMs };
    const { emptyLooks: looks, emptySinceMs } = before?.settled === false ? before : first;
    const emptyLooks = looks + 1;
    const settled = emptyLooks >= EMPTY_LOOKS_MAX && nowMs - emptySinceMs >= EMPTY_FOR_MS;
    return note(stat, { mark: null, settled, emptyLooks, emptySinceMs });
  }

  function note(
    { pid, startTime, environStart, environEnd, stackStart }: ProcStat,
    seen: Pick<KnownEnviron, 'mark' | 'settled' | 'emptyLooks' | 'emptySinceMs'>,
  ): SeenMark {
    known.set(pid, { startTime, environStart, environEnd, stackStart, ...seen, scan: scans });
    return { mark: seen.mark, inExec: !seen.settled };
  }

  function* readMark(stat: ProcStat, before: KnownEnviron | undefined): Generator<Pause, SeenMark> {
    // Read after `stat`: an exec in between files the new environment under the old place, and is seen next time.
    const read = yield* readThroughExec(stat.pid);
    const isNowhere = stat.environEnd === 0;
    if (isNowhere && read.kind === 'read') return { mark: read.mark, inExec: false };
    // There was something to read: an exec has begun since.
    const isGone = read.kind === 'empty' && stat.environEnd > stat.environStart;
    const isLegible = !isNowhere && !isGone;
    if (isLegible || read.kind === 'denied') return note(stat, { mark: read.mark, ...SETTLED });
    if (before !== undefined && before.mark !== null) return lastOf(before);
    return rememberEmpty(stat, before);
  }

  /** The last mark stands until the new environment can be seen. */
  function lastOf(before: KnownEnviron): SeenMark {
    before.scan = scans;
    return { mark: before.mark, inExec: false };
  }

  function* markOf(stat: ProcStat): Generator<Pause, SeenMark> {
    if (stat.zombie || stat.bodiless) return UNMARKED;
    if (!tellsEnvirons) return { mark: readEnviron(stat.pid).mark, inExec: false };
    const entry = known.get(stat.pid);
    const before = entry?.startTime === stat.startTime ? entry : undefined;
    if (before === undefined) return yield* readMark(stat, before);
    const inExec = stat.environEnd === 0 && before.mark !== null;
    if (!inExec && !(before.settled && isSameEnviron(before, stat)))
      return yield* readMark(stat, before);
    return lastOf(before);
  }

  return {
    begin() {
      const scan = ++scans;
      return {
        markOf,
        forgetUnseen() {
          // Whom a later scan saw is known by that one, if it has begun before this one ended.
          for (const [pid, environ] of known) {
            if (environ.scan < scan) known.delete(pid);
          }
        },
      };
    },
  };
}

function isSameEnviron(before: KnownEnviron, stat: ProcStat): boolean {
  return (
    before.environStart === stat.environStart &&
    before.environEnd === stat.environEnd &&
    before.stackStart === stat.stackStart
  );
}

/** `empty`: not a byte, as in the middle of exec. */
interface ReadEnviron {
  readonly kind: 'read' | 'empty' | 'denied';
  readonly mark: string | null;
}

/**
 * For some tenths of a millisecond in each exec an environment reads as empty: a process that does nothing but exec would
 * be seen without its mark in a quarter of all looks, and a tree be taken for gone that is not. So an empty one is read
 * again for a moment, giving way to whoever may be in the middle of it. One that stays empty costs this once.
 */
function* readThroughExec(pid: number): Generator<Pause, ReadEnviron> {
  let read = readEnviron(pid);
  if (read.kind !== 'empty') return read;
  const untilMs = performance.now() + EXEC_TAKES_MS;
  while (read.kind === 'empty' && performance.now() < untilMs) {
    yield 'exec';
    read = readEnviron(pid);
  }
  return read;
}

function readEnviron(pid: number): ReadEnviron {
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
    if (code === 'ENOENT' || code === 'ESRCH') return { kind: 'read', mark: null };
    if (code === 'EACCES' || code === 'EPERM') return { kind: 'denied', mark: null };
    throw new ScanFailure(describeError(error, path));
  }
}

function findMark(fd: number): ReadEnviron {
  // A NUL in front, so that the first variable looks like all others.
  buffer[0] = 0;
  let filled = 1;
  let total = 0;
  while (total < ENVIRON_BYTES_MAX) {
    const length = readSync(fd, buffer, filled, BUFFER_BYTES - filled, null);
    total += length;
    const mark = findVariable(buffer, filled + length, MARK_NEEDLE);
    if (mark !== null) return { kind: 'read', mark };
    if (length < BUFFER_BYTES - filled) break;
    buffer.copy(buffer, 0, BUFFER_BYTES - OVERLAP_BYTES, BUFFER_BYTES);
    filled = OVERLAP_BYTES;
  }
  return { kind: total === 0 ? 'empty' : 'read', mark: null };
}
