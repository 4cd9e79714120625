// Owns the reading of an agent's output line by line from an offset: whole lines of a growing file, each bounded in
// length, with what was dropped from the middle of the file (trim-output.ts) skipped.
import { closeSync, statSync } from 'node:fs';
import type { Look } from '../core/evidence.ts';
import type { StreamPiece, StreamPlace } from '../ports.ts';
import { LongLine } from './long-line.ts';
import { openIfThere, readStretch, type Stretch } from './read-output.ts';
import { describeError, isNotThere } from './system-error.ts';

export interface LineBounds {
  /** of the file, in one call */
  readonly pieceBytes: number;
  /** a longer line is not kept whole; must leave room in a piece */
  readonly wholeLineBytes: number;
}

export const LINE_BOUNDS: LineBounds = { pieceBytes: 1024 * 1024, wholeLineBytes: 64 * 1024 };
/** How much of a gap without a marker (a crash came between) is skipped in one call. */
const SKIP_BYTES_MAX = 64 * 1024 * 1024;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

export interface StreamLines {
  read(path: string, place: StreamPlace): Look<StreamPiece>;
  /** Drops what is remembered of these files. */
  forget(paths: readonly string[]): void;
}

/** Remembers of each file the long line in whose middle a reader stands. It costs a second reading to lose that. */
export function createStreamLines(bounds: LineBounds = LINE_BOUNDS): StreamLines {
  const halves = new Map<string, Half>();

  function read(path: string, place: StreamPlace): Look<StreamPiece> {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return { kind: 'absent' };
    const { size, mtimeMs } = stats;
    // Most looks find one of the two streams as it was. Of a pipe in its place that cannot be told.
    if (size === place.from && stats.isFile()) {
      const writtenAt = Math.round(mtimeMs);
      return { kind: 'seen', value: { lines: [], next: size, atEnd: true, writtenAt } };
    }
    const fd = openIfThere(path);
    if (fd === null) return { kind: 'absent' };
    try {
      const half = halves.get(path);
      const continued = half?.from === place.from && half.line.json === place.json ? half : null;
      // In case of an error what is half read cannot be trusted.
      halves.delete(path);
      const lines = new Lines(place, continued, bounds);
      const piece = readOn(fd, lines, { ...place, size }, bounds);
      if (lines.half !== null) halves.set(path, lines.half);
      return { kind: 'seen', value: piece };
    } finally {
      closeSync(fd);
    }
  }

  return {
    read(path, place) {
      try {
        return read(path, place);
      } catch (error) {
        if (isNotThere(error)) return { kind: 'absent' };
        return { kind: 'unknown', because: describeError(error, path) };
      }
    },
    forget(paths) {
      for (const path of paths) halves.delete(path);
    },
  };
}

function readOn(
  fd: number,
  lines: Lines,
  { ended, size: sizeBefore }: StreamPlace & { readonly size: number },
  { pieceBytes }: LineBounds,
): StreamPiece {
  const begin = lines.at;
  // The buffer is as large as what is there.
  const bytesMax = Math.min(pieceBytes, Math.max(1, sizeBefore - begin));
  for (;;) {
    const stretch = readStretch(fd, lines.at, bytesMax);
    const { next, size, modifiedMs } = stretch;
    const isEmpty = takeStretch(lines, stretch);
    const atEnd = next >= size;
    if (atEnd && ended) lines.cut(next);
    if (!isEmpty || atEnd || lines.at - begin >= SKIP_BYTES_MAX) {
      return { lines: lines.done, next: lines.next, atEnd, writtenAt: modifiedMs };
    }
  }
}

/**
 * A gap ends the line before it, and reads as NUL bytes where its marker is not seen: because a crash came before it was
 * written, or because the reader begins inside of the gap. No line that anybody means has such bytes.
 *
 * @returns whether there was nothing but a gap
 */
function takeStretch(lines: Lines, { bytes, markerBytes, next }: Stretch): boolean {
  const end = bytes.length - markerBytes;
  let [at, isEmpty] = [0, markerBytes === 0];
  while (at < end) {
    const nul = bytes.indexOf(0, at);
    const until = nul < 0 || nul > end ? end : nul;
    if (until > at) {
      lines.take(bytes.subarray(at, until));
      isEmpty = false;
    }
    at = until;
    if (at === end) break;
    while (at < end && bytes[at] === 0) at += 1;
    lines.cut(lines.at + (at - until));
  }
  if (markerBytes > 0) lines.cut(next);
  return isEmpty;
}

/** The line in whose middle a reader stands. */
interface Half {
  /** where it starts */
  readonly from: number;
  /** how far it was read */
  at: number;
  readonly line: LongLine;
}

class Lines {
  readonly done: string[] = [];
  /** where the first line starts that is not among them */
  next: number;
  half: Half | null;
  readonly #json: boolean;
  readonly #wholeBytes: number;
  /** of a line that is not long, what is there of it so far; it is read again with its end */
  #rest: Buffer | null = null;
  #at: number;

  constructor({ from, json }: StreamPlace, half: Half | null, bounds: LineBounds) {
    this.next = from;
    this.half = half;
    this.#at = half?.at ?? from;
    this.#json = json;
    this.#wholeBytes = bounds.wholeLineBytes;
  }

  /** how far the file was read */
  get at(): number {
    return this.#at;
  }

  /** @param bytes what follows in the file, without NUL bytes */
  take(bytes: Buffer): void {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(LINE_FEED, start);
      if (end < 0) break;
      this.#end(bytes.subarray(start, end));
      start = end + 1;
      this.next = this.#at + start;
    }
    this.#at += bytes.length;
    const rest = bytes.subarray(start);
    if (this.half === null && rest.length <= this.#wholeBytes) {
      this.#rest = rest;
      return;
    }
    this.half ??= { from: this.next, at: this.#at, line: new LongLine(this.#json) };
    this.half.line.push(rest);
    this.half.at = this.#at;
  }

  /** What is there of a line is all that there will be; the next one starts at `next`. */
  cut(next: number): void {
    const rest = this.#rest ?? Buffer.alloc(0);
    if (this.half !== null || rest.length > 0) this.#end(rest);
    this.next = next;
    this.#at = next;
  }

  #end(bytes: Buffer): void {
    this.#rest = null;
    if (this.half === null && bytes.length <= this.#wholeBytes) {
      const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
      this.done.push(bytes.toString('utf8', 0, end));
      return;
    }
    const line = this.half?.line ?? new LongLine(this.#json);
    line.push(bytes);
    this.done.push(line.end());
    this.half = null;
  }
}
