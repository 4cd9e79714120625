// Owns the look at one run directory: what its records and its output say now, in few system calls.
import { statSync } from 'node:fs';
import type { Look, RunDirLook } from '../core/evidence.ts';
import { type Records, readRecords, recordPath } from './run-records.ts';
import { describeError, isNotThere } from './system-error.ts';

const STREAMS = ['stdout', 'stderr'] as const;
const ABSENT = { kind: 'absent' } as const;
const DESTROYED = { kind: 'seen', value: { by: 'nobody-legible' } } as const;

export function outputPath(runDir: string, stream: (typeof STREAMS)[number]): string {
  return `${runDir}/${stream}`;
}

/** Both streams of an attempt. */
export function outputPaths(runDir: string): string[] {
  return STREAMS.map((stream) => outputPath(runDir, stream));
}

export interface RunLook {
  look(runDir: string, fence: number): RunDirLook;
  /** Drops what is remembered of this directory. */
  forget(runDir: string): void;
}

/**
 * A line of the record that is missing or not whole is `absent`; a record that cannot be read is `unknown`; whoever had the
 * claim in a directory that is gone, or where something else lies now, is `nobody-legible`. A record only grows, so in the
 * steady state a look is three `stat`s.
 */
export function createRunLook(runsDir: string): RunLook {
  const known = new Map<string, { size: number; records: Records }>();

  function look(dir: string, fence: number): RunDirLook {
    const outputBytes = measureOutput(dir);
    const size = sizeOf(recordPath(dir, fence));
    const before = known.get(dir);
    if (before !== undefined && before.size === size && outputBytes.kind === 'seen') {
      return { ...before.records, outputBytes };
    }
    const records = readRecords(dir, fence);
    if (records.claim.kind === 'absent' && outputBytes.kind === 'absent' && !isDirectory(dir)) {
      // The file system with all runs may have been unmounted; nobody has died of that.
      if (!isDirectory(runsDir)) return unknownLook(`no directory: ${runsDir}`);
      // It was made before its claim was committed.
      return { ...records, claim: DESTROYED, outputBytes };
    }
    // By the size from before the reading: what was appended since is read next time.
    if (records.claim.kind === 'seen' && size !== null) known.set(dir, { size, records });
    return { ...records, outputBytes };
  }

  return { look, forget: (dir) => known.delete(dir) };
}

/** null where it is not there, or that cannot be told: reading it then says what is wrong. */
function sizeOf(path: string): number | null {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? null;
  } catch {
    return null;
  }
}

/** True also where that cannot be told: reading it then says what is wrong. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    return !isNotThere(error);
  }
}

/** Bytes as written: what trimming has dropped still counts. */
function measureOutput(dir: string): Look<number> {
  let bytes: number | null = null;
  for (const path of outputPaths(dir)) {
    try {
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      if (size !== undefined) bytes = (bytes ?? 0) + size;
    } catch (error) {
      if (isNotThere(error)) continue;
      return { kind: 'unknown', because: describeError(error, path) };
    }
  }
  return bytes === null ? ABSENT : { kind: 'seen', value: bytes };
}

function unknownLook(because: string): RunDirLook {
  const unknown = { kind: 'unknown', because } as const;
  return { claim: unknown, agent: unknown, exit: unknown, writtenAt: null, outputBytes: unknown };
}
