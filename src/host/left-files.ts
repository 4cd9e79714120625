// Owns what lies in a state directory besides ledger and records, as it is found: run directories by name, temporary files
// whose maker is gone, and how much output there is. Looks only; symbolic links are not followed.
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import type { AttemptKey, Millis } from '../core/dispatch.ts';
import { isBeingRemoved } from './remove-run-dir.ts';
import { outputPaths } from './run-look.ts';
import { errorCode } from './system-error.ts';
import { BLOCK_BYTES } from './trim-output.ts';

export interface RunDirEntry {
  readonly name: string;
  readonly path: string;
  /** null: it is none of an attempt, by its name */
  readonly key: AttemptKey | null;
  readonly kind: 'directory' | 'link' | 'other';
  /** by a cleaning that was killed: it is no run directory any more */
  readonly beingRemoved: boolean;
}

/**
 * @returns in the order of their names; none where there is no such directory
 * @throws errors of the operating system
 */
export function listRunDirs(runsDir: string): readonly RunDirEntry[] {
  if (!isDirectory(runsDir)) return [];
  return readdirSync(runsDir)
    .toSorted()
    .flatMap((name): RunDirEntry[] => {
      const path = `${runsDir}/${name}`;
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined) return [];
      const [, dispatch, fence] = /^([a-z0-9]+)\.([1-9]\d{0,8})$/.exec(name) ?? [];
      const key = dispatch === undefined ? null : { dispatch, fence: Number(fence) };
      return [{ name, path, key, kind: kindOf(stat), beingRemoved: isBeingRemoved(name) }];
    });
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function kindOf(stat: Stats): RunDirEntry['kind'] {
  if (stat.isDirectory()) return 'directory';
  return stat.isSymbolicLink() ? 'link' : 'other';
}

/** `.probe-PID` of a command that tried the disk, `bell/ring.PID` of one that rang: each is there for an instant. */
const TEMPORARY = [
  ['', /^\.probe-(\d{1,10})(?:-link)?$/],
  ['/bell', /^ring\.(\d{1,10})$/],
] as const;

export interface TemporaryFile {
  readonly path: string;
  readonly modifiedAt: Millis;
}

/**
 * Temporary files of commands that were killed.
 *
 * @param isThere whether any process has that pid: whoever has it may be the maker
 * @throws errors of the operating system
 */
export function listTemporaryFiles(
  stateDir: string,
  isThere: (pid: number) => boolean,
): TemporaryFile[] {
  return TEMPORARY.flatMap(([place, pattern]) => {
    const dir = `${stateDir}${place}`;
    if (!isDirectory(dir)) return [];
    return readdirSync(dir).flatMap((name) => {
      const pid = pattern.exec(name)?.[1];
      if (pid === undefined || isThere(Number(pid))) return [];
      const path = `${dir}/${name}`;
      const stat = lstatSync(path, { throwIfNoEntry: false });
      return stat?.isFile() === true ? [{ path, modifiedAt: Math.round(stat.mtimeMs) }] : [];
    });
  });
}

/** Nobody has begun anything in that run directory; false also where it is gone, or that cannot be told. */
export function isUntouched(runDir: string): boolean {
  try {
    return readdirSync(runDir).length === 0;
  } catch {
    return false;
  }
}

/** Bytes of disk that the output of an attempt takes. */
export function outputBytesOnDisk(runDir: string): number {
  return outputPaths(runDir).reduce((sum, path) => {
    const stat = lstatOrNothing(path);
    return sum + (stat?.isFile() === true ? stat.blocks * BLOCK_BYTES : 0);
  }, 0);
}

/** The life line of an attempt; null: it has none. */
export function fifoOf(runDir: string): string | null {
  const path = `${runDir}/life`;
  return lstatOrNothing(path)?.isFIFO() === true ? path : null;
}

function lstatOrNothing(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A directory that may not be looked into: what it holds is told by who tries to remove it.
    if (['EACCES', 'ENOTDIR'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
