// Owns the process table of Linux: /proc, read synchronously with one open, one read and one close per file into one
// buffer, which is several times cheaper than asynchronous or buffered reading.
import { closeSync, constants, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { DroverError } from '../core/error.ts';
import type { Look, Sighting } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { ProcessRow } from '../ports.ts';
import { deliverSignal, probePid } from './deliver-signal.ts';
import type { HostProcessTable } from './host-process-table.ts';
import { createMarkReader, ScanFailure } from './proc-environ.ts';
import { type ProcStat, parseStat } from './proc-parse.ts';
import { describeError, errorCode } from './system-error.ts';

/** A stat line has a few hundred bytes. */
const BUFFER_BYTES = 4_096;

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

  function scan(): Look<readonly ProcessRow[]> {
    const rows: ProcessRow[] = [];
    try {
      for (const pid of listPids()) {
        const stat = readStat(buffer, pid);
        if (stat === 'gone' || stat === 'hidden') continue;
        if (typeof stat === 'string') throw new ScanFailure(stat);
        rows.push(toRow(stat, marks.markOf(stat)));
      }
    } catch (error) {
      if (!(error instanceof ScanFailure)) throw error;
      return { kind: 'unknown', because: error.message };
    }
    marks.forgetUnseen();
    return { kind: 'seen', value: rows };
  }

  function sight(wanted: ProcessIdentity): Sighting {
    if (wanted.bootId !== bootId) return 'gone';
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

  return {
    bootId: () => bootId,
    self: () => self,
    scan,
    sight,
    signal: (wanted, signal) => deliverSignal(wanted, signal, sight),
    identify(pid) {
      const stat = readStat(buffer, pid);
      if (typeof stat === 'string') return null;
      return { bootId, pid, startTime: stat.startTime };
    },
  };
}

function toRow(stat: ProcStat, mark: string | null): ProcessRow {
  const { pid, startTime, parent, group, session, zombie, cpuMs, command } = stat;
  return { pid, startTime, parent, group, session, zombie, mark, cpuMs, command };
}

function listPids(): number[] {
  try {
    const pids: number[] = [];
    for (const name of readdirSync('/proc')) {
      const first = name.charCodeAt(0);
      if (first >= 0x31 && first <= 0x39) pids.push(Number(name));
    }
    return pids;
  } catch (error) {
    throw new ScanFailure(describeError(error, '/proc'));
  }
}

/** The stat of one process; `gone`, `hidden`, or a sentence that says why it could not be looked at. */
function readStat(buffer: Buffer, pid: number): ProcStat | 'gone' | 'hidden' | (string & {}) {
  const path = `/proc/${pid}/stat`;
  try {
    const fd = openSync(path, constants.O_RDONLY);
    try {
      const length = readSync(fd, buffer, 0, BUFFER_BYTES, null);
      return parseStat(buffer, length) ?? `${path} is not legible`;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return 'gone';
    if (code === 'EACCES' || code === 'EPERM') return 'hidden';
    return describeError(error, path);
  }
}

function readBootId(): string {
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
