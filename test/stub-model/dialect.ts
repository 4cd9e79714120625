// What the stub must know of an API dialect.
import type { Conversation } from './conversation.ts';
import type { Limit, Refusal } from './limits.ts';
import type { Answer } from './reply.ts';

export interface Dialect {
  readonly name: string;
  readonly path: RegExp;
  /** `path`: the part of the URL that Gemini writes model and method into. */
  read(body: unknown, path: string): Conversation;
  stream(answer: Answer, model: string): Frames;
  /** The same answer as one JSON document. */
  whole(answer: Answer, model: string): unknown;
  limit(limit: Limit): Refusal;
  overload(): Refusal;
  auth(): Refusal;
}

/** An event stream in three parts, so that it can be late or be cut after its first piece of text. */
export interface Frames {
  readonly before: readonly string[];
  readonly pieces: readonly string[];
  readonly after: readonly string[];
}

export function dataFrame(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** The event's name stands in the line before and in the value itself, as both OpenAI and Anthropic write it. */
export function namedFrame(type: string, fields: object = {}): string {
  return `event: ${type}\n${dataFrame({ type, ...fields })}`;
}

/** Text in pieces of four words. */
export function piecesOf(text: string): readonly string[] {
  return text.match(/(?:\s*\S+){1,4}\s*/g) ?? [];
}

export const TOKENS = { input: 120, cached: 20, output: 12 } as const;

let answers = 0;

/** Unlike those before; nobody reads anything into it. */
export function freshId(prefix: string): string {
  answers += 1;
  return `${prefix}_stub${process.pid}x${answers}`;
}
