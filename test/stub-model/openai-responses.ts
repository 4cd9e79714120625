// The dialect of OpenAI's responses: Codex.
import { type Conversation, type Entry, type Schema, type Tool, textOf } from './conversation.ts';
import { type Dialect, TOKENS, freshId, namedFrame, piecesOf } from './dialect.ts';
import { openaiAuth, openaiLimit, openaiOverload } from './openai-refusals.ts';
import type { Answer } from './reply.ts';

interface WireRequest {
  readonly model?: string;
  readonly stream?: boolean;
  readonly instructions?: string;
  readonly input?: string | readonly WireItem[];
  readonly tools?: readonly WireTool[];
}

interface WireTool {
  readonly type: string;
  readonly name?: string;
  readonly parameters?: Schema;
  /** of a namespace */
  readonly tools?: readonly WireTool[];
}

interface WireItem {
  readonly type?: string;
  readonly role?: string;
  readonly content?: unknown;
  readonly name?: string;
  readonly arguments?: string;
  readonly output?: unknown;
}

export const openaiResponses: Dialect = {
  name: 'openai-responses',
  path: /\/responses$/,
  read: (body) => readRequest(body as WireRequest),
  stream: streamOf,
  whole: (answer, model) => responseOf(freshId('resp'), model, itemsOf(answer)),
  limit: openaiLimit,
  overload: openaiOverload,
  auth: openaiAuth,
};

function readRequest({ model, stream, input = [], tools = [] }: WireRequest): Conversation {
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  return {
    model: model ?? 'unnamed',
    streams: stream === true,
    entries: items.flatMap(entriesOf),
    tools: tools.flatMap((tool) =>
      tool.type === 'namespace'
        ? (tool.tools ?? []).flatMap((inner) => toolsOf(inner, tool.name))
        : toolsOf(tool),
    ),
  };
}

function toolsOf({ name, parameters = {} }: WireTool, namespace?: string): readonly Tool[] {
  if (name === undefined) return [];
  return [{ name, parameters, ...(namespace === undefined ? {} : { namespace }) }];
}

function entriesOf(item: WireItem): readonly Entry[] {
  if (item.type === 'function_call') {
    return [{ kind: 'call', name: item.name ?? '', text: item.arguments ?? '' }];
  }
  if (item.type === 'function_call_output') {
    return [{ kind: 'result', text: textOf(item.output) }];
  }
  if (item.role === undefined) return [];
  const kind = item.role === 'user' || item.role === 'assistant' ? item.role : 'system';
  return [{ kind, text: textOf(item.content) }];
}

interface WireOutput {
  readonly id: string;
  readonly type: string;
}

function itemsOf({ text, call }: Answer): readonly WireOutput[] {
  const message = {
    id: freshId('msg'),
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [] }],
  };
  const functionCall = {
    id: freshId('fc'),
    type: 'function_call',
    status: 'completed',
    call_id: freshId('call'),
    name: call?.name,
    ...(call?.namespace === undefined ? {} : { namespace: call.namespace }),
    arguments: JSON.stringify(call?.arguments),
  };
  return [...(text === '' ? [] : [message]), ...(call === null ? [] : [functionCall])];
}

function responseOf(id: string, model: string, output: readonly WireOutput[]) {
  return {
    id,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    status: 'completed',
    model,
    output,
    usage: {
      input_tokens: TOKENS.input,
      input_tokens_details: { cached_tokens: TOKENS.cached },
      output_tokens: TOKENS.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: TOKENS.input + TOKENS.output,
    },
  };
}

function streamOf(answer: Answer, model: string) {
  const id = freshId('resp');
  const items = itemsOf(answer);
  const response = responseOf(id, model, items);
  let sequence = 0;
  const frame = (type: string, fields: object) =>
    namedFrame(type, { sequence_number: sequence++, ...fields });
  const at = (item: WireOutput) => ({ item_id: item.id, output_index: 0, content_index: 0 });
  const message = items.find(({ type }) => type === 'message');

  const before = [
    frame('response.created', {
      response: { ...response, status: 'in_progress', output: [], usage: null },
    }),
  ];
  if (message !== undefined) {
    const opened = { ...message, status: 'in_progress', content: [] };
    const part = { type: 'output_text', text: '', annotations: [] };
    before.push(frame('response.output_item.added', { output_index: 0, item: opened }));
    before.push(frame('response.content_part.added', { ...at(message), part }));
  }
  const pieces = piecesOf(answer.text).map((delta) =>
    frame('response.output_text.delta', { ...at(message!), delta }),
  );
  const after =
    message === undefined
      ? []
      : [frame('response.output_text.done', { ...at(message), text: answer.text })];
  items.forEach((item, index) => {
    after.push(frame('response.output_item.done', { output_index: index, item }));
  });
  after.push(frame('response.completed', { response }));
  return { before, pieces, after };
}
