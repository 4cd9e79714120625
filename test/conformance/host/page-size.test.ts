// The size of a page as this machine says it, and as others would.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parsePageBytes, readPageBytes } from '../../../src/host/page-size.ts';
import { makeScratch, type Scratch } from './scratch.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

test.runIf(process.platform === 'linux')('is what getconf says', () => {
  expect(readPageBytes()).toBe(Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })));
});

/** Keys and values as machine words. */
function vector(words: readonly number[], wordBytes: 4 | 8, little: boolean): Buffer {
  const buffer = Buffer.alloc(words.length * wordBytes);
  for (const [index, word] of words.entries()) {
    const lowAt = wordBytes === 8 && !little ? 4 : 0;
    const at = index * wordBytes + lowAt;
    if (little) buffer.writeUInt32LE(word, at);
    else buffer.writeUInt32BE(word, at);
  }
  return buffer;
}

test.each([
  [8, true],
  [8, false],
  [4, true],
  [4, false],
] as const)('is found among words of %i bytes, little end first: %s', (wordBytes, little) => {
  const words = { wide: wordBytes === 8, little };
  const own = vector([16, 6, 6, 65_536, 0, 0], wordBytes, little);
  expect(parsePageBytes(own, words)).toBe(65_536);
  expect(parsePageBytes(vector([16, 6, 0, 0], wordBytes, little), words)).toBeNull();
  expect(parsePageBytes(vector([6, 512, 0, 0], wordBytes, little), words)).toBeNull();
  expect(parsePageBytes(vector([6], wordBytes, little), words)).toBeNull();
});

test('is the smallest that there is where it cannot be read', () => {
  expect(readPageBytes(`${scratch.dir}/nothing`)).toBe(4_096);
  writeFileSync(`${scratch.dir}/torn`, 'abc');
  expect(readPageBytes(`${scratch.dir}/torn`)).toBe(4_096);
});
