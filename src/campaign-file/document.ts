// Owns the way from YAML nodes to plain values that know their place. What YAML offers beyond plain
// values (aliases, keys that are no text) is resolved or refused here.
import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { Report } from './report.ts';
import { showText } from './show.ts';
import type { Substitution } from './substitute.ts';
import { composeDocument } from './yaml.ts';

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

/** valibot skips these keys silently, for they could reach the prototype of an object. */
const UNUSABLE_KEYS = ['__proto__', 'prototype', 'constructor'];

const NO_FIELDS: ReadonlyMap<string, Located> = new Map();
const NO_ITEMS: readonly Located[] = [];

/** Aliases that stand inside of what other aliases repeat; each level costs stack. */
const ALIAS_DEPTH_MAX = 64;

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
  const document = composeDocument(text, report);
  if (document === null) return null;
  if (document.contents === null) return nothingAt(0);
  return new Converter(text, report, substitution).convert(document.contents);
}

class Converter {
  readonly #text: string;
  readonly #report: Report;
  readonly #substitution: Substitution;
  readonly #anchors = new Map<string, Node>();
  /**
   * what each alias stands for: the last anchor of its name before it, even if the name is given
   * again later
   */
  readonly #targets = new Map<Node, Node>();
  /** nodes whose conversion is under way, to notice an alias inside of what it stands for */
  readonly #open = new Set<Node>();
  #aliasDepth = 0;
  #aliasedValues = 0;

  constructor(text: string, report: Report, substitution: Substitution) {
    this.#text = text;
    this.#report = report;
    this.#substitution = substitution;
  }

  convert(node: Node, keyOffset = offsetOf(node)): Located {
    if (this.#aliasDepth > 0) this.#aliasedValues += 1;
    if (isAlias(node)) return this.#convertAlias(node, keyOffset);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined && this.#aliasDepth === 0) this.#anchors.set(anchor, node);
    this.#open.add(node);
    const located = this.#convertContent(node, keyOffset);
    this.#open.delete(node);
    return located;
  }

  #convertContent(node: Node, keyOffset: number): Located {
    const place = { offset: offsetOf(node), keyOffset, source: '' };
    if (isMap(node)) {
      const fields = this.#convertFields(node);
      const value: Record<string, unknown> = Object.create(null);
      for (const [key, field] of fields) value[key] = field.value;
      return { ...place, value, fields, items: NO_ITEMS };
    }
    if (isSeq<Node | null>(node)) {
      const items = node.items.map((item) => {
        return item === null ? nothingAt(place.offset) : this.convert(item);
      });
      return { ...place, value: items.map((item) => item.value), fields: NO_FIELDS, items };
    }
    if (!isScalar(node)) return nothingAt(place.offset);
    return { ...place, ...this.#convertScalar(node), fields: NO_FIELDS, items: NO_ITEMS };
  }

  #convertScalar(node: Node & { value: unknown; source?: string }): {
    value: unknown;
    source: string;
    offset: number;
  } {
    const offset = offsetOf(node);
    if (typeof node.value !== 'string') {
      return { value: node.value, source: node.source ?? '', offset };
    }
    const raw = this.#text.slice(offset, node.range?.[1] ?? offset);
    return { value: this.#substitution.apply(node.value, { raw, offset }), source: '', offset };
  }

  #convertFields(map: YAMLMap): ReadonlyMap<string, Located> {
    const fields = new Map<string, Located>();
    for (const { key, value } of map.items) {
      if (!isScalar(key) || key.value === null) {
        const at = isNodeWithRange(key) ? offsetOf(key) : offsetOf(map);
        this.#report.problem(at, 'a key must be a text on one line');
        continue;
      }
      if (key.anchor !== undefined && this.#aliasDepth === 0) this.#anchors.set(key.anchor, key);
      const name = keyText(key);
      const keyOffset = offsetOf(key);
      const earlier = fields.get(name);
      if (UNUSABLE_KEYS.includes(name)) {
        this.#report.problem(keyOffset, `the key ${showText(name)} cannot be used`);
      } else if (earlier !== undefined) {
        const line = this.#report.line(earlier.keyOffset);
        const message = `the key ${showText(name)} is given twice, first in line ${line}`;
        this.#report.problem(keyOffset, message, 'keep one of the two');
      } else if (isNodeWithRange(value) && !isEmptyScalar(value)) {
        fields.set(name, this.convert(value, keyOffset));
      } else {
        fields.set(name, nothingAt(keyOffset));
      }
    }
    return fields;
  }

  #convertAlias(alias: Node & { source: string }, keyOffset: number): Located {
    const target = this.#targets.get(alias) ?? this.#anchors.get(alias.source);
    const name = showText(`*${alias.source}`);
    if (target === undefined) {
      const hint = `put it into quotes if it is meant as text: ${name}`;
      this.#report.problem(offsetOf(alias), `the alias ${name} has no anchor before it`, hint);
      return this.#flawed(alias, keyOffset);
    }
    if (this.#open.has(target)) {
      this.#report.problem(offsetOf(alias), `the alias ${name} stands inside of what it repeats`);
      return this.#flawed(alias, keyOffset);
    }
    if (this.#aliasedValues > ALIASED_VALUES_MAX || this.#aliasDepth >= ALIAS_DEPTH_MAX) {
      const limits = `${ALIASED_VALUES_MAX} values or ${ALIAS_DEPTH_MAX} levels`;
      const message = `aliases repeat more than ${limits}`;
      this.#report.problem(offsetOf(alias), message, 'write them out, or split the file');
      return this.#flawed(alias, keyOffset);
    }
    this.#targets.set(alias, target);
    this.#aliasDepth += 1;
    const located = this.convert(target, keyOffset);
    this.#aliasDepth -= 1;
    return { ...located, keyOffset };
  }

  /** Stands for a value that is already reported, so that nothing more is said of it. */
  #flawed(node: Node, keyOffset: number): Located {
    this.#report.mute(offsetOf(node));
    return { ...nothingAt(offsetOf(node)), keyOffset };
  }
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function isNodeWithRange(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

/**
 * `key:` with nothing behind it. Its own place is wherever the next token starts, so the key's is
 * used.
 */
function isEmptyScalar(node: Node): boolean {
  return isScalar(node) && node.value === null && (node.source ?? '') === '';
}

/** Keys are always text: `1:` and `true:` are what is written there. */
function keyText(key: { value: unknown; source?: string }): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

function nothingAt(offset: number): Located {
  return {
    value: null,
    offset,
    keyOffset: offset,
    source: '',
    fields: NO_FIELDS,
    items: NO_ITEMS,
  };
}
