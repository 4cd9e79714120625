// Owns making a failing schedule small: delta debugging (Zeller and Hildebrandt, 2002) over its faults, within a bound of
// runs and time. Runs with real processes do not repeat exactly: a smaller schedule counts as failing when one of a few
// runs of it failed, and how often it did is told.

export interface Shrunk<T> {
  readonly smallest: readonly T[];
  /** of the smallest one */
  readonly failures: number;
  readonly runs: number;
  /** of all */
  readonly runsInAll: number;
  /** the bound was reached before it could not be made smaller */
  readonly isCutShort: boolean;
}

export interface ShrinkBound {
  readonly runsMax: number;
  /** a smaller schedule is given up when it has not failed in so many runs */
  readonly triesMax: number;
  /** the smallest one is run so many times more, for the rate at which it fails */
  readonly repeatsMax: number;
  /** true: the time is over */
  readonly isOver: () => boolean;
}

/**
 * @param whole a schedule that has failed once
 * @param fails runs one and says whether it failed; its own errors end the search
 */
export async function shrink<T>(
  whole: readonly T[],
  fails: (part: readonly T[]) => Promise<boolean>,
  bound: ShrinkBound,
): Promise<Shrunk<T>> {
  let runsInAll = 0;
  const isSpent = () => runsInAll >= bound.runsMax || bound.isOver();
  /** how often it failed, in how many runs */
  const tried = async (part: readonly T[]): Promise<{ failures: number; runs: number }> => {
    let runs = 0;
    while (runs < bound.triesMax && !isSpent()) {
      runs += 1;
      runsInAll += 1;
      if (await fails(part)) return { failures: 1, runs };
    }
    return { failures: 0, runs };
  };
  // What fails without any of it was caused by none of it.
  const nothing = await tried([]);
  if (nothing.failures > 0) return { smallest: [], ...nothing, runsInAll, isCutShort: false };
  let smallest = whole;
  let record = { failures: 1, runs: 1 };
  let parts = 2;
  while (smallest.length > 1 && !isSpent()) {
    const next = await smaller(smallest, parts, tried);
    if (next === null) {
      if (parts >= smallest.length) break;
      parts = Math.min(smallest.length, parts * 2);
      continue;
    }
    parts = next.isPart ? 2 : Math.max(2, parts - 1);
    ({ part: smallest, record } = next);
  }
  const isCutShort = smallest.length > 1 && isSpent();
  let { failures, runs } = record;
  for (let repeat = 0; repeat < bound.repeatsMax && !isSpent(); repeat += 1) {
    runs += 1;
    runsInAll += 1;
    if (await fails(smallest)) failures += 1;
  }
  return { smallest, failures, runs, runsInAll, isCutShort };
}

/** One of `parts` parts that fails by itself, else what fails without one of them. */
async function smaller<T>(
  whole: readonly T[],
  parts: number,
  tried: (part: readonly T[]) => Promise<{ failures: number; runs: number }>,
) {
  const size = Math.ceil(whole.length / parts);
  const starts = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) => index * size);
  for (const start of starts) {
    const part = whole.slice(start, start + size);
    const record = await tried(part);
    if (record.failures > 0) return { part, record, isPart: true };
  }
  // Of two parts, each is what is left without the other.
  for (const start of parts > 2 ? starts : []) {
    const part = [...whole.slice(0, start), ...whole.slice(start + size)];
    const record = await tried(part);
    if (record.failures > 0) return { part, record, isPart: false };
  }
  return null;
}
