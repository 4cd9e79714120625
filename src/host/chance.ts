// Owns real chance. All of it is cryptographic, because ids and nonces must be unguessable and nothing else is hot.
import { randomBytes } from 'node:crypto';
import type { Chance } from '../ports.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** The largest multiple of the alphabet's size in a byte: bytes above it are thrown away, or some letters were likelier. */
const BYTE_LIMIT = 256 - (256 % ALPHABET.length);

export function createChance(): Chance {
  return {
    next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
    id(length) {
      let id = '';
      while (id.length < length) {
        for (const byte of randomBytes(length)) {
          if (byte < BYTE_LIMIT && id.length < length) id += ALPHABET[byte % ALPHABET.length]!;
        }
      }
      return id;
    },
  };
}
