// What a client sent, whatever dialect it speaks: the history in order, and the tools it offers.

export interface Conversation {
  readonly model: string;
  readonly entries: readonly Entry[];
  readonly tools: readonly Tool[];
  /** false: the client wants one JSON document */
  readonly streams: boolean;
}

export type Entry =
  | { readonly kind: 'user' | 'assistant' | 'system'; readonly text: string }
  | { readonly kind: 'call'; readonly name: string; readonly text: string }
  | { readonly kind: 'result'; readonly text: string };

export interface Tool {
  readonly name: string;
  /** Codex puts the tools of an MCP server into one, and wants it back in a call */
  readonly namespace?: string;
  readonly parameters: Schema;
}

/** The part of JSON Schema that clients use for the arguments of a tool; Gemini writes types in capitals. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
}

export interface ToolCall {
  readonly name: string;
  readonly namespace?: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** The text of a content field: a string, or parts of which some are text. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as readonly { readonly text?: unknown }[])
    .map((part) => (typeof part === 'string' ? part : part.text))
    .filter((text) => typeof text === 'string')
    .join('\n');
}

const TEXT_LENGTH_MAX = 160;

/** The history as a test wants to read it: one short line per entry, without system texts. */
export function shapeOf({ entries }: Conversation): readonly string[] {
  return entries
    .filter(({ kind }) => kind !== 'system')
    .map((entry) => {
      const text = entry.text.replaceAll(/\s+/g, ' ').trim();
      // What an agent adds to a prompt stands before it or after it; both ends tell which prompt it was.
      const short =
        text.length <= TEXT_LENGTH_MAX
          ? text
          : `${text.slice(0, TEXT_LENGTH_MAX / 2)}…${text.slice(-TEXT_LENGTH_MAX / 2)}`;
      return entry.kind === 'call' ? `call ${entry.name}: ${short}` : `${entry.kind}: ${short}`;
    });
}
