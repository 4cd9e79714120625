// Owns looking into JSON that somebody else wrote: whatever is not as expected is null, and nothing throws.

export type Fields = Readonly<Record<string, unknown>>;

/** null: no object. Arrays are none. */
export function fields(value: unknown): Fields | null {
  return isObject(value) ? value : null;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What lies at the end of the path; undefined: nothing. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const name of path) {
    const object = fields(here);
    // Names of Object.prototype are no fields of anybody's message.
    if (object === null || !Object.hasOwn(object, name)) return undefined;
    here = object[name];
  }
  return here;
}

/** null: no text, or an empty one. */
export function textAt(value: unknown, ...path: readonly string[]): string | null {
  const found = at(value, ...path);
  return typeof found === 'string' && found !== '' ? found : null;
}

export function numberAt(value: unknown, ...path: readonly string[]): number | null {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) ? found : null;
}

/** Of what cannot be negative: tokens, money, durations. */
export function amountAt(value: unknown, ...path: readonly string[]): number | null {
  const found = numberAt(value, ...path);
  return found !== null && found >= 0 ? found : null;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The JSON at the end of a text, for example of `429 {"error":…}`; null: there is none. */
export function jsonAtEnd(text: string): Fields | null {
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  if (start < 0 || end < start) return null;
  try {
    return fields(JSON.parse(text.slice(start, end + 1)));
  } catch {
    return null;
  }
}

/** What a thing says that it is, for a switch; empty: nothing. */
export function kindAt(value: unknown, name: string): string {
  return textAt(value, name) ?? '';
}
