// Reading output line by line: the same lines in whatever pieces they come, long ones bounded.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import * as fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HEAD_BYTES_MAX } from '../../../src/host/long-line.ts';
import { createStreamLines, LINE_BOUNDS } from '../../../src/host/stream-lines.ts';
import type { StreamPlace } from '../../../src/ports.ts';
import { makeReader } from './line-reader.ts';
import { makeRunWorld } from './orders.ts';
import { makeScratch, type Scratch } from './scratch.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const { pieceBytes, wholeLineBytes } = LINE_BOUNDS;
/** So that a few hundred bytes are many pieces and some lines are long. */
const SMALL = { pieceBytes: 256, wholeLineBytes: 100 };

let scratch: Scratch;
let path: string;
beforeEach(() => {
  scratch = makeScratch();
  path = `${scratch.dir}/stdout`;
});
afterEach(() => scratch[Symbol.asyncDispose]());

test('a file that is not there is absent, and one that cannot be read unknown', () => {
  const streams = createStreamLines();
  const place: StreamPlace = { stream: 'stdout', from: 0, json: true, ended: false };
  expect(streams.read(path, place)).toEqual({ kind: 'absent' });
  mkdirSync(path);
  expect(streams.read(path, place)).toEqual({ kind: 'unknown', because: `EISDIR: ${path}` });
  const pipe = `${scratch.dir}/pipe`;
  execFileSync('mkfifo', [pipe]);
  // Its size is that of an empty file, and it may hold anything.
  expect(streams.read(pipe, place)).toMatchObject({ kind: 'unknown' });
});

test('whole lines are delivered, and what has no line feed once nobody writes any more', () => {
  writeFileSync(path, 'one\r\n\nthree 🐄\nfo');
  const reader = makeReader(path);
  const writtenAt = Math.round(statSync(path).mtimeMs);
  const lines = ['one', '', 'three 🐄'];
  expect(reader.once()).toEqual({ lines, next: 17, atEnd: true, writtenAt });
  expect(reader.once()).toEqual({ lines: [], next: 17, atEnd: true, writtenAt });
  appendFileSync(path, 'ur\r');
  expect(reader.once().lines).toEqual([]);
  expect(reader.once(true)).toMatchObject({ lines: ['four'], next: 22, atEnd: true });
  expect(reader.once(true)).toMatchObject({ lines: [], next: 22, atEnd: true });
});

test('the port reads both streams of an attempt', () => {
  const world = makeRunWorld(scratch);
  const order = world.order([]);
  mkdirSync(world.dirOf(order));
  writeFileSync(`${world.dirOf(order)}/stderr`, 'trouble\n');
  const place = { stream: 'stderr', from: 0, json: false, ended: false } as const;
  expect(world.runs.readLines(order, place)).toMatchObject({ value: { lines: ['trouble'] } });
  expect(world.runs.readLines(order, { ...place, stream: 'stdout' })).toEqual({ kind: 'absent' });
});

test('I18: one call reads a bounded piece', () => {
  const line = `${'x'.repeat(999)}\n`;
  writeFileSync(path, line.repeat(3_000));
  const reader = makeReader(path);
  const piece = reader.once();
  expect(piece.atEnd).toBe(false);
  expect(piece.next).toBe(piece.lines.length * 1_000);
  expect(piece.next).toBeLessThanOrEqual(pieceBytes);
  expect(reader.all()).toHaveLength(3_000 - piece.lines.length);
});

describe('any bytes', () => {
  const bit = fc.oneof(
    fc.constantFrom('\n', '\n', '\r\n', '\0', '\0\0\0', '{"a":"', '"}', 'ü', '🐄', '\n[drover: 9'),
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.integer({ min: 60, max: 400 }).map((length) => 'long'.repeat(length).slice(0, length)),
    fc.uint8Array({ maxLength: 20 }),
  );
  const pieces = fc
    .array(bit, { maxLength: 25 })
    .map((bits) => bits.map((one) => Buffer.from(one as string)));

  test.each([false, true])(
    'written and read in any pieces give the same lines (json: %s)',
    (json) => {
      fc.assert(
        fc.property(pieces, fc.array(fc.nat({ max: 400 }), { maxLength: 12 }), (parts, cuts) => {
          const bytes = Buffer.concat(parts);
          writeFileSync(path, bytes);
          const atOnce = makeReader(path, json, { ...SMALL, pieceBytes: 1 << 20 }).all(true);
          writeFileSync(path, '');
          const reader = makeReader(path, json, SMALL);
          const lines: string[] = [];
          let rest = bytes;
          for (const cut of cuts) {
            appendFileSync(path, rest.subarray(0, cut));
            rest = rest.subarray(cut);
            lines.push(...reader.all());
          }
          appendFileSync(path, rest);
          lines.push(...reader.all(true));
          expect(lines).toEqual(atOnce);
          expect(reader.at()).toBe(bytes.length);
        }),
        { numRuns: 300 },
      );
    },
  );

  test('are the lines of the text where none is long', () => {
    const text = fc
      .array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 30 })
      .map((all) => all.map((line) => line.replaceAll(/[\0\r\n\uFEFF]/g, '')));
    fc.assert(
      fc.property(text, (lines) => {
        writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
        expect(makeReader(path, false, SMALL).all()).toEqual(lines);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a long line', () => {
  test('is whole up to 64 KiB, and from there on its head', () => {
    const whole = 'x'.repeat(wholeLineBytes);
    writeFileSync(path, `${whole}\n${whole}y\nnext\n`);
    expect(makeReader(path).all()).toEqual([whole, `${'x'.repeat(HEAD_BYTES_MAX)}…`, 'next']);
  });

  test('that is no JSON where that is promised is none afterwards', () => {
    writeFileSync(path, `{"a":"${'x'.repeat(wholeLineBytes)}\n`);
    const [line] = makeReader(path, true).all(true);
    expect(line).toBe(`{"a":"${'x'.repeat(HEAD_BYTES_MAX - 6)}…`);
  });

  test('ends its head with a whole character', () => {
    for (const before of ['', 'a', 'aa', 'aaa']) {
      writeFileSync(path, `${before}${'🐄'.repeat(20 * KIB)}\n`);
      const [line] = makeReader(path).all();
      expect(line).toBe(
        `${before}${'🐄'.repeat(Math.floor((HEAD_BYTES_MAX - before.length) / 4))}…`,
      );
    }
  });

  test('holds its place until its end was read, and costs another reader only time', () => {
    const start = `first\n${JSON.stringify({ type: 'huge', text: 'y'.repeat(3 * MIB), n: 1 })}`;
    writeFileSync(path, start);
    const reader = makeReader(path, true);
    expect(reader.once()).toMatchObject({ lines: ['first'], next: 6, atEnd: false });
    expect(reader.once()).toMatchObject({ lines: [], next: 6, atEnd: false });
    // As a restarted supervisor, which has the offset from the ledger.
    const restarted = makeReader(path, true);
    expect([reader.all(), restarted.all()]).toEqual([[], ['first']]);
    expect(reader.once()).toMatchObject({ lines: [], next: 6, atEnd: true });
    appendFileSync(path, '\n{"type":"next"}\n');
    const line = JSON.stringify({ type: 'huge', text: `${'y'.repeat(4_096)}…`, n: 1 });
    expect(reader.once()).toMatchObject({
      lines: [line, '{"type":"next"}'],
      next: statSync(path).size,
      atEnd: true,
    });
    expect(restarted.all()).toEqual([line, '{"type":"next"}']);
  });

  test('of which a reader asks from elsewhere, or in another way, begins afresh', () => {
    writeFileSync(path, `${'a'.repeat(200)}${'b'.repeat(300)}`);
    const streams = createStreamLines(SMALL);
    const read = (from: number, json: boolean, ended = false) => {
      const look = streams.read(path, { stream: 'stdout', from, json, ended });
      return (
        look.kind === 'seen' && [
          look.value.lines[0]?.slice(0, 3),
          look.value.next,
          look.value.atEnd,
        ]
      );
    };
    expect(read(0, false)).toEqual([undefined, 0, false]);
    expect(read(200, false)).toEqual([undefined, 200, false]);
    expect(read(200, true)).toEqual([undefined, 200, false]);
    expect(read(200, true, true)).toEqual(['bbb', 500, true]);
    expect(read(0, false)).toEqual([undefined, 0, false]);
    streams.forget([path]);
    expect(read(0, false)).toEqual([undefined, 0, false]);
    expect(read(0, false, true)).toEqual(['aaa', 500, true]);
  });

  test('I18: of 64 MiB costs no memory', () => {
    const fd = openSync(path, 'w');
    const chunk = Buffer.alloc(MIB, 'z');
    writeSync(fd, '{"type":"tool","output":"');
    for (let n = 0; n < 64; n++) writeSync(fd, chunk);
    writeSync(fd, '","id":"t1"}\n');
    closeSync(fd);
    const reader = makeReader(path, true);
    setFlagsFromString('--expose_gc');
    const collect: unknown = runInNewContext('gc');
    const used = () => {
      if (typeof collect === 'function') collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = used();
    const lines: string[] = [];
    let [most, calls] = [0, 0];
    for (;;) {
      const piece = reader.once();
      lines.push(...piece.lines);
      calls++;
      most = Math.max(most, used() - before);
      if (piece.atEnd) break;
    }
    expect(calls).toBeGreaterThanOrEqual(64);
    expect(lines).toEqual([`{"type":"tool","output":"${'z'.repeat(4_096)}…","id":"t1"}`]);
    // A few pieces; the line alone would be 64.
    expect(most).toBeLessThan(16 * MIB);
  });
});

test('a file that was emptied has nothing more, and is no error', () => {
  writeFileSync(path, 'one\ntwo\n');
  const reader = makeReader(path);
  reader.all();
  const fd = openSync(path, 'r+');
  ftruncateSync(fd, 2);
  closeSync(fd);
  expect(reader.once()).toMatchObject({ lines: [], next: 8, atEnd: true });
});

test('a pipe in the place of the file cannot be read, and keeps nobody waiting', () => {
  const pipe = `${path}.pipe`;
  execFileSync('mkfifo', [pipe]);
  const place = { stream: 'stdout', from: 0, json: false, ended: true } as const;
  expect(createStreamLines().read(pipe, place).kind).toBe('unknown');
});
