// The dialect of Anthropic's messages: Claude Code.
import { type Conversation, type Entry, type Schema, textOf } from './conversation.ts';
import { type Dialect, TOKENS, freshId, namedFrame, piecesOf } from './dialect.ts';
import type { Limit, Refusal } from './limits.ts';
import type { Answer } from './reply.ts';

interface WireRequest {
  readonly model?: string;
  readonly stream?: boolean;
  readonly messages?: readonly { readonly role: string; readonly content: WireContent }[];
  readonly tools?: readonly { readonly name: string; readonly input_schema?: Schema }[];
}

type WireContent = string | readonly WireBlock[];

interface WireBlock {
  readonly type: string;
  readonly text?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly content?: unknown;
}

export const anthropic: Dialect = {
  name: 'anthropic',
  path: /\/messages$/,
  read: (body) => readRequest(body as WireRequest),
  stream: streamOf,
  whole: wholeOf,
  limit: refuseFor,
  overload: () => refusal(529, 'overloaded_error', 'Overloaded'),
  auth: () => refusal(401, 'authentication_error', 'invalid x-api-key'),
};

function readRequest({ model, stream, messages = [], tools = [] }: WireRequest): Conversation {
  return {
    model: model ?? 'unnamed',
    streams: stream === true,
    entries: messages.flatMap(({ role, content }) => entriesOf(role, content)),
    tools: tools.map((tool) => ({ name: tool.name, parameters: tool.input_schema ?? {} })),
  };
}

function entriesOf(role: string, content: WireContent): readonly Entry[] {
  const kind = role === 'assistant' ? 'assistant' : 'user';
  if (typeof content === 'string') return [{ kind, text: content }];
  return content.flatMap((block): readonly Entry[] => {
    switch (block.type) {
      case 'text':
        return [{ kind, text: block.text ?? '' }];
      case 'tool_use':
        return [{ kind: 'call', name: block.name ?? '', text: JSON.stringify(block.input) }];
      case 'tool_result':
        return [{ kind: 'result', text: textOf(block.content) }];
      default:
        return [];
    }
  });
}

const usage = (output: number) => ({
  input_tokens: TOKENS.input,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: TOKENS.cached,
  output_tokens: output,
});

const stopReasonOf = ({ call }: Answer) => (call === null ? 'end_turn' : 'tool_use');

function streamOf(answer: Answer, model: string) {
  const message = { ...headOf(model), content: [], stop_reason: null, usage: usage(1) };
  const before = [namedFrame('message_start', { message })];
  const after: string[] = [];
  if (answer.text !== '') {
    const block = { type: 'text', text: '' };
    before.push(namedFrame('content_block_start', { index: 0, content_block: block }));
    after.push(namedFrame('content_block_stop', { index: 0 }));
  }
  if (answer.call !== null) {
    const index = answer.text === '' ? 0 : 1;
    const { name, arguments: input } = answer.call;
    const block = { type: 'tool_use', id: freshId('toolu'), name, input: {} };
    const delta = { type: 'input_json_delta', partial_json: JSON.stringify(input) };
    after.push(namedFrame('content_block_start', { index, content_block: block }));
    after.push(namedFrame('content_block_delta', { index, delta }));
    after.push(namedFrame('content_block_stop', { index }));
  }
  const delta = { stop_reason: stopReasonOf(answer), stop_sequence: null };
  after.push(namedFrame('message_delta', { delta, usage: usage(TOKENS.output) }));
  after.push(namedFrame('message_stop'));
  const pieces = piecesOf(answer.text).map((text) =>
    namedFrame('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
  );
  return { before, pieces, after };
}

const headOf = (model: string) => ({
  id: freshId('msg'),
  type: 'message',
  role: 'assistant',
  model,
  stop_sequence: null,
});

function wholeOf(answer: Answer, model: string): unknown {
  const { text, call } = answer;
  return {
    ...headOf(model),
    content: [
      ...(text === '' ? [] : [{ type: 'text', text }]),
      ...(call === null
        ? []
        : [{ type: 'tool_use', id: freshId('toolu'), name: call.name, input: call.arguments }]),
    ],
    stop_reason: stopReasonOf(answer),
    usage: usage(TOKENS.output),
  };
}

function refusal(
  status: number,
  type: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return { status, headers, body: { type: 'error', error: { type, message } } };
}

const WINDOWS = {
  usage: { claim: 'five_hour', prefix: '5h' },
  weekly: { claim: 'seven_day', prefix: '7d' },
} as const;

function refuseFor({ kind, seconds, resetsAt }: Limit): Refusal {
  switch (kind) {
    case 'usage':
    case 'weekly': {
      const { claim, prefix } = WINDOWS[kind];
      const unified = 'anthropic-ratelimit-unified';
      return refusal(
        429,
        'rate_limit_error',
        "This request would exceed your account's rate limit. Please try again later.",
        {
          'retry-after': `${seconds}`,
          [`${unified}-status`]: 'rejected',
          [`${unified}-reset`]: `${resetsAt}`,
          [`${unified}-representative-claim`]: claim,
          [`${unified}-${prefix}-status`]: 'rejected',
          [`${unified}-${prefix}-reset`]: `${resetsAt}`,
          [`${unified}-${prefix}-utilization`]: '1.0',
        },
      );
    }
    case 'rate':
      return refusal(
        429,
        'rate_limit_error',
        'Number of request tokens has exceeded your per-minute rate limit',
        { 'retry-after': `${seconds}` },
      );
    case 'quota':
    case 'payment':
      return refusal(
        kind === 'quota' ? 400 : 402,
        kind === 'quota' ? 'invalid_request_error' : 'billing_error',
        'Your credit balance is too low to access the Anthropic API. ' +
          'Please go to Plans & Billing to upgrade or purchase credits.',
      );
  }
}
