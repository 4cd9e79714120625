// Owns the skimming of one JSON text that is too long to be kept: its structure is copied byte by byte while it is read,
// long strings are cut, and so are the tails of lists and maps beyond a bound. What is kept is JSON where the text is.

/** Of a string or key, as it is written. */
export const STRING_BYTES_MAX = 4_096;
/** What is kept of a whole text is less than this. */
export const KEPT_BYTES_MAX = 256 * 1024;
/** Deeper nested than this is nobody's message. */
const DEPTH_MAX = 512;
/** A longer number means nothing to anybody: it becomes null. */
const NUMBER_BYTES_MAX = 1_024;

/** From how many kept bytes on the rest of a list or map is dropped; what is around it may go on a little longer. */
function roomAt(depth: number): number {
  const outermost = KEPT_BYTES_MAX - 32 * 1024;
  return outermost - Math.min(depth - 1, 8) * 16 * 1024;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const SMALL_U = 0x75;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
const SPACES = [0x20, 0x09, 0x0a, 0x0d];
const ESCAPED = Array.from('"\\/bfnrtu', (character) => character.charCodeAt(0));

const ELLIPSIS = Buffer.from('…');
const NULL = Buffer.from('null');
const WORD = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;
const DIGITS = /^[-+.eE\d]+$/;

/**
 * What the next byte may be the beginning of. `first…` also allows the end of the list or map; `after`: a value is
 * complete.
 */
type Expected = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'after';

export class JsonSkim {
  readonly #kept = Buffer.allocUnsafe(KEPT_BYTES_MAX);
  #length = 0;
  /** the brackets that are open, outermost first */
  readonly #open: number[] = [];
  /** the depth whose list or map has no room any more: what follows in it is only checked; 0: none */
  #droppedAt = 0;
  #expected: Expected = 'value';
  #within: 'nothing' | 'string' | 'word' = 'nothing';
  /** it is no JSON text */
  #broken = false;

  // Of the string that is being read.
  #isKey = false;
  #start = 0;
  /** where a character or escape begins that is not complete yet */
  #unit = 0;
  /** where an escaped first half of a surrogate pair began, if it was the last unit; -1: it was not */
  #half = -1;
  /** 1: the letter of an escape comes; 5 to 2: so many digits come, and one less */
  #escape = 0;
  #isCut = false;

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#broken; at++) {
      const byte = bytes[at]!;
      if (this.#within === 'string') {
        this.#inString(byte);
        // Most of a long text is the inside of strings of which nothing more is kept.
        const isKept = !this.#isCut && this.#droppedAt === 0;
        if (!isKept && this.#within === 'string' && this.#escape === 0) {
          at = plainUntil(bytes, at + 1) - 1;
        }
      } else if (this.#within === 'nothing' || !this.#inWord(byte)) this.#between(byte);
    }
  }

  /** @returns the kept text; null: this was no whole JSON text */
  end(): string | null {
    if (this.#within === 'word') this.#endWord();
    const whole = this.#expected === 'after' && this.#open.length === 0;
    if (this.#broken || !whole || this.#within === 'string') return null;
    return this.#kept.toString('utf8', 0, this.#length);
  }

  #between(byte: number): void {
    if (SPACES.includes(byte)) return;
    switch (byte) {
      case COMMA:
        if (this.#expected !== 'after' || this.#open.length === 0) this.#broken = true;
        else this.#expected = this.#open.at(-1) === OPEN_MAP ? 'key' : 'value';
        return;
      case COLON:
        if (this.#expected !== 'colon') this.#broken = true;
        this.#keep(byte);
        this.#expected = 'value';
        return;
      case CLOSE_LIST:
      case CLOSE_MAP:
        this.#close(byte);
        return;
      default:
        this.#begin(byte);
    }
  }

  #begin(byte: number): void {
    const isKey = this.#expected.endsWith('key');
    if (isKey ? byte !== QUOTE : !this.#expected.endsWith('value')) {
      this.#broken = true;
      return;
    }
    const opens = byte === OPEN_LIST || byte === OPEN_MAP;
    // The value of a key stands and falls with it.
    if (isKey || this.#open.at(-1) === OPEN_LIST) this.#beginElement(opens);
    if (opens) {
      this.#keep(byte);
      this.#open.push(byte);
      if (this.#open.length > DEPTH_MAX) this.#broken = true;
      this.#expected = byte === OPEN_LIST ? 'first value' : 'first key';
    } else {
      this.#beginScalar(byte, isKey);
    }
  }

  #beginScalar(byte: number, isKey: boolean): void {
    this.#within = byte === QUOTE ? 'string' : 'word';
    this.#isKey = isKey;
    this.#isCut = false;
    this.#half = -1;
    // The quote is no part of the string.
    this.#start = byte === QUOTE ? this.#length + 1 : this.#length;
    if (byte === QUOTE) this.#keep(byte);
    else this.#inWord(byte);
  }

  /** In a list or map: the comma before an element is kept with it, or both are dropped. */
  #beginElement(opens: boolean): void {
    const depth = this.#open.length;
    // One that would stay empty for want of room is dropped as well.
    const room = roomAt(opens ? depth + 1 : depth);
    if (this.#droppedAt === 0 && this.#length > room) this.#droppedAt = depth;
    if (!this.#expected.startsWith('first')) this.#keep(COMMA);
  }

  #close(byte: number): void {
    const open = this.#open.pop();
    const fits = byte === CLOSE_LIST ? open === OPEN_LIST : open === OPEN_MAP;
    const empty = byte === CLOSE_LIST ? 'first value' : 'first key';
    if (!fits || (this.#expected !== 'after' && this.#expected !== empty)) this.#broken = true;
    if (this.#droppedAt > this.#open.length) this.#droppedAt = 0;
    this.#keep(byte);
    this.#expected = 'after';
  }

  #inString(byte: number): void {
    if (byte < 0x20) {
      this.#broken = true;
    } else if (this.#escape > 0) {
      this.#inEscape(byte);
    } else if (byte === QUOTE) {
      this.#within = 'nothing';
      this.#keep(byte);
      this.#expected = this.#isKey ? 'colon' : 'after';
    } else {
      // The other bytes of a character in UTF-8 look like this.
      if ((byte & 0xc0) !== 0x80) this.#unit = this.#length;
      if (byte === BACKSLASH) this.#escape = 1;
      else this.#half = -1;
      this.#keepInString(byte);
    }
  }

  #inEscape(byte: number): void {
    const isLetter = this.#escape === 1;
    this.#escape -= 1;
    this.#keepInString(byte);
    if (isLetter) {
      if (!ESCAPED.includes(byte)) this.#broken = true;
      if (byte === SMALL_U) this.#escape = 5;
      else this.#half = -1;
      return;
    }
    if (!isHexDigit(byte)) this.#broken = true;
    if (this.#escape > 1) return;
    this.#escape = 0;
    if (this.#isCut || this.#droppedAt > 0) return;
    const code = Number.parseInt(this.#kept.toString('latin1', this.#unit + 2, this.#length), 16);
    this.#half = code >= 0xd800 && code < 0xdc00 ? this.#unit : -1;
  }

  #keepInString(byte: number): void {
    if (this.#isCut || this.#droppedAt > 0) return;
    if (this.#length - this.#start < STRING_BYTES_MAX) {
      this.#keep(byte);
      return;
    }
    // One half of a pair is no character.
    this.#length = this.#half >= 0 ? this.#half : this.#unit;
    this.#isCut = true;
    this.#keepAll(ELLIPSIS);
  }

  /** @returns false: the byte does not belong to the word, which ends before it */
  #inWord(byte: number): boolean {
    if (byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_MAP || SPACES.includes(byte)) {
      this.#endWord();
      return false;
    }
    if (this.#droppedAt > 0) return true;
    if (this.#length - this.#start < NUMBER_BYTES_MAX) {
      this.#keep(byte);
    } else {
      this.#isCut = true;
      if (!DIGITS.test(String.fromCharCode(byte))) this.#broken = true;
    }
    return true;
  }

  #endWord(): void {
    this.#within = 'nothing';
    this.#expected = 'after';
    if (this.#droppedAt > 0) return;
    const word = this.#kept.toString('latin1', this.#start, this.#length);
    if (!this.#isCut) {
      if (!WORD.test(word)) this.#broken = true;
      return;
    }
    if (!DIGITS.test(word)) this.#broken = true;
    this.#length = this.#start;
    this.#keepAll(NULL);
  }

  #keep(byte: number): void {
    if (this.#droppedAt > 0) return;
    this.#kept[this.#length] = byte;
    this.#length += 1;
  }

  #keepAll(bytes: Buffer): void {
    for (const byte of bytes) this.#keep(byte);
  }
}

/** Where the next byte stands that is not just one more of a string. */
function plainUntil(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) break;
    at += 1;
  }
  return at;
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}
