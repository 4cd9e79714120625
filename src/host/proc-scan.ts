// Owns how the process table of Linux is read: whole, of those alone who came after a bookmark, or again, a moment after it
// was read whole.
import { readFileSync } from 'node:fs';
import type { Look } from '../core/evidence.ts';
import type { Bookmark, ProcessRow, Scope } from '../ports.ts';
import { type MarkReader, type MarkScan, ScanFailure, type SeenMark } from './proc-environ.ts';
import { type PidList, createPidList } from './proc-list.ts';
import type { ProcStat } from './proc-parse.ts';
import { readStat } from './proc-stat.ts';
import type { Pause } from './turns.ts';

/**
 * For so long after a bookmark a pid that was there then is still that process, or nobody: Linux gives pids in a circle,
 * and the fastest that was measured (6,700 forks a second) needs 4.9 s for the smallest circle (32,768).
 */
const YOUNG_MS = 1_000;
/** The size of that circle. */
const PIDS_MIN = 32_768;
/** A second, in the ticks of start times (process-facts: field 22 of stat, 100 in a second). */
const SETTLED_TICKS = 100;
/** A machine on which somebody is always new must not keep us. */
const LISTINGS_MAX = 4;
/** How old a whole table may be that is read again in parts: who was no member then can hardly have become one. */
const AGAIN_MS = 500;
/** Who has the time renews it earlier, so that a kill soon after need not. */
const RENEWED_MS = 350;

export interface Scanner {
  /** @param again as `Scope`; null: the whole table, to its end */
  scanAtOnce(again: readonly number[] | null): Generator<Pause, Look<readonly ProcessRow[]>>;
  scan(scope: Scope): Generator<Pause, Look<readonly ProcessRow[]>>;
  rowsOf(pids: readonly number[]): Generator<Pause, Look<readonly ProcessRow[]>>;
  bookmark(): Bookmark | null;
}

/** A whole table, who was listed before its first row was read, and when that was, in the ticks of start times. */
interface Whole {
  readonly rows: readonly ProcessRow[];
  readonly first: Bookmark;
  readonly atTick: number;
}

type Read = Omit<Whole, 'atTick'>;

interface Reading {
  readonly buffer: Buffer;
  readonly marks: MarkReader;
  readonly pageBytes: number;
  /** how many pids there can be at once; null: unknown */
  readonly pidMax: number | null;
}

export function createScanner(ownPid: number, reading: Reading): Scanner {
  const { marks, pidMax } = reading;
  /** Of a smaller circle nobody knows how fast it comes round: then each look is at the whole table. */
  const comesRound = pidMax === null || pidMax < PIDS_MIN;
  const pids = createPidList(ownPid);
  const rows = createRowReader(pids, reading);
  let kin: readonly ProcessRow[] = [];
  let whole: Whole | null = null;

  function* scan({ since, again }: Scope): Generator<Pause, Look<readonly ProcessRow[]>> {
    if (since !== null && kin.length > 0 && !isOlder(since, YOUNG_MS)) {
      return yield* scanSince(since);
    }
    return yield* again === null ? scanWhole(1) : scanAgain(again, RENEWED_MS);
  }

  function* scanSince(since: Bookmark): Generator<Pause, Look<readonly ProcessRow[]>> {
    const look = yield* rows.listed(1, new Set(since.pids), marks.begin());
    return look.kind === 'seen' ? { kind: 'seen', value: [...kin, ...look.value.rows] } : look;
  }

  /** What somebody else has read while this was read in turns is newer. */
  function keep(read: Whole, before: Whole | null): void {
    if (whole === before) whole = read;
  }

  function* scanWhole(listings: number): Generator<Pause, Look<readonly ProcessRow[]>> {
    const before = whole;
    const markScan = marks.begin();
    const atTick = readUptimeTicks();
    const look = yield* rows.listed(listings, new Set(), markScan);
    if (look.kind !== 'seen') return look;
    markScan.forgetUnseen();
    const { rows: all } = look.value;
    keep({ ...look.value, atTick }, before);
    kin = kinOf(ownPid, all);
    return { kind: 'seen', value: all };
  }

  /** Whoever is nowhere in the listing any more is gone, whoever he was. */
  function* scanAgain(
    known: readonly number[],
    olderMs: number,
  ): Generator<Pause, Look<readonly ProcessRow[]>> {
    const before = whole;
    if (before === null || comesRound || isOlder(before.first, olderMs))
      return yield* scanWhole(LISTINGS_MAX);
    const spared = new Set(before.first.pids);
    for (const pid of withTheirSessions(known, before.rows)) spared.delete(pid);
    // Who was between fork and exec showed no environment, and may have a mark.
    for (const { pid, startTime, inExec } of before.rows) {
      if (inExec === true || startTime > before.atTick - SETTLED_TICKS) spared.delete(pid);
    }
    const look = yield* rows.listed(LISTINGS_MAX, new Set(spared), marks.begin());
    if (look.kind !== 'seen') return look;
    const { first, rows: fresh } = look.value;
    const old = before.rows.filter(({ pid }) => spared.has(pid) && first.pids.has(pid));
    const all = [...old, ...fresh];
    // Who has ended and is not waited for yet is listed: the next look, which may not know him, must not show him alive.
    keep({ ...before, rows: all }, before);
    return { kind: 'seen', value: all };
  }

  return {
    scan,
    scanAtOnce: (again) => (again === null ? scanWhole(LISTINGS_MAX) : scanAgain(again, AGAIN_MS)),
    rowsOf: (wanted) => rows.of(wanted, marks.begin()),
    bookmark: () => (comesRound ? null : pids.bookmark()),
  };
}

/** Reads rows, one after the other; a look fails as a whole. */
function createRowReader(pids: PidList, { buffer, pageBytes }: Reading) {
  /**
   * Between two processes others may run. A table is no instant in any case: processes come and go while it is read,
   * whether or not this process rests. Each row by itself is one instant but for its mark, and nothing is carried from
   * one to the next.
   *
   * @param known who needs no reading; who was read is added
   */
  function* read(
    all: Iterable<number>,
    markScan: MarkScan,
    known: Set<number>,
  ): Generator<Pause, ProcessRow[]> {
    const rows: ProcessRow[] = [];
    for (const pid of all) {
      if (known.has(pid)) continue;
      known.add(pid);
      yield 'turn';
      const stat = readStat(buffer, pid);
      if (stat === 'gone' || stat === 'hidden') continue;
      if (typeof stat === 'string') throw new ScanFailure(stat);
      rows.push(toRow(stat, yield* markScan.markOf(stat), pageBytes));
    }
    return rows;
  }

  /**
   * Whoever forks a successor and ends while the others are read is not in the listing that was taken before them: so it is
   * listed again, and who is new is read at once, until nobody is.
   */
  function* readListed(
    listingsMax: number,
    known: Set<number>,
    markScan: MarkScan,
  ): Generator<Pause, Read> {
    const first = pids.list();
    const rows = yield* read(first.pids, markScan, known);
    for (let listings = 1; listings < listingsMax; listings++) {
      const fresh = yield* read(pids.list().pids, markScan, known);
      if (fresh.length === 0) break;
      rows.push(...fresh);
    }
    return { rows, first };
  }

  return {
    listed: (listingsMax: number, known: Set<number>, markScan: MarkScan) =>
      orWhyNot(() => readListed(listingsMax, known, markScan)),
    of: (wanted: readonly number[], markScan: MarkScan) =>
      orWhyNot(() => read(wanted, markScan, new Set())),
  };
}

function isOlder({ atMs }: Bookmark, thanMs: number): boolean {
  return performance.now() - atMs >= thanMs;
}

/** Who shares a session with one of them may have changed its group, and with it who is protected in that. */
function withTheirSessions(
  pids: readonly number[],
  rows: readonly ProcessRow[],
): ReadonlySet<number> {
  const wanted = new Set(pids);
  const sessions = new Set(rows.filter(({ pid }) => wanted.has(pid)).map(({ session }) => session));
  for (const { pid, session } of rows) if (sessions.has(session)) wanted.add(pid);
  return wanted;
}

function* orWhyNot<T>(read: () => Generator<Pause, T>): Generator<Pause, Look<T>> {
  try {
    return { kind: 'seen', value: yield* read() };
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error;
    return { kind: 'unknown', because: error.message };
  }
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

function toRow(stat: ProcStat, { mark, inExec }: SeenMark, pageBytes: number): ProcessRow {
  const { pid, startTime, parent, group, session, zombie, cpuMs, command } = stat;
  const rssBytes = stat.residentPages * pageBytes;
  return { pid, startTime, parent, group, session, zombie, mark, inExec, cpuMs, rssBytes, command };
}

/** Since the boot. Without /proc/uptime nobody counts as settled. */
function readUptimeTicks(): number {
  try {
    return Math.floor(Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 100);
  } catch {
    return 0;
  }
}
