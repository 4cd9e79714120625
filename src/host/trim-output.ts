// Owns the bound on an output file that somebody is still appending to: its middle is dropped, head and tail stay.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

/** Frees `length` bytes of a file from `offset` on without moving anything. False where that is not possible here. */
export type PunchHole = (path: string, offset: number, length: number) => boolean;

/** A gap has to be worth a marker and a system call. */
const DROP_BYTES_MIN = 8_192;
const COPY_BYTES = 1024 * 1024;
/** The unit of `blocks` in a stat. */
export const BLOCK_BYTES = 512;

/** The line at the start of a gap; the rest of the gap, which reads as NUL bytes, is counted in its number. */
const MARKER = /\n\[drover: (\d{1,16}) bytes dropped here\]\n/;
/** The longest marker has this many bytes. */
export const MARKER_BYTES_MAX = 64;
export const MARKER_START = '\n[drover: ';

/**
 * Looks for the marker of a gap.
 *
 * @returns where it starts and ends in `text`, and how long the gap is; null: none
 */
export function findGapMarker(
  text: Buffer,
): { readonly start: number; readonly end: number; readonly gapBytes: number } | null {
  // Almost never there, and a search for bytes is ten times as fast as one for a pattern.
  if (!text.includes(MARKER_START)) return null;
  const match = MARKER.exec(text.toString('latin1'));
  if (match === null) return null;
  const end = match.index + match[0].length;
  return { start: match.index, end, gapBytes: Number(match[1]) };
}

/**
 * Where `path` uses more than `bytesMax` of disk: keeps the first quarter and the last half of that, and drops what is
 * between. Offsets never change, and appenders (O_APPEND) never notice. Disk use is measured in blocks, because the
 * apparent size of a file with a gap goes on growing.
 *
 * @returns bytes dropped now; 0 where nothing was to be done or could be done
 */
export function trimStream(
  path: string,
  bytesMax: number,
  punch: PunchHole = punchWithFallocate,
): number {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || stat.blocks * BLOCK_BYTES <= bytesMax) return 0;
    return dropMiddle(path, stat.size, bytesMax, punch);
  } catch {
    // The file vanished or the disk refuses: nothing was promised, and the next look tries again.
    return 0;
  }
}

function dropMiddle(path: string, size: number, bytesMax: number, punch: PunchHole): number {
  const head = Math.floor(bytesMax / 4);
  const tail = Math.floor(bytesMax / 2);
  const gap = size - tail - head;
  if (gap < DROP_BYTES_MIN) return 0;
  const fd = openSync(path, 'r+');
  try {
    const droppedBefore = gapAt(fd, head);
    if (gap - droppedBefore < DROP_BYTES_MIN) return 0;
    if (!punch(path, head, gap)) cutAndPutBack(path, fd, head, gap);
    writeSync(fd, `\n[drover: ${gap} bytes dropped here]\n`, head);
    return gap - droppedBefore;
  } finally {
    closeSync(fd);
  }
}

/** How long the gap that begins at `offset` is by its marker; 0: there is none. */
function gapAt(fd: number, offset: number): number {
  const text = Buffer.alloc(MARKER_BYTES_MAX);
  const length = readSync(fd, text, 0, text.length, offset);
  const marker = findGapMarker(text.subarray(0, length));
  return marker?.start === 0 ? marker.gapBytes : 0;
}

/** util-linux on Linux; 1 to 3 ms, and only when a stream has grown by a quarter of its bound. */
function punchWithFallocate(path: string, offset: number, length: number): boolean {
  if (process.platform !== 'linux') return false;
  const flags = ['--punch-hole', '--offset', String(offset), '--length', String(length), path];
  const ran = spawnSync('fallocate', flags, {
    env: { PATH: '/usr/bin:/bin' },
    stdio: 'ignore',
    timeout: 10_000,
  });
  return ran.status === 0;
}

/** Rounds of catching up with a writer before the cut; each is shorter than the one before it. */
const CATCH_UP_ROUNDS = 4;

/**
 * Where holes cannot be punched: what follows the gap is saved, the file cut down to its head and made long again
 * without blocks, and the tail put back where it was. What is appended between the last look at the size and the cut,
 * microseconds, is lost, and may begin inside a line: a file's size grows page by page while one write goes on. A crash
 * in the middle leaves the tail in `<path>.tail` only.
 */
function cutAndPutBack(path: string, fd: number, head: number, gap: number): void {
  const savedPath = `${path}.tail`;
  const saved = openSync(savedPath, 'w+', 0o600);
  try {
    const start = head + gap;
    let size = start;
    for (let round = 0; round < CATCH_UP_ROUNDS; round++) {
      const grown = fstatSync(fd).size;
      copy(fd, size, saved, { to: size - start, bytes: grown - size });
      size = grown;
    }
    ftruncateSync(fd, head);
    ftruncateSync(fd, size);
    copy(saved, 0, fd, { to: start, bytes: size - start });
  } finally {
    closeSync(saved);
  }
  unlinkSync(savedPath);
}

/** Copies up to `bytes` bytes, or to the end of `source`. */
function copy(source: number, from: number, target: number, what: { to: number; bytes: number }) {
  const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, what.bytes));
  let done = 0;
  while (done < what.bytes) {
    const wanted = Math.min(buffer.length, what.bytes - done);
    const length = readSync(source, buffer, 0, wanted, from + done);
    if (length === 0) return;
    writeSync(target, buffer, 0, length, what.to + done);
    done += length;
  }
}
