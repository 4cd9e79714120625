// Owns the reading of a pidfile that somebody else writes: the pid that it names, and which writing of the file said so.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Look } from '../core/evidence.ts';
import { describeError, errorCode } from './system-error.ts';

/** A pid and its line end; some programs write more lines after it. */
const READ_BYTES_MAX = 256;

export interface PidfileContent {
  readonly pid: number;
  /** differs whenever the file was written again or replaced, also with the same pid */
  readonly version: string;
}

/**
 * What the file says now. Never `absent`: a file that is not there, or says nothing legible, leaves open whom it means
 * (I4), and `because` says so in words.
 */
export function readPidfile(path: string): Look<PidfileContent> {
  const unknown = (because: string): Look<PidfileContent> => ({
    kind: 'unknown',
    because: `pidfile ${path}: ${because}`,
  });
  let descriptor: number | null = null;
  try {
    // A FIFO without a writer must not keep us waiting.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor, { bigint: true });
    if (!stat.isFile()) return unknown('it is not a file');
    const buffer = Buffer.alloc(READ_BYTES_MAX);
    const length = readSync(descriptor, buffer, 0, buffer.length, 0);
    const [line = ''] = buffer.toString('latin1', 0, length).split('\n', 1);
    const pid = /^\s*\d{1,10}\s*$/.test(line) ? Number(line) : 0;
    if (pid === 0) return unknown('its first line is not a pid');
    const version = [stat.dev, stat.ino, stat.ctimeNs, stat.mtimeNs, pid].join(':');
    return { kind: 'seen', value: { pid, version } };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return unknown('there is no such file');
    return unknown(`it cannot be read (${describeError(error, path)})`);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
