// Owns what tests need to know of schema.mjs.
import type { GenericSchema } from 'valibot';

export function jsonSchemaText(schema: GenericSchema, options: { takesVariables: boolean }): string;
