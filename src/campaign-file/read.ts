// Owns the bounded reading of a text file that a person wrote.
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DroverError, type ErrorCode } from '../core/error.ts';
import { formatSize } from '../core/size.ts';

/** 10,000 dispatches with all their keys fit; what is larger was most probably named by mistake. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** How large a file may be, and the way out where it is larger. */
interface Bound {
  readonly bytesMax: number;
  readonly hint: string;
}

const BOUND: Bound = {
  bytesMax: FILE_BYTES_MAX,
  hint: 'check that it is the right file, or split it',
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  EISDIR: 'it is a directory',
};

/**
 * The text of the file, without a byte order mark.
 *
 * @throws DroverError with `code`: no such file, no permission, more than `bound`, not UTF-8
 */
export function readTextFile(path: string, code: ErrorCode, bound = BOUND): string {
  const bytes = readBounded(path, code, bound);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const hint = 'save it with the encoding UTF-8';
    throw unreadable({ path, code, reason: 'it is not UTF-8 text', hint, cause });
  }
}

/**
 * As `readTextFile`, of a file that is read again and again: whoever opens a pipe waits for its writer, and a supervisor
 * must not. Null where there is no such file. Any other trouble is an error, never taken for "not there".
 */
export function readTextFileIfThere(path: string, code: ErrorCode): string | null {
  if (mayKeepWaiting(path)) {
    const hint = 'put a file in its place, or remove it';
    throw unreadable({ path, code, reason: 'it is a pipe', hint });
  }
  try {
    return readTextFile(path, code);
  } catch (error) {
    if (error instanceof DroverError && codeOf(error.cause) === 'ENOENT') return null;
    throw error;
  }
}

/** What cannot be looked at is told by whoever reads it. */
function mayKeepWaiting(path: string): boolean {
  try {
    const stat = statSync(path);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

function readBounded(
  path: string,
  code: ErrorCode,
  { bytesMax, hint: smaller }: Bound,
): Uint8Array {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, 'r');
    // Not filled with zeros: only what was read is looked at.
    const buffer = Buffer.allocUnsafeSlow(bytesMax + 1);
    let length = 0;
    // A pipe gives its content in pieces, and its size is not known before.
    for (let count = -1; count !== 0 && length < buffer.length; length += count) {
      count = readSync(descriptor, buffer, length, buffer.length - length, null);
    }
    if (length <= bytesMax) return buffer.subarray(0, length);
  } catch (cause) {
    const hint = 'check the path and its permissions';
    throw unreadable({ path, code, reason: reasonOf(cause), hint, cause });
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
  const reason = `it is larger than ${formatSize(bytesMax)}`;
  throw unreadable({ path, code, reason, hint: smaller });
}

interface Unreadable {
  path: string;
  code: ErrorCode;
  reason: string;
  hint: string;
  cause?: unknown;
}

function unreadable({ path, code, reason, hint, cause }: Unreadable): DroverError {
  return new DroverError(code, {
    message: `cannot read ${JSON.stringify(path)}: ${reason}`,
    hint,
    at: path,
    cause,
  });
}

function reasonOf(error: unknown): string {
  return REASONS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
