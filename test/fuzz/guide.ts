// Owns the guide of a long run: an input that reaches code which none has reached before joins those that others are bred
// from. What was reached is told by V8's own coverage, block by block: no package, and nothing is instrumented.
import { Session } from 'node:inspector/promises';

export interface Guide {
  /** whether code was reached since the last call that was never reached before */
  readonly isNew: () => Promise<boolean>;
  /** blocks reached so far */
  readonly reached: () => number;
  readonly close: () => Promise<void>;
}

/** @param isOurs whether the code at this address counts */
export async function openGuide(isOurs: (url: string) => boolean): Promise<Guide> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  const known = new Set<string>();

  async function isNew(): Promise<boolean> {
    const before = known.size;
    const { result } = await session.post('Profiler.takePreciseCoverage');
    for (const { url, scriptId, functions } of result) {
      if (!isOurs(url)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0) known.add(`${scriptId}:${startOffset}-${endOffset}`);
        }
      }
    }
    return known.size > before;
  }

  return {
    isNew,
    reached: () => known.size,
    async close() {
      await session.post('Profiler.stopPreciseCoverage');
      session.disconnect();
    },
  };
}
