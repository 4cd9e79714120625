// Output files: whoever watches one is told that it has grown, and that something was in it already.
import { appendFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGrowthWatch } from '../../../src/host/growth-watch.ts';
import { makeScratch, type Scratch, until } from './scratch.ts';

let scratch: Scratch;
let path: string;
beforeEach(() => {
  scratch = makeScratch();
  path = `${scratch.dir}/stdout`;
});
afterEach(() => scratch[Symbol.asyncDispose]());

test.each([
  ['empty: nothing is told before it grows', '', 0],
  ['not empty: whoever reads it may have done so before', 'a line\n', 1],
])('a file that is %s', async (_, text, atOnce) => {
  writeFileSync(path, text);
  const watch = createGrowthWatch();
  let told = 0;
  watch.watch(path, () => (told += 1));
  expect(told).toBe(atOnce);
  appendFileSync(path, 'another line\n');
  await until('its growth is told', () => told > atOnce);
  watch.unwatch(path);
});
