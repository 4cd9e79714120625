// Output files: bounded while somebody appends, read with their gaps, followed while they grow.
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { followOutput, lastLine, readOutput } from '../../../src/host/read-output.ts';
import { type PunchHole, trimStream } from '../../../src/host/trim-output.ts';
import { makeRunWorld } from './orders.ts';
import { makeScratch, type Scratch, until } from './scratch.ts';

let scratch: Scratch;
let path: string;
beforeEach(() => {
  scratch = makeScratch();
  path = `${scratch.dir}/stdout`;
});
afterEach(() => scratch[Symbol.asyncDispose]());

const MAX = 256 * 1024;
const LINE_BYTES = 32;
const noHoles: PunchHole = () => false;

/** Line n is 32 bytes long and says so. */
function lines(from: number, to: number): string {
  let text = '';
  for (let n = from; n < to; n++) text += `line ${n} `.padEnd(LINE_BYTES - 1, '.') + '\n';
  return text;
}

function diskBytes(): number {
  return statSync(path).blocks * 512;
}

/** All that a reader is shown, in pieces of `bytesMax`. */
function readAll(bytesMax = 65_536): string {
  let [text, from] = ['', 0];
  for (;;) {
    const piece = readOutput(path, { from, bytesMax });
    text += piece.bytes.toString();
    from = piece.next;
    if (piece.atEnd) return text;
  }
}

describe.each([
  ['a punched hole', undefined],
  ['a cut file, where holes cannot be punched', noHoles],
] as const)('trimming by %s', (_, punch) => {
  test('keeps head and tail where they were and frees what is between', () => {
    const total = 64 * 1024;
    writeFileSync(path, lines(0, total));
    const size = total * LINE_BYTES;
    const gap = size - MAX / 4 - MAX / 2;
    expect(trimStream(path, MAX, punch)).toBe(gap);
    expect(statSync(path).size).toBe(size);
    expect(diskBytes()).toBeLessThan(MAX);
    const marker = `\n[drover: ${gap} bytes dropped here]\n`;
    const headLines = MAX / 4 / LINE_BYTES;
    const tailLines = MAX / 2 / LINE_BYTES;
    const shown = lines(0, headLines) + marker + lines(total - tailLines, total);
    for (const bytesMax of [4_096, 5_000, 65_536, 1 << 22]) expect(readAll(bytesMax)).toBe(shown);
    // Within its bound there is nothing to do.
    expect(trimStream(path, MAX, punch)).toBe(0);
    expect(readAll()).toBe(shown);
  });

  test('again and again never moves an offset and counts each byte once', () => {
    let written = 0;
    let dropped = 0;
    for (let round = 0; round < 12; round++) {
      appendFileSync(path, lines(written, written + 4_000));
      written += 4_000;
      dropped += trimStream(path, MAX, punch);
      expect(diskBytes()).toBeLessThanOrEqual(MAX + 4_096);
      expect(statSync(path).size).toBe(written * LINE_BYTES);
    }
    expect(dropped).toBe(Number(/drover: (\d+) bytes/.exec(readAll())![1]));
    const shown = readAll();
    expect(shown.startsWith(lines(0, 2_048))).toBe(true);
    expect(shown.endsWith(lines(written - 4_096, written))).toBe(true);
    expect(shown).not.toContain('\0');
  });

  test('I18: under a writer that never stops keeps the disk bounded and the newest lines in order', async () => {
    const world = makeRunWorld(scratch);
    const order = world.order([
      'sh',
      '-c',
      'i=0; while [ ! -e stop ]; do i=$((i + 1)); echo "n $i"; done; echo last $i',
    ]);
    await world.spawn(order);
    path = `${world.dirOf(order)}/stdout`;
    const max = 64 * 1024;
    let dropped = 0;
    await until('much was dropped', () => {
      dropped +=
        punch === undefined ? world.runs.trimOutput(order, max) : trimStream(path, max, punch);
      return dropped > 10 * max;
    });
    writeFileSync(`${scratch.dir}/stop`, '');
    const last = await until('the last line', () => /^last (\d+)$/.exec(lastLine(path) ?? ''));
    dropped += trimStream(path, max, punch);
    expect(diskBytes()).toBeLessThan(2 * max);
    const tail = readFileSync(path, 'latin1').split('\n').slice(-500, -2);
    const whole = tail.filter((line) => /^n \d+$/.test(line));
    const numbers = whole.map((line) => Number(line.slice(2)));
    // A hole loses nothing. A cut may lose what is written in its moment, and tear a line there, but never the order. How
    // much that is the scheduler decides: whoever is interrupted between the look and the cut has a long moment.
    const [tornMax, lostMax] = punch === undefined ? [0, 0] : [1, Number.POSITIVE_INFINITY];
    expect(tail.length - whole.length).toBeLessThanOrEqual(tornMax);
    expect(Number(last[1]) - numbers[0]! + 1 - numbers.length).toBeLessThanOrEqual(lostMax);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });
});

test('a stream that is small, missing or has vanished is left alone', () => {
  expect(trimStream(path, MAX)).toBe(0);
  writeFileSync(path, lines(0, 100));
  expect(trimStream(path, MAX)).toBe(0);
  expect(readAll()).toBe(lines(0, 100));
  // Just above its bound the gap would not be worth its marker.
  expect(trimStream(path, 3_000)).toBe(0);
});

test('a gap without a marker, where a crash came between, is skipped in silence', () => {
  writeFileSync(path, 'head\n');
  truncateSync(path, 200 * 1024 * 1024);
  appendFileSync(path, 'tail\n');
  expect(readAll()).toBe('head\ntail\n');
});

test('bytes of every value, NUL among them, are shown as they are', () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));
  writeFileSync(path, bytes);
  const first = readOutput(path, { from: 0, bytesMax: 65_536 });
  const second = readOutput(path, { from: first.next, bytesMax: 65_536 });
  expect(Buffer.concat([first.bytes, second.bytes]).equals(bytes)).toBe(true);
});

test('an agent that prints a marker of its own hides nothing', () => {
  const text = `a\n[drover: 5000 bytes dropped here]\nb\n${lines(0, 1_000)}`;
  writeFileSync(path, text);
  for (const bytesMax of [4_096, 65_536]) expect(readAll(bytesMax)).toBe(text);
});

test('a marker on the border of two pieces is still a marker', () => {
  for (let shift = 0; shift < 50; shift += 7) {
    const head = 'x'.repeat(4_096 - shift);
    const marker = '\n[drover: 20000 bytes dropped here]\n';
    const gap = `${marker}${'\0'.repeat(20_000 - marker.length)}`;
    writeFileSync(path, `${head}${gap}tail\n`);
    expect(readAll(4_096)).toBe(`${head}${marker}tail\n`);
    const piece = readOutput(path, { from: 0, bytesMax: 4_096 });
    const next = readOutput(path, { from: piece.next, bytesMax: 4_096 });
    expect(next.next).toBeGreaterThanOrEqual(head.length + 20_000);
  }
});

test('output that is not there is no output', () => {
  expect(readOutput(path, { from: 7, bytesMax: 10 })).toEqual({
    bytes: Buffer.alloc(0),
    next: 7,
    atEnd: true,
  });
  expect(lastLine(path)).toBeNull();
  writeFileSync(path, '\n\n');
  expect(lastLine(path)).toBeNull();
});

test('the last line is found behind any amount of output, gap or none', () => {
  writeFileSync(path, `${lines(0, 100_000)}\u001b[32mthe end\u001b[0m\n\n`);
  expect(lastLine(path)).toBe('the end');
  trimStream(path, MAX);
  expect(lastLine(path)).toBe('the end');
  writeFileSync(path, 'y'.repeat(100_000));
  expect(lastLine(path)).toBe('y'.repeat(4_096));
});

test('a follower sees everything once, from before it came until after the stop', async () => {
  const writer = spawn('sh', [
    '-c',
    'i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo "n $i"; done >>"$0"',
    path,
  ]);
  const ended = new Promise((resolve) => writer.once('exit', resolve));
  const stop = new AbortController();
  const chunks: string[] = [];
  const follower = (async () => {
    for await (const bytes of followOutput(path, { from: 0, stop: stop.signal }))
      chunks.push(bytes.toString());
  })();
  await ended;
  appendFileSync(path, 'written before the stop\n');
  stop.abort();
  await follower;
  const expected = Array.from({ length: 3_000 }, (_, index) => `n ${index + 1}\n`).join('');
  expect(chunks.join('')).toBe(`${expected}written before the stop\n`);
});

test('a follower shows what comes while it waits, and a file that appears late', async () => {
  const stop = new AbortController();
  const follower = followOutput(path, { from: 0, stop: stop.signal });
  const first = follower.next();
  writeFileSync(path, 'late\n');
  expect(String((await first).value)).toBe('late\n');
  const second = follower.next();
  appendFileSync(path, 'later\n');
  expect(String((await second).value)).toBe('later\n');
  stop.abort();
  expect(await follower.next()).toEqual({ done: true, value: undefined });
});
