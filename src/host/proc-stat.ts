// Owns the stat of one process: its identity and what it uses, or why it could not be looked at.
import { readProcFile } from './proc-file.ts';
import { type ProcStat, parseStat } from './proc-parse.ts';
import { describeError, errorCode } from './system-error.ts';

/** The stat of one process; `gone`, `hidden`, or a sentence that says why it could not be looked at. */
export function readStat(
  buffer: Buffer,
  pid: number,
): ProcStat | 'gone' | 'hidden' | (string & {}) {
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
