// Owns real chance. All of it is cryptographic, because ids and nonces must be unguessable.
import { randomFillSync } from 'node:crypto';
import type { Chance } from '../ports.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** The largest multiple of the alphabet's size in a byte: bytes above it are thrown away, or some letters were likelier. */
const BYTE_LIMIT = 256 - (256 % ALPHABET.length);
/** Drawn at once, for each draw costs as much as a small query. No byte is given twice; ids are far shorter than this. */
const POOL_BYTES = 1_024;

export function createChance(): Chance {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;

  function take(count: number): Buffer {
    if (used + count > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    used += count;
    return pool.subarray(used - count, used);
  }

  return {
    next: () => take(6).readUIntBE(0, 6) / 2 ** 48,
    id(length) {
      let id = '';
      while (id.length < length) {
        for (const byte of take(length - id.length)) {
          if (byte < BYTE_LIMIT) id += ALPHABET[byte % ALPHABET.length]!;
        }
      }
      return id;
    },
  };
}
