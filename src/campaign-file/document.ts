// Owns the way from what YAML says to plain values that know their place. What YAML offers beyond
// plain values (aliases, tags, keys that are no text) is resolved or refused here.
import {
  type AliasEvent,
  EVENT_ID,
  type Event,
  NOT_RESOLVED,
  type ScalarEvent,
  getScalarValue,
} from 'js-yaml';
import type { Report } from './report.ts';
import { valueOf } from './scalar.ts';
import { showText } from './show.ts';
import type { Substitution } from './substitute.ts';
import { endOf, offsetOf, readEvents, startOfBlock } from './yaml.ts';

/** A value with its place. Offsets count UTF-16 units from the start of the text. */
export interface Located {
  /** plain data: text, number, boolean, null, list, or object without prototype */
  readonly value: unknown;
  readonly offset: number;
  /** where its key stands; the offset of the value itself in a list */
  readonly keyOffset: number;
  /** how a number or boolean is written (`1.0`, `0x10`); empty for everything else */
  readonly source: string;
  readonly fields: ReadonlyMap<string, Located>;
  readonly items: readonly Located[];
}

/**
 * Values that aliases may add to a file: 10,000 dispatches that share 20 values each. Ends a
 * "billion laughs" file.
 */
const ALIASED_VALUES_MAX = 200_000;

/** Aliases that stand inside of what other aliases repeat; each level costs stack. */
const ALIAS_DEPTH_MAX = 64;

/** valibot skips these keys silently, for they could reach the prototype of an object. */
const UNUSABLE_KEYS = ['__proto__', 'prototype', 'constructor'];

const NO_FIELDS: ReadonlyMap<string, Located> = new Map();
const NO_ITEMS: readonly Located[] = [];

/** A value, and how many values and levels of aliases are in it. */
interface Converted {
  readonly located: Located;
  readonly values: number;
  readonly aliasDepth: number;
}

/**
 * Reads the one YAML 1.2 document of `text`, variables filled in. What is wrong goes to `report`. A
 * file without content (empty, comments only) has the value null.
 *
 * @returns null where the YAML itself cannot be trusted
 */
export function readDocument(
  text: string,
  report: Report,
  substitution: Substitution,
): Located | null {
  const events = readEvents(text, report);
  if (events === null) return null;
  if (events.length === 0) return nothingAt(0);
  return new Converter(text, events, { report, substitution }).convert(0).located;
}

class Converter {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #report: Report;
  readonly #substitution: Substitution;
  /** by name, the last one before; null: it is still open */
  readonly #anchors = new Map<string, Converted | null>();
  #next = 0;
  /** of what was taken */
  #end = 0;
  #aliasedValues = 0;

  constructor(
    text: string,
    events: readonly Event[],
    { report, substitution }: { report: Report; substitution: Substitution },
  ) {
    this.#text = text;
    this.#events = events;
    this.#report = report;
    this.#substitution = substitution;
  }

  /**
   * Converts the next value.
   *
   * @param otherwise its place, where it is not written at all
   */
  convert(otherwise: number): Converted {
    const offset = this.#place(otherwise);
    const event = this.#take();
    if (event.type === EVENT_ID.ALIAS) return this.#convertAlias(event);
    const anchor = 'anchorStart' in event ? this.#slice(event.anchorStart, event.anchorEnd) : '';
    if (anchor !== '') this.#anchors.set(anchor, null);
    const converted = this.#convertContent(event, offset);
    if (anchor !== '') this.#anchors.set(anchor, converted);
    return converted;
  }

  #convertContent(event: Event, offset: number): Converted {
    switch (event.type) {
      case EVENT_ID.SCALAR:
        return leaf(this.#convertScalar(event, offset));
      case EVENT_ID.MAPPING:
        this.#checkTag(event, '!!map');
        return this.#convertFields(offset);
      case EVENT_ID.SEQUENCE:
        this.#checkTag(event, '!!seq');
        return this.#convertItems(offset);
      case EVENT_ID.ALIAS:
      case EVENT_ID.DOCUMENT:
      case EVENT_ID.POP:
        return leaf(nothingAt(offset));
    }
  }

  #convertItems(offset: number): Converted {
    const inside: Converted[] = [];
    while (!this.#takesEnd()) inside.push(this.convert(this.#startOfItem(offset)));
    const items = inside.map(({ located }) => located);
    const value = items.map((item) => item.value);
    return sum({ ...nothingAt(offset), value, items }, inside);
  }

  /** The dash of an item with nothing behind it, which has no place of its own. */
  #startOfItem(list: number): number {
    if (offsetOf(this.#peek(), -1) >= 0) return list;
    BETWEEN_ITEMS.lastIndex = this.#end;
    BETWEEN_ITEMS.exec(this.#text);
    const dash = BETWEEN_ITEMS.lastIndex;
    this.#end = dash + 1;
    return dash;
  }

  #convertFields(offset: number): Converted {
    const fields = new Map<string, Located>();
    const inside: Converted[] = [];
    while (!this.#takesEnd()) {
      const keyOffset = this.#place(offset);
      const name = this.#convertKey(keyOffset);
      const value = this.convert(keyOffset);
      inside.push(value);
      if (name !== null && this.#isUsable(name, keyOffset, fields.get(name))) {
        fields.set(name, { ...value.located, keyOffset });
      }
    }
    const value: Record<string, unknown> = Object.create(null);
    for (const [key, field] of fields) value[key] = field.value;
    return sum({ ...nothingAt(offset), value, fields }, inside);
  }

  /** Keys are always text: `1:` and `true:` are what is written there. null: it is none. */
  #convertKey(offset: number): string | null {
    const event = this.#peek();
    if (event.type === EVENT_ID.SCALAR) {
      const text = getScalarValue(this.#text, event);
      const value = this.#valueOf(event, text);
      if (value !== null) {
        this.#take();
        const anchor = this.#slice(event.anchorStart, event.anchorEnd);
        if (anchor !== '')
          this.#anchors.set(anchor, leaf({ ...nothingAt(offset), value, source: text }));
        return text;
      }
    }
    this.convert(offset);
    this.#report.problem(offset, 'a key must be a text on one line');
    return null;
  }

  #isUsable(name: string, keyOffset: number, earlier: Located | undefined): boolean {
    if (UNUSABLE_KEYS.includes(name)) {
      this.#report.problem(keyOffset, `the key ${showText(name)} cannot be used`);
      return false;
    }
    if (earlier === undefined) return true;
    const line = this.#report.line(earlier.keyOffset);
    const message = `the key ${showText(name)} is given twice, first in line ${line}`;
    this.#report.problem(keyOffset, message, 'keep one of the two');
    return false;
  }

  #convertScalar(event: ScalarEvent, offset: number): Located {
    const text = getScalarValue(this.#text, event);
    const value = this.#valueOf(event, text);
    if (value === NOT_RESOLVED) return this.#flawed(offset);
    if (typeof value !== 'string') return { ...nothingAt(offset), value, source: text };
    const raw = this.#slice(offset, event.valueEnd);
    return { ...nothingAt(offset), value: this.#substitution.apply(value, { raw, offset }) };
  }

  #valueOf(event: ScalarEvent, text: string): unknown {
    const value = valueOf(event, text, this.#slice(event.tagStart, event.tagEnd));
    if (value === NOT_RESOLVED) this.#refuseTag(event.tagStart);
    return value;
  }

  #checkTag({ tagStart, tagEnd }: { tagStart: number; tagEnd: number }, fitting: string): void {
    const tag = this.#slice(tagStart, tagEnd);
    if (tag !== '' && tag !== '!' && tag !== fitting) this.#refuseTag(tagStart);
  }

  #refuseTag(at: number): void {
    const hint = 'remove the tag, or put a text that starts with "!" into quotes';
    this.#report.problem(at, 'tags have no meaning here', hint);
  }

  #convertAlias(event: AliasEvent): Converted {
    const offset = event.anchorStart - 1;
    const target = this.#anchors.get(this.#slice(event.anchorStart, event.anchorEnd));
    const name = showText(this.#slice(offset, event.anchorEnd));
    if (target === undefined) {
      const hint = `put it into quotes if it is meant as text: ${name}`;
      this.#report.problem(offset, `the alias ${name} has no anchor before it`, hint);
      return leaf(this.#flawed(offset));
    }
    if (target === null) {
      this.#report.problem(offset, `the alias ${name} stands inside of what it repeats`);
      return leaf(this.#flawed(offset));
    }
    const { located, values } = target;
    const aliasDepth = target.aliasDepth + 1;
    if (this.#aliasedValues + values > ALIASED_VALUES_MAX || aliasDepth > ALIAS_DEPTH_MAX) {
      const limits = `${ALIASED_VALUES_MAX} values or ${ALIAS_DEPTH_MAX} levels`;
      const message = `aliases repeat more than ${limits}`;
      this.#report.problem(offset, message, 'write them out, or split the file');
      return leaf(this.#flawed(offset));
    }
    this.#aliasedValues += values;
    return { located, values, aliasDepth };
  }

  /** Stands for a value that is already reported, so that nothing more is said of it. */
  #flawed(offset: number): Located {
    this.#report.mute(offset);
    return nothingAt(offset);
  }

  /** Empty where there is none. */
  #slice(start: number, end: number): string {
    return start < 0 ? '' : this.#text.slice(start, end);
  }

  /** Of the next value; `otherwise` where it is not written at all. */
  #place(otherwise: number): number {
    const event = this.#peek();
    return startOfBlock(event, this.#text, this.#end) ?? offsetOf(event, otherwise);
  }

  #peek(): Event {
    return this.#events[this.#next] ?? END;
  }

  #take(): Event {
    const event = this.#peek();
    this.#next += 1;
    this.#end = Math.max(this.#end, endOf(event));
    return event;
  }

  /** The events come in pairs, whatever the text: an end that is missing is one. */
  #takesEnd(): boolean {
    const ends = this.#peek().type === EVENT_ID.POP;
    if (ends) this.#next += 1;
    return ends;
  }
}

/** What may stand between the end of an item and the dash of the next. */
const BETWEEN_ITEMS = /(?:[\s\]},:]|#.*)*/y;
const END: Event = { type: EVENT_ID.POP };

function leaf(located: Located): Converted {
  return { located, values: 1, aliasDepth: 0 };
}

function sum(located: Located, inside: readonly Converted[]): Converted {
  let values = 1;
  let aliasDepth = 0;
  for (const one of inside) {
    values += one.values;
    aliasDepth = Math.max(aliasDepth, one.aliasDepth);
  }
  return { located, values, aliasDepth };
}

function nothingAt(offset: number): Located {
  return { value: null, offset, keyOffset: offset, source: '', fields: NO_FIELDS, items: NO_ITEMS };
}
