// Owns the files of operation leases, `ops/ID.json` in a run directory: how they are read, and how `drover op` holds one.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import type { Millis } from '../core/dispatch.ts';
import type { Look } from '../core/evidence.ts';
import { type Operation, parseOperation } from '../core/operation.ts';
import { replaceFile } from './replace-file.ts';
import { describeError, errorCode } from './system-error.ts';

/** An agent has a handful of tools under way. What is beyond was left by holders that were killed. */
const FILES_MAX = 64;
/** A directory fuller than this is none of ours. */
const NAMES_MAX = 1_024;
const FILE_BYTES_MAX = 4_096;

/** @returns `absent`: there is no such directory; files that are no leases are left out */
export function readOperations(runDir: string): Look<readonly Operation[]> {
  const dir = `${runDir}/ops`;
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { kind: 'absent' };
    return { kind: 'unknown', because: describeError(error, dir) };
  }
  const leases = names.filter((name) => name.endsWith('.json'));
  if (leases.length > NAMES_MAX) {
    return { kind: 'unknown', because: `more than ${NAMES_MAX} leases in ${dir}` };
  }
  const operations: Operation[] = [];
  for (const name of newestOf(dir, leases)) {
    try {
      const operation = readOperation(dir, name);
      if (operation !== null) operations.push(operation);
    } catch (error) {
      // It has just ended.
      if (errorCode(error) === 'ENOENT') continue;
      return { kind: 'unknown', because: describeError(error, `${dir}/${name}`) };
    }
  }
  return { kind: 'seen', value: operations };
}

/** Whoever holds one touches it; by their names those that were left behind could hide it. */
function newestOf(dir: string, names: readonly string[]): readonly string[] {
  if (names.length <= FILES_MAX) return names;
  return names
    .map((name) => ({ name, at: touchedAt(`${dir}/${name}`) }))
    .toSorted((a, b) => b.at - a.at)
    .slice(0, FILES_MAX)
    .map(({ name }) => name);
}

/** The oldest where that cannot be told: reading it, if it comes to that, says what is wrong. */
function touchedAt(path: string): Millis {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  } catch {
    return 0;
  }
}

function readOperation(dir: string, name: string): Operation | null {
  // A FIFO of that name would keep whoever opens it waiting for a writer.
  const fd = openSync(`${dir}/${name}`, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > FILE_BYTES_MAX) return null;
    const buffer = Buffer.alloc(FILE_BYTES_MAX);
    const length = readSync(fd, buffer, 0, FILE_BYTES_MAX, 0);
    return parseOperation(name, buffer.toString('utf8', 0, length), Math.round(stat.mtimeMs));
  } finally {
    closeSync(fd);
  }
}

export interface HeldOperation {
  /** Says that the holder is there; best effort, for the command that is under way counts more than its lease. */
  touch(now: Millis): void;
  release(): void;
}

/** @throws errors of the operating system: there is no lease then */
export function holdOperation(
  runDir: string,
  { label, startedAt, notAfter }: Pick<Operation, 'label' | 'startedAt' | 'notAfter'>,
): HeldOperation {
  const path = `${runDir}/ops/${process.pid}-${randomBytes(4).toString('hex')}.json`;
  const iso = (at: Millis) => new Date(at).toISOString();
  const lease = { operation: label, startedAt: iso(startedAt), notAfter: iso(notAfter) };
  replaceFile(path, `${JSON.stringify(lease)}\n`);
  return {
    touch(now) {
      try {
        utimesSync(path, now / 1_000, now / 1_000);
      } catch {
        // Its run directory has gone, or the disk refuses: nobody reads the lease then either.
      }
    },
    release: () => rmSync(path, { force: true }),
  };
}
