// Owns chance in a simulated world: one seed, one sequence. Forks keep the parts of a world apart, so that a planted bug
// that draws more numbers in one part does not change what happens in the others.

export interface Random {
  /** in [0, 1) */
  next(): number;
  chance(probability: number): boolean;
  /** a whole number, both ends included */
  int(low: number, high: number): number;
  pick<T>(list: readonly T[]): T;
  /** `length` characters of [a-z0-9] */
  id(length: number): string;
  /** an independent sequence with a name */
  fork(name: string): Random;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function createRandom(seed: number): Random {
  const next = sequence(seed);
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    chance: (probability) => next() < probability,
    int,
    pick: (list) => list[int(0, list.length - 1)]!,
    id: (length) => Array.from({ length }, () => LETTERS[int(0, LETTERS.length - 1)]).join(''),
    fork: (name) => createRandom(hash(name, seed)),
  };
}

/** sfc32: small, fast, and good enough to tell a million seeds apart. */
function sequence(seed: number): () => number {
  let a = hash('a', seed);
  let b = hash('b', seed);
  let c = hash('c', seed);
  let d = 1;
  const next = () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let warmUp = 0; warmUp < 12; warmUp++) next();
  return next;
}

/** FNV-1a over a name, begun at a seed. */
function hash(name: string, seed: number): number {
  let value = (2_166_136_261 ^ Math.imul(seed, 2_654_435_761)) | 0;
  for (const letter of name) value = Math.imul(value ^ letter.codePointAt(0)!, 16_777_619);
  return value ^ (value >>> 15);
}
