// Owns what is kept of a JSON text that is too long: the same in whatever pieces it comes, JSON again, and bounded.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonSkim, KEPT_BYTES_MAX, STRING_BYTES_MAX } from '../../../src/host/json-skim.ts';

const KIB = 1024;

function skim(...parts: readonly (string | Uint8Array)[]): string | null {
  const one = new JsonSkim();
  for (const piece of parts) one.push(Buffer.from(piece as string));
  return one.end();
}

/** As the skim has it, by other means: whole characters and escapes while they fit. */
function cutString(written: string): string {
  if (Buffer.byteLength(written) <= STRING_BYTES_MAX) return written;
  const units = written.match(/\\u[\dA-Fa-f]{4}|\\.|[^\\]/gsu) ?? [];
  let bytes = 0;
  const count = units.findIndex((unit) => (bytes += Buffer.byteLength(unit)) > STRING_BYTES_MAX);
  const isHalf = /^\\u[dD][89abAB]/.test(units[count - 1] ?? '') && units[count]!.startsWith('\\');
  return `${units.slice(0, isHalf ? count - 1 : count).join('')}…`;
}

function withStringsCut(json: string): string {
  return json.replaceAll(
    /"((?:\\.|[^"\\])*)"/gs,
    (_, written: string) => `"${cutString(written)}"`,
  );
}

/** Cuts `bytes` at these fractions of it. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = cuts.map((cut) => Math.floor(cut * bytes.length)).toSorted((a, b) => a - b);
  return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end));
}

const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });
/** Around the bound, of characters of all widths, and written in all ways. */
const longString = fc
  .tuple(
    fc.integer({ min: STRING_BYTES_MAX - 14, max: STRING_BYTES_MAX + 3 }),
    fc.array(
      fc.constantFrom(
        'a',
        'ü',
        '…',
        '🐄',
        '\\n',
        '\\"',
        '\\\\',
        '\\u00e9',
        '\\ud83d\\ude00',
        '\\uD83D',
        'uD83D',
      ),
      { maxLength: 9 },
    ),
  )
  .map(([length, end]) => `"${'x'.repeat(length)}${end.join('')}"`);
const jsonText = fc.oneof(
  fc.json({ maxDepth: 6, noUnicodeString: false }),
  fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value, null, 2)),
  fc
    .tuple(fc.array(longString, { maxLength: 3 }), longString, fc.json())
    .map(([list, text, more]) => `{"a":[${list.join(' , ')}],${text} : ${more}}`),
);

describe('any JSON text', () => {
  test('is kept with its long strings cut', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const kept = skim(text);
        expect(kept).not.toBeNull();
        expect(JSON.parse(kept!)).toEqual(JSON.parse(withStringsCut(text)));
      }),
      { numRuns: 1_000 },
    );
  });

  test('is the same in whatever pieces it comes', () => {
    fc.assert(
      fc.property(jsonText, fractions, (text, cuts) => {
        expect(skim(...pieces(Buffer.from(text), cuts))).toBe(skim(text));
      }),
      { numRuns: 500 },
    );
  });
});

test('any bytes at all are JSON afterwards if they were before, and else they are not', () => {
  const bit = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '1',
    '-',
    'true',
    ' ',
    '\\',
    '\\u12',
    '\r',
    '\u0001',
    'ü',
  );
  const text = fc.oneof(
    fc.array(bit, { maxLength: 12 }).map((bits) => bits.join('')),
    fc.tuple(fc.json(), fc.nat(), bit).map(([json, at, what]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + what + json.slice(place);
    }),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, (given) => {
      expect(skim(given) === null).toBe(parsed(given) === undefined);
    }),
    { numRuns: 3_000 },
  );
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

describe('of a text without end', () => {
  test('the tail of a list is dropped, and what is around it goes on', () => {
    const list = Array.from({ length: 100_000 }, (_, n) => ({ n, text: 'some words' }));
    const text = JSON.stringify({ type: 'user', message: { content: list, role: 'user' }, id: 7 });
    const kept = skim(text)!;
    const { type, message, id } = JSON.parse(kept);
    expect([type, message.role, id]).toEqual(['user', 'user', 7]);
    const [last] = message.content.splice(-1);
    expect(message.content).toEqual(list.slice(0, message.content.length));
    expect(list[message.content.length]).toMatchObject(last);
    expect(message.content.length).toBeGreaterThan(1_000);
    expect(kept.length).toBeLessThan(KEPT_BYTES_MAX);
  });

  test.each<[string, (count: number) => string]>([
    ['a list of strings', (n) => JSON.stringify(Array(n).fill('x'.repeat(5_000)))],
    [
      'a map',
      (n) =>
        JSON.stringify(
          Object.fromEntries(
            Array.from({ length: n }, (_, i) => [`${i}${'k'.repeat(5_000)}`, 'v'.repeat(5_000)]),
          ),
        ),
    ],
    [
      'lists in lists',
      (n) =>
        `${'[1,'.repeat(400)}${JSON.stringify(Array(n).fill('x'.repeat(3_000)))}${',2]'.repeat(400)}`,
    ],
    [
      'maps in maps',
      (n) =>
        `${'{"a":[],"b":'.repeat(400)}${JSON.stringify(Array(n).fill('x'.repeat(3_000)))}${',"c":{"d":2}}'.repeat(400)}`,
    ],
    ['spaces', (n) => `[1,${' '.repeat(n * 1_000)}2]`],
    ['a number', (n) => `[1,${'2'.repeat(n * 1_000)},3]`],
  ])('%s: less is kept than the bound, and it is JSON', (_, make) => {
    const text = make(400);
    expect(text.length).toBeGreaterThan(KEPT_BYTES_MAX);
    const kept = skim(text)!;
    expect(Buffer.byteLength(kept)).toBeLessThan(KEPT_BYTES_MAX);
    expect(parsed(kept)).toBeDefined();
  });

  test('a number that nobody can use is null, and no word is taken for one', () => {
    expect(skim(`[${'9'.repeat(2 * KIB)}]`)).toBe('[null]');
    expect(skim(`[${'9'.repeat(2 * KIB)}x]`)).toBeNull();
  });

  test('nests deeper than anything that is meant: it is none', () => {
    expect(skim('['.repeat(500) + ']'.repeat(500))).toBe('['.repeat(500) + ']'.repeat(500));
    expect(skim('['.repeat(100_000))).toBeNull();
  });

  test('without its end it is none', () => {
    for (const text of ['', ' ', '{"a":"b', '{"a":[1,2', '"abc', '"abc\\', '"\\u00']) {
      expect(skim(text)).toBeNull();
    }
  });
});
