// Owns the one seam for tests: places at which a process kills itself, as a crash would. Without its environment
// variables, read once when this module is loaded, a place costs one comparison.
import { writeSync } from 'node:fs';

/**
 * `DROVER_TEST_CRASH=name[:n][,name…]` crashes at the n-th passing of a place (default: the first).
 * `DROVER_TEST_CRASH_CHANCE=0.02` crashes at any place with that chance; `DROVER_TEST_CRASH_SEED` makes it repeatable.
 */
const points = readCrashPoints(process.env);

/** Whether any place can be one. */
export const mayCrash = points !== null;

/** Dies here by SIGKILL if a test asked for it. */
export function crashPoint(name: string): void {
  if (points?.passes(name) === true) die(name);
}

export interface CrashPoints {
  /** Counts one passing of the place. True: it is the one to crash at. */
  passes(name: string): boolean;
}

/** @returns null where no test wants a crash */
export function readCrashPoints(
  environment: Readonly<Record<string, string | undefined>>,
): CrashPoints | null {
  const list = environment['DROVER_TEST_CRASH'] ?? '';
  const chance = Number(environment['DROVER_TEST_CRASH_CHANCE'] ?? 0);
  if (list === '' && !(chance > 0)) return null;
  const passingsLeft = new Map<string, number>();
  for (const entry of list.split(',')) {
    const [name = '', count = '1'] = entry.split(':');
    passingsLeft.set(name, Number(count));
  }
  const next = createSequence(Number(environment['DROVER_TEST_CRASH_SEED'] ?? 1));
  return {
    passes(name) {
      const left = passingsLeft.get(name);
      if (left !== undefined) passingsLeft.set(name, left - 1);
      return left === 1 || next() < chance;
    },
  };
}

/** mulberry32: a repeatable sequence in [0, 1); tests replay by its seed. */
export function createSequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Says where, and waits after the signal, so that nothing behind the place can still happen. */
function die(name: string): never {
  try {
    writeSync(2, `drover: killed at ${name}\n`);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error('unreachable: the process was killed');
}
