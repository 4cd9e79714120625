// Owns the reading of an agent's output: in pieces, following it while it grows, and its last line. Knows the gaps that
// trim-output.ts leaves.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isNotThere } from './system-error.ts';
import { BLOCK_BYTES, findGapMarker, MARKER_BYTES_MAX, MARKER_START } from './trim-output.ts';

export interface OutputPiece {
  readonly bytes: Buffer;
  /** where to go on; beyond a gap where one was met */
  readonly next: number;
  /** nothing follows now */
  readonly atEnd: boolean;
}

const READ_BYTES_MIN = 4_096;
/** How much of a gap without a marker (a crash came between) is skipped in one call. */
const SKIP_BYTES_MAX = 64 * 1024 * 1024;
const FOLLOW_PIECE_BYTES = 65_536;
/** How soon a follower shows what is new; one `stat` each. */
const FOLLOW_EVERY_MS = 100;
const LAST_LINE_BYTES = 4_096;
const NULS = Buffer.alloc(FOLLOW_PIECE_BYTES);

/**
 * Reads at most `bytesMax` bytes (at least 4 KiB are allowed) from byte `from` on. Of a gap its marker is shown and the
 * rest is skipped. A file that does not exist is one without output.
 *
 * @throws errors of the operating system (EACCES, EIO)
 */
export function readOutput(path: string, where: { from: number; bytesMax: number }): OutputPiece {
  const fd = openIfThere(path);
  if (fd === null) return { bytes: Buffer.alloc(0), next: where.from, atEnd: true };
  try {
    return readPiece(fd, where.from, Math.max(READ_BYTES_MIN, where.bytesMax));
  } finally {
    closeSync(fd);
  }
}

/**
 * Yields the output from `from` on, and what is added to it. Ends when `stop` is aborted and everything that was there by
 * then has been yielded: an attempt that has ended is shown to its end.
 */
export async function* followOutput(
  path: string,
  options: { readonly from: number; readonly stop: AbortSignal },
): AsyncGenerator<Buffer, void, undefined> {
  let from = options.from;
  for (;;) {
    // Asked before the read: what was written before the stop is then surely read after it.
    const stopped = options.stop.aborted;
    const piece = readOutput(path, { from, bytesMax: FOLLOW_PIECE_BYTES });
    from = piece.next;
    if (piece.bytes.length > 0) yield piece.bytes;
    if (!piece.atEnd) continue;
    if (stopped) return;
    await wait(FOLLOW_EVERY_MS, undefined, { signal: options.stop }).catch(() => undefined);
  }
}

/**
 * The last line that holds something, without control characters and escape sequences, for the live table. Of a line
 * that rewrites itself (a progress bar) the newest version.
 *
 * @returns null where there is no output, or none that can be read
 */
export function lastLine(path: string): string | null {
  try {
    const fd = openIfThere(path);
    if (fd === null) return null;
    try {
      const { size } = fstatSync(fd);
      const tail = readAt(fd, Math.max(0, size - LAST_LINE_BYTES), LAST_LINE_BYTES);
      return lastVisibleLine(tail.toString('utf8'));
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

/** Pure half of `lastLine`. */
export function lastVisibleLine(text: string): string | null {
  const lines = text.replaceAll(ESCAPES, '').split(/[\r\n]+/);
  for (const line of lines.toReversed()) {
    const visible = line.replaceAll(CONTROLS, '').replaceAll('\t', ' ').trim();
    if (visible !== '') return visible;
  }
  return null;
}

/** ECMA-48: operating system commands (titles, links) up to their terminator, control sequences, two-byte escapes. */
// oxlint-disable-next-line no-control-regex -- those are meant
const ESCAPES = /\u001b(?:[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\[[0-?]*[ -/]*[@-~]|[ -~])/g;
// oxlint-disable-next-line no-control-regex -- those are meant
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

function readPiece(fd: number, from: number, bytesMax: number): OutputPiece {
  let next = from;
  for (;;) {
    const stretch = readStretch(fd, next, bytesMax);
    const shown = stretch.blocks * BLOCK_BYTES < stretch.size ? withoutNuls : asItIs;
    const bytes = shown(stretch.bytes);
    next = stretch.next;
    const atEnd = next >= stretch.size;
    if (bytes.length > 0 || atEnd || next - from >= SKIP_BYTES_MAX) return { bytes, next, atEnd };
  }
}

/** A stretch of the file as it lies there, up to the first gap. */
export interface Stretch {
  /** with the marker of the gap that follows, if one does */
  readonly bytes: Buffer;
  /** how many of these are the marker; 0: no gap follows */
  readonly markerBytes: number;
  /** where to go on; beyond the gap */
  readonly next: number;
  readonly size: number;
  readonly blocks: number;
  readonly modifiedMs: number;
}

/** @throws errors of the operating system (EIO) */
export function readStretch(fd: number, from: number, bytesMax: number): Stretch {
  const piece = readAt(fd, from, bytesMax);
  const { size, blocks, mtimeMs } = fstatSync(fd);
  const file = { size, blocks, modifiedMs: Math.round(mtimeMs) };
  const marker = findGapMarker(piece);
  if (marker !== null && isGap(fd, size, from + marker.start, marker)) {
    const bytes = piece.subarray(0, marker.end);
    const next = from + marker.start + marker.gapBytes;
    return { bytes, markerBytes: marker.end - marker.start, next, ...file };
  }
  const wholeBytes = from + piece.length < size ? beforeHalfMarker(piece) : piece.length;
  return { bytes: piece.subarray(0, wholeBytes), markerBytes: 0, next: from + wholeBytes, ...file };
}

/** An agent may print the same words; only a gap goes on with NUL bytes. */
function isGap(
  fd: number,
  size: number,
  start: number,
  marker: { start: number; end: number; gapBytes: number },
): boolean {
  const markerBytes = marker.end - marker.start;
  if (marker.gapBytes <= markerBytes || start + marker.gapBytes > size) return false;
  return readAt(fd, start + markerBytes, 1)[0] === 0;
}

/** How much of a piece may be shown before the rest is known: its end may be the beginning of a marker. */
function beforeHalfMarker(piece: Buffer): number {
  const at = piece.lastIndexOf(MARKER_START.charCodeAt(0));
  if (at < 1 || piece.length - at > MARKER_BYTES_MAX) return piece.length;
  const end = piece.toString('latin1', at, at + MARKER_START.length);
  return MARKER_START.startsWith(end) ? at : piece.length;
}

/**
 * A gap whose marker was not written (a crash came between) reads as NUL bytes, which say nothing to anybody. Only a file
 * with fewer blocks than bytes has gaps: the NUL bytes of any other are the agent's own.
 */
function withoutNuls(bytes: Buffer): Buffer {
  // Most of a gap, which may be gigabytes that somebody waits for.
  if (bytes.equals(NULS.subarray(0, bytes.length))) return NULS.subarray(0, 0);
  return bytes.includes(0) ? Buffer.from(bytes.filter((byte) => byte !== 0)) : bytes;
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}

function readAt(fd: number, position: number, bytesMax: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytesMax);
  return buffer.subarray(0, readSync(fd, buffer, 0, bytesMax, position));
}

export function openIfThere(path: string): number | null {
  try {
    // An agent may have put a pipe in its place, which nobody ever opens at the other end.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isNotThere(error)) return null;
    throw error;
  }
}
