// Owns an output file of a simulated agent with a stream: its text, and how somebody reads on in it.
import type { StreamPiece, StreamPlace } from '../../src/ports.ts';

/** ASCII only, so that characters are bytes. */
export interface OutputFile {
  text: string;
  /** by the clock of the file system */
  writtenAt: number | null;
  /** what was dropped from its middle */
  gap: { readonly from: number; readonly to: number } | null;
}

export function emptyFile(): OutputFile {
  return { text: '', writtenAt: null, gap: null };
}

/** As stream-lines.ts does it, without its care for long lines. */
export function readPiece(
  { text, writtenAt, gap }: OutputFile,
  { from, ended }: StreamPlace,
  bytesMax: number,
): StreamPiece {
  const lines: string[] = [];
  let next = from;
  const limit = gap !== null && next < gap.to ? gap.from : text.length;
  let bytes = 0;
  while (bytes < bytesMax) {
    const end = text.indexOf('\n', next);
    if (end < 0 || end >= limit) break;
    lines.push(text.slice(next, end));
    bytes += end + 1 - next;
    next = end + 1;
  }
  const isLast = bytes < bytesMax;
  if (isLast && gap !== null && limit === gap.from) {
    if (next < limit) lines.push(text.slice(next, limit));
    return { lines, next: gap.to, atEnd: gap.to >= text.length, writtenAt };
  }
  if (isLast && ended && next < text.length) {
    lines.push(text.slice(next));
    next = text.length;
  }
  return { lines, next, atEnd: isLast || next >= text.length, writtenAt };
}

/** Head and tail stay. @returns how many bytes were dropped now */
export function trimFile(file: OutputFile, bytesMax: number): number {
  const before = file.gap === null ? 0 : file.gap.to - file.gap.from;
  if (file.text.length - before <= bytesMax) return 0;
  const from = Math.floor(bytesMax / 4);
  const to = file.text.length - Math.floor(bytesMax / 2);
  file.gap = { from, to };
  return to - from - before;
}
