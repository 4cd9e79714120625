// Owns what is fuzzed: a reader of something that somebody else has written, with examples that are near the truth.

export interface Target {
  readonly name: string;
  /** what it is really given; inputs are bred from these */
  readonly examples: readonly Buffer[];
  /** pieces that mean something to it */
  readonly words: readonly string[];
  /** @returns what is wrong with the answer, as sentences; an answer is wrong as well where this throws */
  readonly wrong: (input: Buffer) => readonly string[];
}

/** An input may cost this much: far more than any needs on a machine that has other work, and far less than a hang. */
const TAKES_MS_MAX = 5_000;

/** @returns null where the target keeps its promise */
export function faultOf({ wrong }: Target, input: Buffer): string | null {
  const begunAt = performance.now();
  try {
    const [first] = wrong(input);
    const tookMs = performance.now() - begunAt;
    if (first !== undefined) return first;
    return tookMs > TAKES_MS_MAX ? `took ${Math.round(tookMs)} ms` : null;
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}
