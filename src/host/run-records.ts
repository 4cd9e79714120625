// Owns the record of one attempt, the file `claim.FENCE` in its run directory: how it is read, and what recovery and
// refusal write. The shim's half of the writing is shim.sh and starter.pl. Whoever creates the file has the claim; what
// happens then is appended, a line each. A line is whole when it ends in ` end`; until then it is not there yet. A file
// `claimed` beside it says that somebody had the claim, should the record be removed: starter.pl and recovery give it the
// record itself, by a second name, and shim.sh nothing at all.
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { constants as system } from 'node:os';
import type { Millis } from '../core/dispatch.ts';
import type { Claim, ExitRecord, Look } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { SeizeResult } from '../ports.ts';
import { describeError, errorCode, isNotThere } from './system-error.ts';

/** A refusal quotes a PATH, and the description of an attempt its directory; everything else is short. */
const RECORD_BYTES_MAX = 65_536;
const REASON_CHARACTERS_MAX = 2_000;

export function recordPath(dir: string, fence: number): string {
  return `${dir}/claim.${fence}`;
}

/** What says that there was a record. */
function keptPath(dir: string): string {
  return `${dir}/claimed`;
}

/** What the record of an attempt says: who has the claim, who the agent is, how it ended. */
export interface Records {
  readonly claim: Look<Claim>;
  readonly agent: Look<ProcessIdentity>;
  readonly exit: Look<ExitRecord>;
  /** null: it is not there, or cannot be read */
  readonly writtenAt: Millis | null;
}

/** The time of an exit is the time at which its line was written, which is the last of them. */
export function readRecords(dir: string, fence: number): Records {
  const record = readRecord(dir, fence);
  if (record.kind !== 'seen') {
    return { claim: record, agent: record, exit: record, writtenAt: null };
  }
  const { text, at } = record.value;
  return {
    claim: { kind: 'seen', value: parseClaim(text) },
    agent: seenOrAbsent(parseAgent(text)),
    exit: seenOrAbsent(parseExit(text, fence, at)),
    writtenAt: at,
  };
}

/** The mark of the attempt, as its shim wrote it down for who has no ledger; null: it did not, or it is not legible. */
export function readMark(dir: string, fence: number): string | null {
  const record = readRecord(dir, fence);
  if (record.kind !== 'seen') return null;
  const about = parseJson(firstMatch(record.value.text, /^attempt (\{.*\}) end$/s)?.[1] ?? 'null');
  const mark = about !== null && typeof about === 'object' && 'mark' in about ? about.mark : null;
  return typeof mark === 'string' ? mark : null;
}

/** Whatever the file says, it is there: the fence is taken. */
export function parseClaim(text: string): Claim {
  if (firstMatch(text, /^recovery end$/) !== null) return { by: 'recovery' };
  const shim = parseIdentity(text, 'shim');
  return shim === null ? { by: 'nobody-legible' } : { by: 'shim', shim };
}

export function parseAgent(text: string): ProcessIdentity | null {
  return parseIdentity(text, 'agent');
}

const IDENTITY = {
  shim: /^shim (\d{1,10}) (\d{1,15}) (\S{1,100}) end$/,
  agent: /^agent (\d{1,10}) (\d{1,15}) (\S{1,100}) end$/,
};

function parseIdentity(text: string, who: 'shim' | 'agent'): ProcessIdentity | null {
  const match = firstMatch(text, IDENTITY[who]);
  if (match === null) return null;
  return { pid: Number(match[1]), startTime: Number(match[2]), bootId: match[3]! };
}

/**
 * The first end counts: a shim says of a program that could not be executed both why and with which status.
 *
 * @returns null where no line is whole, or it belongs to another fence
 */
export function parseExit(text: string, fence: number, at: Millis): ExitRecord | null {
  for (const line of text.split('\n')) {
    const [, word, of, rest = ''] = /^(exit|refused|failed) (\d{1,9}) (.+) end$/s.exec(line) ?? [];
    if (word === undefined || Number(of) !== fence) continue;
    if (word === 'exit' && /^\d{1,3}$/.test(rest)) return exitOfStatus(Number(rest), at);
    const reason = word === 'exit' ? null : parseJson(rest);
    if (typeof reason === 'string')
      return { kind: 'refused', final: word === 'refused', reason, at };
  }
  return null;
}

/** Lines end at `\n` alone: what a regular expression takes for the end of a line may stand in a name. */
function firstMatch(text: string, pattern: RegExp): RegExpExecArray | null {
  for (const line of text.split('\n')) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  return null;
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
  Object.entries(system.signals)
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
    if (existsSync(keptPath(dir))) return 'taken';
    return linkNew(recordPath(dir, fence), 'recovery end\n', keptPath(dir)) ? 'seized' : 'taken';
  } catch {
    return 'unknown';
  }
}

/** Writes down, durably, that this fence was refused. An end that is there already stays. */
export function writeRefusal(dir: string, fence: number, reason: string): void {
  const words = JSON.stringify(reason.slice(0, REASON_CHARACTERS_MAX));
  const fd = openSync(recordPath(dir, fence), 'a', 0o600);
  try {
    writeSync(fd, `\nrefused ${fence} ${words} end\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Creates `path` with all of `text` at once, and a second name for it. @returns false where it exists */
function linkNew(path: string, text: string, second: string): boolean {
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
  } catch (error) {
    unlinkSync(temporary);
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
  renameSync(temporary, second);
  return true;
}

const buffer = Buffer.allocUnsafeSlow(RECORD_BYTES_MAX);

type Text = Look<{ readonly text: string; readonly at: Millis }>;

function readRecord(dir: string, fence: number): Text {
  const record = readText(recordPath(dir, fence));
  if (record.kind !== 'absent') return record;
  const kept = readText(keptPath(dir));
  if (kept.kind === 'absent') return record;
  // Both can have come since.
  const again = readText(recordPath(dir, fence));
  return again.kind === 'absent' ? kept : again;
}

function readText(path: string): Text {
  try {
    // A FIFO that was put in its place must not keep us waiting for a writer.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const length = readSync(fd, buffer, 0, RECORD_BYTES_MAX, 0);
      const at = Math.round(fstatSync(fd).mtimeMs);
      return { kind: 'seen', value: { text: buffer.toString('utf8', 0, length), at } };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isNotThere(error)) return { kind: 'absent' };
    return { kind: 'unknown', because: describeError(error, path) };
  }
}

function seenOrAbsent<T>(value: T | null): Look<T> {
  return value === null ? { kind: 'absent' } : { kind: 'seen', value };
}

/** @returns null also where it is no JSON */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
