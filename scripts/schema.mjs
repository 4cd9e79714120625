// Owns schema/*.json: makes them from the schemas that the parser itself uses, so that an editor
// and Drover agree. Run it after a build: `node scripts/schema.mjs`. A unit test fails where the
// committed files are not what it makes.
import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';

/**
 * In a file that takes variables, each text may hold a reference instead of what its pattern asks
 * for.
 */
const REFERENCE = '\\$\\{\\{';

/**
 * The JSON schema of a file, as the text of its file under schema/.
 *
 * @type {typeof import('./schema.d.mts').jsonSchemaText}
 * @param schema the valibot schema of the whole file
 * @param options `takesVariables`: texts may hold `${{ vars.x }}`
 */
export function jsonSchemaText(schema, { takesVariables }) {
  const converted = withoutMeta(convert(schema));
  const tree = takesVariables ? withReferences(converted) : converted;
  const $schema = 'http://json-schema.org/draft-07/schema#';
  return `${JSON.stringify({ $schema, ...tree }, null, 2)}\n`;
}

function convert(schema) {
  return toJsonSchema(schema, {
    // What these do to a text is for the parser; what an editor needs of them is in the metadata
    // beside them.
    ignoreActions: ['check', 'raw_transform', 'transform'],
    overrideSchema({ valibotSchema, jsonSchema }) {
      if (valibotSchema.type === 'lazy') return alternatives(valibotSchema);
      if (valibotSchema.type === 'object_with_rest') {
        return { ...jsonSchema, additionalProperties: false };
      }
      return undefined;
    },
  });
}

/**
 * The parser's lazy schemas look at the kind of value: asks for a list, a map, a text and a number, and takes
 * what can fit.
 */
function alternatives(lazy) {
  const kinds = new Set([[], {}, '', 0].map((input) => lazy.getter(input)));
  const fitting = [...kinds].filter((schema) => schema.type !== 'never');
  const converted = fitting.map((schema) => withoutMeta(convert(schema)));
  return converted.length === 1 ? converted[0] : { anyOf: converted };
}

/** Drops what the converter adds to each of its answers, and definitions that nothing refers to. */
function withoutMeta(jsonSchema) {
  const rest = { ...jsonSchema };
  delete rest.$schema;
  delete rest.$defs;
  return rest;
}

function withReferences(node) {
  if (Array.isArray(node)) return node.map(withReferences);
  if (node === null || typeof node !== 'object') return node;
  const copy = Object.fromEntries(
    Object.entries(node).map(([key, value]) =>
      // Keys are never filled in.
      key === 'propertyNames' ? [key, value] : [key, withReferences(value)],
    ),
  );
  if (copy.type === 'string' && copy.pattern !== undefined) {
    copy.pattern = `${copy.pattern}|${REFERENCE}`;
  }
  if (copy.type !== 'string' || !Array.isArray(copy.enum)) return copy;
  const { type, enum: words, ...rest } = copy;
  return {
    ...rest,
    anyOf: [
      { type, enum: words },
      { type, pattern: REFERENCE },
    ],
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { CAMPAIGN, CONFIG } = await import('../dist/campaign-file/schema.js');
  const write = (name, text) =>
    writeFileSync(fileURLToPath(new URL(`../schema/${name}`, import.meta.url)), text);
  write('campaign.schema.json', jsonSchemaText(CAMPAIGN, { takesVariables: true }));
  write('config.schema.json', jsonSchemaText(CONFIG, { takesVariables: false }));
}
