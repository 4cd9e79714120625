// Owns how sizes and shares of a core are read and shown.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatShare, parseShare } from '../../src/core/share.ts';
import { formatSize, parseSize } from '../../src/core/size.ts';

test.each<[string, number | null]>([
  ['64KiB', 65_536],
  [' 1MiB ', 1_048_576],
  ['8GiB', 8 * 1024 ** 3],
  ['2TiB', 2 * 1024 ** 4],
  ['0KiB', 0],
  ['8GB', null],
  ['8 GiB', null],
  ['8', null],
  ['1.5GiB', null],
  ['-1KiB', null],
  ['1234567890KiB', null],
])('%j is %s bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each<[number, string]>([
  [0, '0 bytes'],
  [1_023, '1023 bytes'],
  [1_024, '1 KiB'],
  [1_536, '1.5 KiB'],
  [8 * 1024 ** 3, '8 GiB'],
  [9.1 * 1024 ** 3, '9.1 GiB'],
  [1_500 * 1024 ** 4, '1500 TiB'],
])('%d bytes are shown as %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test('a size is shown as it was written', () => {
  const units = fc.constantFrom('KiB', 'MiB', 'GiB', 'TiB');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_023 }), units, (amount, unit) => {
      expect(formatSize(parseSize(`${amount}${unit}`)!)).toBe(`${amount} ${unit}`);
    }),
  );
});

test.each<[string, number | null]>([
  ['1%', 0.01],
  ['0.5%', 0.005],
  [' 100% ', 1],
  ['0%', 0],
  ['1', null],
  ['1 %', null],
  ['-1%', null],
  ['.5%', null],
  ['1e1%', null],
])('%j is the share %s', (text, share) => {
  expect(parseShare(text)).toBe(share);
});

test('a share is shown as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), (thousandths) => {
      const text = `${thousandths / 1_000}%`;
      expect(formatShare(parseShare(text)!)).toBe(text);
    }),
  );
});
