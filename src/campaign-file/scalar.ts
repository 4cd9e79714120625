// Owns what the text of a scalar means: the core schema of YAML 1.2, whatever a `%YAML` line says.
import {
  NOT_RESOLVED,
  SCALAR_STYLE,
  type ScalarEvent,
  type ScalarTagDefinition,
  boolCoreTag,
  floatCoreTag,
  intCoreTag,
  nullCoreTag,
  strTag,
} from 'js-yaml';

/** What a text without quotes may mean, besides itself. */
const IMPLICIT_TAGS: readonly ScalarTagDefinition[] = [
  nullCoreTag,
  boolCoreTag,
  intCoreTag,
  floatCoreTag,
];

const TAGS = new Map<string, ScalarTagDefinition>([
  ['!', strTag],
  ['!!str', strTag],
  ['!!null', nullCoreTag],
  ['!!bool', boolCoreTag],
  ['!!int', intCoreTag],
  ['!!float', floatCoreTag],
]);

/**
 * @param tag as it is written; empty: none
 * @returns a text, number, boolean or null; `NOT_RESOLVED` where the tag means nothing here
 */
export function valueOf({ style }: ScalarEvent, text: string, tag: string): unknown {
  if (tag !== '') {
    const known = TAGS.get(tag);
    return known === undefined ? NOT_RESOLVED : known.resolve(text, true, known.tagName);
  }
  if (style !== SCALAR_STYLE.PLAIN) return text;
  for (const implicit of IMPLICIT_TAGS) {
    const value: unknown = implicit.resolve(text, false, implicit.tagName);
    if (value !== NOT_RESOLVED) return value;
  }
  return text;
}
