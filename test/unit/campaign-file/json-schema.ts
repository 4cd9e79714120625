// Owns a judge of JSON schemas, for the words that ours use and no others: a word that it does not
// know is an error.

export type JsonSchema = { readonly [word: string]: unknown };

type Judge = (expected: unknown, value: unknown) => boolean;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asSchema = (value: unknown): JsonSchema => value as JsonSchema;

const TYPES: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  array: (value) => Array.isArray(value),
  object: isObject,
};

const always: Judge = () => true;

const WORDS: Record<string, Judge> = {
  $schema: always,
  title: always,
  description: always,
  default: always,
  // judged together with `properties`
  additionalProperties: always,
  type: (expected, value) => TYPES[String(expected)]!(value),
  enum: (expected, value) => (expected as unknown[]).includes(value),
  anyOf: (expected, value) => (expected as JsonSchema[]).some((schema) => fits(schema, value)),
  not: (expected, value) => !fits(asSchema(expected), value),
  pattern: (expected, value) =>
    typeof value !== 'string' || new RegExp(String(expected)).test(value),
  minimum: (expected, value) => typeof value !== 'number' || value >= Number(expected),
  maximum: (expected, value) => typeof value !== 'number' || value <= Number(expected),
  minItems: (expected, value) => !Array.isArray(value) || value.length >= Number(expected),
  maxItems: (expected, value) => !Array.isArray(value) || value.length <= Number(expected),
  items: (expected, value) =>
    !Array.isArray(value) || value.every((item) => fits(asSchema(expected), item)),
  required: (expected, value) =>
    !isObject(value) || (expected as string[]).every((key) => Object.hasOwn(value, key)),
  propertyNames: (expected, value) =>
    !isObject(value) || Object.keys(value).every((key) => fits(asSchema(expected), key)),
  properties: always,
};

export function fits(schema: JsonSchema, value: unknown): boolean {
  for (const [word, expected] of Object.entries(schema)) {
    const judge = WORDS[word];
    if (judge === undefined) throw new Error(`this judge does not know "${word}"`);
    if (!judge(expected, value)) return false;
  }
  return !isObject(value) || propertiesFit(schema, value);
}

function propertiesFit(schema: JsonSchema, value: Record<string, unknown>): boolean {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  const others = schema['additionalProperties'] ?? {};
  return Object.entries(value).every(([key, property]) => {
    if (Object.hasOwn(properties, key)) return fits(properties[key]!, property);
    return others !== false && fits(asSchema(others), property);
  });
}
