// Owns the tests of giving way: long work lets others run, and work that must not does not.
import { describe, expect, test } from 'vitest';
import { type Pause, atOnce, inTurns } from '../../../src/host/turns.ts';

/** Each piece is as long as a turn may be. */
function* longWork(pieces: number): Generator<Pause, string> {
  for (let piece = 0; piece < pieces; piece++) {
    const untilMs = performance.now() + 4;
    while (performance.now() < untilMs);
    yield 'turn';
  }
  return 'done';
}

/** How often others ran until `work` was over, and what came of it. */
async function others(work: () => unknown): Promise<{ turns: number; result: unknown }> {
  let turns = 0;
  const turn = () => {
    turns++;
    ticket = setImmediate(turn);
  };
  let ticket = setImmediate(turn);
  const result = await work();
  clearImmediate(ticket);
  return { turns, result };
}

describe('long work', () => {
  test('in turns lets others run after each piece', async () => {
    const { turns, result } = await others(() => inTurns(longWork(5)));
    expect(result).toBe('done');
    expect(turns).toBeGreaterThanOrEqual(5);
  });

  test('at once lets nobody run', async () => {
    expect(await others(() => atOnce(longWork(5)))).toEqual({ turns: 0, result: 'done' });
  });

  test('waits for an exec either way', async () => {
    let looks = 0;
    function* untilThird(): Generator<Pause, number> {
      while (++looks < 3) yield 'exec';
      return looks;
    }
    expect(atOnce(untilThird())).toBe(3);
    looks = 0;
    expect(await inTurns(untilThird())).toBe(3);
  });

  test('that fails says so', async () => {
    // oxlint-disable-next-line require-yield -- it fails before it can
    function* failing(): Generator<Pause, never> {
      throw new Error('no descriptors');
    }
    expect(() => atOnce(failing())).toThrow('no descriptors');
    await expect(inTurns(failing())).rejects.toThrow('no descriptors');
  });
});
