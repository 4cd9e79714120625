// Owns what is kept of a line that is too long to be kept whole, while it is read in pieces.
import { JsonSkim } from './json-skim.ts';

/** Of a line that is no JSON. */
export const HEAD_BYTES_MAX = 4_096;

export class LongLine {
  readonly json: boolean;
  readonly #skim: JsonSkim | null;
  /** a few bytes more, to see whether its last character is whole */
  readonly #head = Buffer.allocUnsafe(HEAD_BYTES_MAX + 1);
  #headBytes = 0;

  constructor(json: boolean) {
    this.json = json;
    this.#skim = json ? new JsonSkim() : null;
  }

  push(bytes: Buffer): void {
    this.#skim?.push(bytes);
    if (this.#headBytes < this.#head.length) {
      this.#headBytes += bytes.copy(this.#head, this.#headBytes);
    }
  }

  /** @returns the skimmed JSON; else the head with an ellipsis behind it, which is no JSON in any case */
  end(): string {
    return this.#skim?.end() ?? `${this.#head.toString('utf8', 0, this.#wholeBytes())}…`;
  }

  /** Without the beginning of a character whose rest is beyond the bound. */
  #wholeBytes(): number {
    let end = Math.min(this.#headBytes, HEAD_BYTES_MAX);
    if (end === this.#headBytes) return end;
    while (end > 0 && (this.#head[end]! & 0xc0) === 0x80) end -= 1;
    return end;
  }
}
