// Owns the process table of Linux: /proc, each file read synchronously, which is several times cheaper than asynchronous
// reading. What takes long is the number of files.
import { readFileSync } from 'node:fs';
import { DroverError } from '../core/error.ts';
import type { Look, Sighting } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import { readBootId } from './boot-id.ts';
import { deliverSignal, probePid } from './deliver-signal.ts';
import type { HostProcessTable } from './host-process-table.ts';
import { readPageBytes } from './page-size.ts';
import { createMarkReader } from './proc-environ.ts';
import { readIoBytes } from './proc-io.ts';
import { createScanner } from './proc-scan.ts';
import { readStat } from './proc-stat.ts';
import { atOnce, inTurns } from './turns.ts';

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
  const pageBytes = readPageBytes();

  const scanner = createScanner(self.pid, { buffer, marks, pageBytes, pidMax: readPidMax() });

  const sight = (wanted: ProcessIdentity) =>
    wanted.bootId === bootId ? sightOfThisBoot(buffer, wanted) : 'gone';

  return {
    bootId: () => bootId,
    self: () => self,
    scan: (again) => atOnce(scanner.scanAtOnce(again ?? null)),
    scanInTurns: async (scope) => await inTurns(scanner.scan(scope)),
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

function occupantOf(buffer: Buffer, bootId: string, pid: number): Look<ProcessIdentity> {
  const stat = readStat(buffer, pid);
  if (stat === 'gone' || stat === 'hidden') return { kind: 'absent' };
  if (typeof stat === 'string') return { kind: 'unknown', because: stat };
  if (stat.zombie) return { kind: 'absent' };
  return { kind: 'seen', value: { bootId, pid, startTime: stat.startTime } };
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

function noProc(because: string): DroverError {
  return new DroverError('NOT_POSSIBLE', {
    message: `the process table cannot be read: ${because}`,
    hint: 'Drover needs /proc; in a container or chroot, mount it: mount -t proc proc /proc',
  });
}

function readPidMax(): number | null {
  try {
    return Number(readFileSync('/proc/sys/kernel/pid_max', 'latin1'));
  } catch {
    return null;
  }
}
