// The dialect of OpenAI's chat completions: OpenCode, Qwen Code, pi, Copilot.
import { type Conversation, type Entry, type Schema, textOf } from './conversation.ts';
import { type Dialect, TOKENS, dataFrame, freshId, piecesOf } from './dialect.ts';
import { openaiAuth, openaiLimit, openaiOverload } from './openai-refusals.ts';
import type { Answer } from './reply.ts';

interface WireRequest {
  readonly model?: string;
  readonly stream?: boolean;
  readonly messages?: readonly WireMessage[];
  readonly tools?: readonly {
    readonly function?: { readonly name: string; readonly parameters?: Schema };
  }[];
}

interface WireMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_calls?: readonly {
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}

export const openaiChat: Dialect = {
  name: 'openai-chat',
  path: /\/chat\/completions$/,
  read: (body) => readRequest(body as WireRequest),
  stream: streamOf,
  whole: wholeOf,
  limit: openaiLimit,
  overload: openaiOverload,
  auth: openaiAuth,
};

function readRequest(request: WireRequest): Conversation {
  return {
    model: request.model ?? 'unnamed',
    streams: request.stream === true,
    entries: (request.messages ?? []).flatMap(entriesOf),
    tools: (request.tools ?? []).flatMap(({ function: tool }) =>
      tool === undefined ? [] : [{ name: tool.name, parameters: tool.parameters ?? {} }],
    ),
  };
}

function entriesOf({ role, content, tool_calls: calls = [] }: WireMessage): readonly Entry[] {
  const text = textOf(content);
  if (role === 'tool') return [{ kind: 'result', text }];
  if (role === 'user') return [{ kind: 'user', text }];
  if (role !== 'assistant') return [{ kind: 'system', text }];
  return [
    ...(text === '' ? [] : [{ kind: 'assistant', text } as const]),
    ...calls.map(
      ({ function: call }) => ({ kind: 'call', name: call.name, text: call.arguments }) as const,
    ),
  ];
}

const usage = () => ({
  prompt_tokens: TOKENS.input,
  completion_tokens: TOKENS.output,
  total_tokens: TOKENS.input + TOKENS.output,
  prompt_tokens_details: { cached_tokens: TOKENS.cached },
});

const toolCallsOf = ({ call }: Answer) =>
  call === null
    ? []
    : [
        {
          index: 0,
          id: freshId('call'),
          type: 'function',
          function: { name: call.name, arguments: JSON.stringify(call.arguments) },
        },
      ];

function streamOf(answer: Answer, model: string) {
  const head = {
    id: freshId('chatcmpl'),
    object: 'chat.completion.chunk',
    created: Math.floor(Date.now() / 1000),
    model,
  };
  const chunk = (delta: object, finish: string | null = null) =>
    dataFrame({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] });
  const calls = toolCallsOf(answer);
  return {
    before: [chunk({ role: 'assistant', content: '' })],
    pieces: piecesOf(answer.text).map((content) => chunk({ content })),
    after: [
      ...(calls.length === 0 ? [] : [chunk({ tool_calls: calls })]),
      chunk({}, calls.length === 0 ? 'stop' : 'tool_calls'),
      dataFrame({ ...head, choices: [], usage: usage() }),
      'data: [DONE]\n\n',
    ],
  };
}

function wholeOf(answer: Answer, model: string): unknown {
  const calls = toolCallsOf(answer);
  return {
    id: freshId('chatcmpl'),
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.text,
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
        },
        finish_reason: calls.length === 0 ? 'stop' : 'tool_calls',
      },
    ],
    usage: usage(),
  };
}
