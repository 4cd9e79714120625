// Owns how inputs are bred: out of examples, by cutting, doubling, joining, and putting in what means something.

/** A repeatable sequence in [0, 1). */
export type Chance = () => number;

const INPUT_BYTES_MAX = 70_000;
/** What breaks readers of any kind: ends of lines and texts, quotes, brackets, halves of characters, numbers at an edge. */
const ODD_WORDS = [
  '\0',
  '\n',
  '\r\n',
  '\u2028',
  ' ',
  '\t',
  '"',
  "'",
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '=',
  ')',
  '(',
  '/',
  '-',
  '.',
  '%',
  '\\u0000',
  '\\ud800',
  '\uFEFF',
  '🐄',
  'null',
  'true',
  '{}',
  '[]',
  '""',
  '__proto__',
  'constructor',
  '0',
  '-1',
  '1e999',
  '4294967296',
  '9007199254740993',
  '99999999999999999999999999',
  'NaN',
];
const ODD_BYTES = [Buffer.from([0xc3]), Buffer.from([0xff, 0xfe]), Buffer.from([0xed, 0xa0, 0x80])];

export function breed(pool: readonly Buffer[], words: readonly string[], chance: Chance): Buffer {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)]!;
  const word = () => {
    const kind = chance();
    if (kind < 0.1) return pick(ODD_BYTES);
    return Buffer.from(pick(kind < 0.5 || words.length === 0 ? ODD_WORDS : words));
  };
  let input = pick(pool);
  for (let changes = 1 + Math.floor(chance() * 4); changes > 0; changes--) {
    input = changed(input, { chance, word, other: () => pick(pool) });
  }
  return input.subarray(0, INPUT_BYTES_MAX);
}

interface Means {
  readonly chance: Chance;
  readonly word: () => Buffer;
  readonly other: () => Buffer;
}

function changed(input: Buffer, { chance, word, other }: Means): Buffer {
  const at = Math.floor(chance() * (input.length + 1));
  const until = Math.min(input.length, at + Math.floor(chance() ** 3 * 64));
  const [head, middle, tail] = [
    input.subarray(0, at),
    input.subarray(at, until),
    input.subarray(until),
  ];
  const kind = chance();
  if (kind < 0.35) return Buffer.concat([head, word(), tail]);
  if (kind < 0.5) return Buffer.concat([head, tail]);
  if (kind < 0.6) return Buffer.concat([head, middle, middle, tail]);
  if (kind < 0.7) return head;
  if (kind < 0.8) {
    const from = other();
    return Buffer.concat([head, from.subarray(Math.floor(chance() * from.length))]);
  }
  if (kind < 0.97 && input.length > 0) {
    const flipped = Buffer.from(input);
    flipped[Math.min(at, input.length - 1)]! ^= 1 << Math.floor(chance() * 8);
    return flipped;
  }
  // Again and again: what is quadratic, or deep, shows only then.
  const piece = word();
  const times = Math.floor(chance() ** 4 * (INPUT_BYTES_MAX / piece.length));
  return Buffer.concat([head, ...Array.from({ length: times }, () => piece), tail]);
}
