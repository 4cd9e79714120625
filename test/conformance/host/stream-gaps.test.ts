// Reading output line by line where its middle was dropped: no line is made of what is gone.
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HEAD_BYTES_MAX } from '../../../src/host/long-line.ts';
import { createStreamLines } from '../../../src/host/stream-lines.ts';
import { trimStream } from '../../../src/host/trim-output.ts';
import { makeReader } from './line-reader.ts';
import { makeScratch, type Scratch } from './scratch.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let scratch: Scratch;
let path: string;
beforeEach(() => {
  scratch = makeScratch();
  path = `${scratch.dir}/stdout`;
});
afterEach(() => scratch[Symbol.asyncDispose]());

describe('a gap', () => {
  const LINE_BYTES = 32;
  const line = (n: number) => `line ${n} `.padEnd(LINE_BYTES - 1, '.');
  const count = 64 * KIB;
  const bytesMax = 256 * KIB;
  /** The head ends with a whole line, or within one. */
  const write = (shift: number) => {
    const text = Array.from({ length: count }, (_, n) => `${line(n)}\n`).join('');
    const shifted = 's'.repeat(shift) + text;
    writeFileSync(path, shifted);
    return shifted;
  };
  const tail = bytesMax / 2 / LINE_BYTES;
  const last = Array.from({ length: tail }, (_, n) => line(count - tail + n));

  test.each([false, true])('is skipped with its marker (a cut file: %s)', (cut) => {
    write(0);
    const reader = makeReader(path);
    expect(trimStream(path, bytesMax, cut ? () => false : undefined)).toBeGreaterThan(0);
    const head = Array.from({ length: bytesMax / 4 / LINE_BYTES }, (_, n) => line(n));
    expect(reader.all()).toEqual([...head, ...last]);
  });

  test('ends the line before it', () => {
    const text = write(10);
    trimStream(path, bytesMax);
    // The tail begins within a line as well.
    const end = text.slice(-bytesMax / 2, -1).split('\n');
    expect(makeReader(path).all()).toEqual([...text.slice(0, bytesMax / 4).split('\n'), ...end]);
  });

  test('ends a long line in whose middle a reader stands', () => {
    writeFileSync(path, 'q'.repeat(MIB + 5));
    const reader = makeReader(path, false, { pieceBytes: 128 * KIB, wholeLineBytes: 16 * KIB });
    expect(reader.once()).toMatchObject({ lines: [], next: 0, atEnd: false });
    trimStream(path, bytesMax);
    const lines = reader.all(true);
    expect(lines.map((one) => one.length)).toEqual([HEAD_BYTES_MAX + 1, HEAD_BYTES_MAX + 1]);
  });

  test('in which a reader begins is skipped without its marker', () => {
    write(0);
    trimStream(path, bytesMax);
    const from = bytesMax / 4 + 100 * LINE_BYTES;
    const place = { stream: 'stdout', from, json: false, ended: false } as const;
    const look = createStreamLines().read(path, place);
    const seen = look.kind === 'seen' ? look.value.lines : [];
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual(last.slice(0, seen.length));
  });

  test('of any size is passed in a few calls', () => {
    writeFileSync(path, 'a\n');
    truncateSync(path, 200 * MIB);
    appendFileSync(path, 'b\n');
    const reader = makeReader(path);
    expect(reader.once().lines).toEqual(['a']);
    let calls = 0;
    for (; reader.at() < 200 * MIB; calls++) reader.once();
    expect(calls).toBeLessThan(5);
  });

  test('is no gap where the agent printed such words', () => {
    writeFileSync(path, 'a\n[drover: 5000 bytes dropped here]\nb\n');
    expect(makeReader(path).all()).toEqual(['a', '[drover: 5000 bytes dropped here]', 'b']);
  });
});
