// Owns the records of a run directory: how claim, pid and exit are read, and what recovery and refusal write. The
// shim's half of the writing is shim.sh. A record is whole when it ends in ` end`; until then it is not there yet.
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { constants } from 'node:os';
import type { Millis } from '../core/dispatch.ts';
import type { Claim, ExitRecord, Look } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { SeizeResult } from '../ports.ts';
import { describeError, errorCode } from './system-error.ts';

/** A refusal quotes a PATH at most; everything else is one short line. */
const RECORD_BYTES_MAX = 16_384;
const REASON_CHARACTERS_MAX = 2_000;

function claimPath(dir: string, fence: number): string {
  return `${dir}/claim.${fence}`;
}

export function exitPath(dir: string): string {
  return `${dir}/exit`;
}

export function readClaim(dir: string, fence: number): Look<Claim> {
  const record = readRecord(claimPath(dir, fence));
  if (record.kind !== 'seen') return record;
  return { kind: 'seen', value: parseClaim(record.value.text) };
}

export function readAgent(dir: string): Look<ProcessIdentity> {
  const record = readRecord(`${dir}/pid`);
  return record.kind === 'seen' ? seenOrAbsent(parseAgent(record.value.text)) : record;
}

/** The time of an exit is the time at which its record was written. */
export function readExit(dir: string, fence: number): Look<ExitRecord> {
  const record = readRecord(exitPath(dir));
  if (record.kind !== 'seen') return record;
  return seenOrAbsent(parseExit(record.value.text, fence, record.value.at));
}

/** Whatever the file says, it is there: the fence is taken. */
export function parseClaim(text: string): Claim {
  if (/^recovery end\n?$/.test(text)) return { by: 'recovery' };
  const shim = parseIdentity(text, 'shim');
  return shim === null ? { by: 'nobody-legible' } : { by: 'shim', shim };
}

export function parseAgent(text: string): ProcessIdentity | null {
  return parseIdentity(text, 'agent');
}

function parseIdentity(text: string, who: 'shim' | 'agent'): ProcessIdentity | null {
  const match = /^(shim|agent) (\d{1,10}) (\d{1,15}) (\S{1,100}) end\n?$/.exec(text);
  if (match === null || match[1] !== who) return null;
  return { pid: Number(match[2]), startTime: Number(match[3]), bootId: match[4]! };
}

/** @returns null where the record is not whole, or belongs to another fence */
export function parseExit(text: string, fence: number, at: Millis): ExitRecord | null {
  const match = /^(exit|refused) (\d{1,9}) (.+) end\n?$/.exec(text);
  if (match === null || Number(match[2]) !== fence) return null;
  const rest = match[3]!;
  if (match[1] === 'refused') {
    const reason = parseJsonString(rest);
    return reason === null ? null : { kind: 'refused', reason, at };
  }
  return /^\d{1,3}$/.test(rest) ? exitOfStatus(Number(rest), at) : null;
}

/**
 * A shell reports the death by signal n as 128 + n. Some agents end by themselves with such numbers (145 is an HTTP 401
 * modulo 256, 173 a 429), so it counts as a signal only where n is one whose default is to end a process. What stays
 * ambiguous, an agent that calls exit(143) itself, is in docs/decisions/0004-sh-shim.md.
 */
export function exitOfStatus(status: number, at: Millis): ExitRecord {
  const signal = DEADLY_SIGNALS.get(status - 128);
  if (signal === undefined) return { kind: 'exited', exitCode: status, at };
  return { kind: 'signalled', signal, exitCode: status, at };
}

/** Signals that do nothing, stop or continue by default; SIGIO ends a process on Linux only. */
const HARMLESS_SIGNALS = new Set([
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGWINCH',
  'SIGINFO',
  ...(process.platform === 'linux' ? [] : ['SIGIO']),
]);

/** By this system's numbers; of two names for one number (SIGABRT and SIGIOT) the first in the alphabet. */
const DEADLY_SIGNALS: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals)
    .filter(([name]) => !HARMLESS_SIGNALS.has(name))
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([name, number]) => [number, name]),
);

/**
 * Creates the claim as recovery. The content is there before the name is (link of a finished file), so that a crash
 * leaves either no claim or a legible one.
 */
export function seizeClaim(dir: string, fence: number): SeizeResult {
  try {
    return linkNew(claimPath(dir, fence), 'recovery end\n') ? 'seized' : 'taken';
  } catch {
    return 'unknown';
  }
}

/** Writes down, durably, that this fence was refused. An exit record that is there already stays. */
export function writeRefusal(dir: string, fence: number, reason: string): void {
  const words = JSON.stringify(reason.slice(0, REASON_CHARACTERS_MAX));
  linkNew(exitPath(dir), `refused ${fence} ${words} end\n`);
}

/** Creates `path` with all of `text` at once. @returns false where it exists */
function linkNew(path: string, text: string): boolean {
  const temporary = `${path}.${process.pid}.tmp`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}

function readRecord(path: string): Look<{ text: string; at: Millis }> {
  try {
    const fd = openSync(path, 'r');
    try {
      const buffer = Buffer.allocUnsafe(RECORD_BYTES_MAX);
      const length = readSync(fd, buffer, 0, RECORD_BYTES_MAX, 0);
      const at = Math.round(fstatSync(fd).mtimeMs);
      return { kind: 'seen', value: { text: buffer.toString('utf8', 0, length), at } };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
    return { kind: 'unknown', because: describeError(error, path) };
  }
}

function seenOrAbsent<T>(value: T | null): Look<T> {
  return value === null ? { kind: 'absent' } : { kind: 'seen', value };
}

function parseJsonString(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}
