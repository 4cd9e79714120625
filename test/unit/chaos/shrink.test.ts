// Shrinking finds what makes a schedule fail, within its bound, and says how sure it is.
import { expect, test } from 'vitest';
import { shrink } from '../../chaos/shrink.ts';

const WHOLE = Array.from({ length: 32 }, (_, index) => index);
const UNBOUNDED = { runsMax: 1_000, triesMax: 1, repeatsMax: 0, isOver: () => false };

/** It fails where all of these are there. */
function failsWith(...needed: number[]) {
  return (part: readonly number[]) => Promise.resolve(needed.every((one) => part.includes(one)));
}

test.each([[[5]], [[5, 6]], [[0, 31]], [[3, 11, 27]]])('to exactly %j', async (needed) => {
  const { smallest, isCutShort } = await shrink(WHOLE, failsWith(...needed), UNBOUNDED);
  expect(smallest).toEqual(needed);
  expect(isCutShort).toBe(false);
});

test('to nothing, where it fails without any of it', async () => {
  const { smallest, runsInAll } = await shrink(WHOLE, () => Promise.resolve(true), UNBOUNDED);
  expect({ smallest, runsInAll }).toEqual({ smallest: [], runsInAll: 1 });
});

test('to the whole, where nothing less fails', async () => {
  const { smallest } = await shrink([1, 2, 3], failsWith(1, 2, 3), UNBOUNDED);
  expect(smallest).toEqual([1, 2, 3]);
});

test('a failure that comes back every second time is found, and its rate told', async () => {
  let runs = 0;
  const flaky = async (part: readonly number[]) => {
    runs += 1;
    return part.includes(9) && runs % 2 === 0;
  };
  const found = await shrink(WHOLE, flaky, { ...UNBOUNDED, triesMax: 3, repeatsMax: 10 });
  expect(found.smallest).toEqual([9]);
  expect(found.runs).toBeGreaterThan(10);
  expect(found.failures / found.runs).toBeCloseTo(0.5, 1);
  expect(found.runsInAll).toBe(runs);
});

test('no more runs than it may, and says that it was cut short', async () => {
  let runs = 0;
  const fails = (part: readonly number[]) => {
    runs += 1;
    return failsWith(3, 27)(part);
  };
  const found = await shrink(WHOLE, fails, { ...UNBOUNDED, runsMax: 5 });
  expect(runs).toBe(5);
  expect(found).toMatchObject({ runsInAll: 5, isCutShort: true });
  expect(found.smallest).toEqual(expect.arrayContaining([3, 27]));
});
