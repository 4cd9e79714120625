// Owns the process table of Linux: /proc, each file read synchronously, which is several times cheaper than asynchronous
// reading. What takes long is the number of files.
import { readFileSync } from 'node:fs';
import { DroverError } from '../core/error.ts';
import type { Look, Sighting } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { Bookmark, ProcessRow } from '../ports.ts';
import { deliverSignal, probePid } from './deliver-signal.ts';
import type { HostProcessTable } from './host-process-table.ts';
import { readPageBytes } from './page-size.ts';
import { createMarkReader, type MarkScan, ScanFailure } from './proc-environ.ts';
import { readProcFile } from './proc-file.ts';
import { readIoBytes } from './proc-io.ts';
import { createPidList } from './proc-list.ts';
import { type ProcStat, parseStat } from './proc-parse.ts';
import { describeError, errorCode } from './system-error.ts';
import { type Pause, atOnce, inTurns } from './turns.ts';

/** A stat line has a few hundred bytes. */
const BUFFER_BYTES = 4_096;
/**
 * For so long after a bookmark a pid that was there then is still that process, or nobody: Linux gives pids in a circle,
 * and the fastest that was measured (6,700 forks a second) needs 4.9 s for the smallest circle (32,768).
 */
const YOUNG_MS = 1_000;
const NOBODY: ReadonlySet<number> = new Set();
/** A machine on which somebody is always new must not keep us. */
const LISTINGS_MAX = 4;

/**
 * A process that vanishes in the middle of a scan is simply not in it. One whose files are hidden from us (hidepid) is
 * not in it either: it is another user's, and we could not signal it.
 *
 * @throws DroverError `NOT_POSSIBLE` where /proc cannot be read at all
 */
export function createLinuxTable(): HostProcessTable {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const bootId = readBootId();
  const own = readStat(buffer, process.pid);
  if (typeof own === 'string') throw noProc(own);
  const self: ProcessIdentity = { bootId, pid: own.pid, startTime: own.startTime };
  const marks = createMarkReader(own);
  const pageBytes = readPageBytes();

  const scanner = createScanner(self.pid, { buffer, marks, pageBytes });

  const sight = (wanted: ProcessIdentity) =>
    wanted.bootId === bootId ? sightOfThisBoot(buffer, wanted) : 'gone';

  return {
    bootId: () => bootId,
    self: () => self,
    scan: () => atOnce(scanner.scanToTheEnd()),
    scanInTurns: async (since) => await inTurns(scanner.scan(since)),
    bookmark: () => scanner.bookmark(),
    ioBytes: ({ pid }) => readIoBytes(pid),
    rowsOf: (wanted) => atOnce(scanner.rowsOf(wanted)),
    sight,
    signal: (wanted, signal) => deliverSignal(wanted, signal, sight),
    identify(pid) {
      const stat = readStat(buffer, pid);
      return typeof stat === 'string' ? null : { bootId, pid, startTime: stat.startTime };
    },
    occupant: (pid) => occupantOf(buffer, bootId, pid),
  };
}

interface Reading {
  readonly buffer: Buffer;
  readonly marks: ReturnType<typeof createMarkReader>;
  readonly pageBytes: number;
}

/** Reads the rows of a listing of /proc, whole or of who came after a bookmark. */
function createScanner(ownPid: number, { buffer, marks, pageBytes }: Reading) {
  const pids = createPidList(ownPid);
  let kin: readonly ProcessRow[] = [];

  function* scan(since: Bookmark | null): Generator<Pause, Look<readonly ProcessRow[]>> {
    const young = since !== null && kin.length > 0 && performance.now() - since.atMs < YOUNG_MS;
    const markScan = marks.begin();
    const without = young ? since.pids : NOBODY;
    const look = yield* orWhyNot(() => readRows(pids.list(), without, markScan));
    if (look.kind !== 'seen') return look;
    if (young) return { kind: 'seen', value: [...kin, ...look.value] };
    markScan.forgetUnseen();
    kin = kinOf(ownPid, look.value);
    return look;
  }

  /**
   * Whoever forks a successor and ends while the others are read is not in the listing that was taken before them: so it is
   * listed again, and who is new is read at once, until nobody is.
   */
  function* scanToTheEnd(): Generator<Pause, Look<readonly ProcessRow[]>> {
    const seen = new Set<number>();
    const rows: ProcessRow[] = [];
    const markScan = marks.begin();
    for (let listings = 0; listings < LISTINGS_MAX; listings++) {
      const look = yield* orWhyNot(() => readRows(pids.list(), seen, markScan, seen));
      if (look.kind !== 'seen') return look;
      rows.push(...look.value);
      if (listings > 0 && look.value.length === 0) break;
    }
    markScan.forgetUnseen();
    kin = kinOf(ownPid, rows);
    return { kind: 'seen', value: rows };
  }

  /**
   * Between two processes others may run. A table is no instant in any case: processes come and go while it is read,
   * whether or not this process rests. Each row by itself is one instant but for its mark, and nothing is carried from
   * one to the next.
   */
  function* readRows(
    all: ReadonlySet<number>,
    without: ReadonlySet<number>,
    markScan: MarkScan,
    read: Set<number> = new Set(),
  ): Generator<Pause, ProcessRow[]> {
    const rows: ProcessRow[] = [];
    for (const pid of all) {
      if (without.has(pid)) continue;
      read.add(pid);
      yield 'turn';
      const stat = readStat(buffer, pid);
      if (stat === 'gone' || stat === 'hidden') continue;
      if (typeof stat === 'string') throw new ScanFailure(stat);
      rows.push(toRow(stat, yield* markScan.markOf(stat), pageBytes));
    }
    return rows;
  }

  return {
    scan,
    scanToTheEnd,
    rowsOf: (wanted: readonly number[]) =>
      orWhyNot(() => readRows(new Set(wanted), NOBODY, marks.begin())),
    bookmark: () => pids.bookmark(),
  };
}

function occupantOf(buffer: Buffer, bootId: string, pid: number): Look<ProcessIdentity> {
  const stat = readStat(buffer, pid);
  if (stat === 'gone' || stat === 'hidden') return { kind: 'absent' };
  if (typeof stat === 'string') return { kind: 'unknown', because: stat };
  if (stat.zombie) return { kind: 'absent' };
  return { kind: 'seen', value: { bootId, pid, startTime: stat.startTime } };
}

function* orWhyNot(
  read: () => Generator<Pause, ProcessRow[]>,
): Generator<Pause, Look<readonly ProcessRow[]>> {
  try {
    return { kind: 'seen', value: yield* read() };
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error;
    return { kind: 'unknown', because: error.message };
  }
}

function sightOfThisBoot(buffer: Buffer, wanted: ProcessIdentity): Sighting {
  let stat = readStat(buffer, wanted.pid);
  // Where /proc is mounted with hidepid, a process that changed its user looks as if it were gone: ask the kernel.
  if (stat === 'gone' && probePid(wanted.pid) === 'there') {
    stat = readStat(buffer, wanted.pid);
    if (stat === 'gone') return 'unknown';
  }
  if (stat === 'gone') return 'gone';
  if (typeof stat === 'string') return 'unknown';
  return stat.startTime === wanted.startTime && !stat.zombie ? 'alive' : 'gone';
}

/** Ourselves and our ancestors. */
function kinOf(pid: number, rows: readonly ProcessRow[]): readonly ProcessRow[] {
  const byPid = new Map(rows.map((row) => [row.pid, row]));
  const kin: ProcessRow[] = [];
  for (let row = byPid.get(pid); row !== undefined && kin.length < rows.length; ) {
    kin.push(row);
    row = byPid.get(row.parent);
  }
  return kin;
}

function toRow(stat: ProcStat, mark: string | null, pageBytes: number): ProcessRow {
  const { pid, startTime, parent, group, session, zombie, cpuMs, command } = stat;
  const rssBytes = stat.residentPages * pageBytes;
  return { pid, startTime, parent, group, session, zombie, mark, cpuMs, rssBytes, command };
}

/** The stat of one process; `gone`, `hidden`, or a sentence that says why it could not be looked at. */
function readStat(buffer: Buffer, pid: number): ProcStat | 'gone' | 'hidden' | (string & {}) {
  const path = `/proc/${pid}/stat`;
  try {
    return parseStat(buffer, readProcFile(path, buffer)) ?? `${path} is not legible`;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return 'gone';
    if (code === 'EACCES' || code === 'EPERM') return 'hidden';
    return describeError(error, path);
  }
}

/** @throws DroverError `NOT_POSSIBLE` */
export function readBootId(): string {
  const path = '/proc/sys/kernel/random/boot_id';
  try {
    return readFileSync(path, 'latin1').trim();
  } catch (error) {
    throw noProc(describeError(error, path), error);
  }
}

function noProc(because: string, cause?: unknown): DroverError {
  return new DroverError('NOT_POSSIBLE', {
    message: `the process table cannot be read: ${because}`,
    hint: 'Drover needs /proc; in a container or chroot, mount it: mount -t proc proc /proc',
    cause,
  });
}
