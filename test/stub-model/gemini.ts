// The dialect of Gemini's generateContent: Gemini CLI.
import type { Conversation, Entry, Schema } from './conversation.ts';
import { type Dialect, TOKENS, dataFrame, freshId, piecesOf } from './dialect.ts';
import type { Limit, Refusal } from './limits.ts';
import type { Answer } from './reply.ts';

interface WireRequest {
  readonly contents?: readonly { readonly role?: string; readonly parts?: readonly WirePart[] }[];
  readonly tools?: readonly {
    readonly functionDeclarations?: readonly {
      readonly name: string;
      readonly parameters?: Schema;
      readonly parametersJsonSchema?: Schema;
    }[];
  }[];
}

interface WirePart {
  readonly text?: string;
  readonly thought?: boolean;
  readonly functionCall?: { readonly name: string; readonly args?: unknown };
  readonly functionResponse?: { readonly response?: unknown };
}

export const gemini: Dialect = {
  name: 'gemini',
  path: /\/models\/[^/:]+:(?:streamGenerateContent|generateContent)$/,
  read: (body, path) => readRequest(body as WireRequest, path),
  stream: streamOf,
  whole: (answer, model) => chunkOf(partsOf(answer), model, 'STOP'),
  limit: refuseFor,
  overload: () => refusal(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
  auth: () => refusal(401, 'UNAUTHENTICATED', 'API keys are not supported by this API: test-key.'),
};

function readRequest({ contents = [], tools = [] }: WireRequest, path: string): Conversation {
  return {
    model: /models\/([^/:]+)/.exec(path)?.[1] ?? 'unnamed',
    streams: path.endsWith('streamGenerateContent'),
    entries: contents.flatMap(({ role, parts = [] }) =>
      parts.flatMap((part) => entriesOf(role === 'model' ? 'assistant' : 'user', part)),
    ),
    tools: tools
      .flatMap(({ functionDeclarations }) => functionDeclarations ?? [])
      .map((tool) => ({
        name: tool.name,
        parameters: tool.parametersJsonSchema ?? tool.parameters ?? {},
      })),
  };
}

function entriesOf(kind: 'assistant' | 'user', part: WirePart): readonly Entry[] {
  if (part.functionCall !== undefined) {
    const { name, args } = part.functionCall;
    return [{ kind: 'call', name, text: JSON.stringify(args ?? {}) }];
  }
  if (part.functionResponse !== undefined) {
    return [{ kind: 'result', text: JSON.stringify(part.functionResponse.response ?? {}) }];
  }
  return part.text === undefined || part.thought === true ? [] : [{ kind, text: part.text }];
}

function partsOf({ text, call }: Answer): readonly object[] {
  return [
    ...(text === '' ? [] : [{ text }]),
    ...(call === null
      ? []
      : [{ functionCall: { id: freshId('call'), name: call.name, args: call.arguments } }]),
  ];
}

function chunkOf(parts: readonly object[], model: string, finishReason?: string) {
  return {
    candidates: [
      {
        index: 0,
        content: { role: 'model', parts },
        ...(finishReason === undefined ? {} : { finishReason }),
      },
    ],
    usageMetadata: {
      promptTokenCount: TOKENS.input,
      cachedContentTokenCount: TOKENS.cached,
      candidatesTokenCount: TOKENS.output,
      totalTokenCount: TOKENS.input + TOKENS.output,
    },
    modelVersion: model,
    responseId: freshId('resp'),
  };
}

function streamOf(answer: Answer, model: string) {
  const pieces = piecesOf(answer.text);
  const rest = partsOf({ ...answer, text: '' });
  return {
    before: [],
    pieces: pieces.map((text) => dataFrame(chunkOf([{ text }], model))),
    after: [dataFrame(chunkOf(rest.length === 0 ? [{ text: '' }] : rest, model, 'STOP'))],
  };
}

function refusal(
  status: number,
  name: string,
  message: string,
  details: readonly object[] = [],
): Refusal {
  return { status, body: { error: { code: status, message, status: name, details } } };
}

const QUOTA_METRIC = 'generativelanguage.googleapis.com/generate_content_free_tier_requests';

function refuseFor({ kind, seconds }: Limit): Refusal {
  const retryDelay = `${seconds}s`;
  const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay };
  if (kind === 'usage' || kind === 'weekly') return planIsUsedUp(retryInfo);
  const period = kind === 'rate' ? 'PerMinute' : 'PerDay';
  const violation = {
    quotaMetric: QUOTA_METRIC,
    quotaId: `GenerateRequests${period}PerProjectPerModel-FreeTier`,
    quotaValue: '50',
  };
  return refusal(
    429,
    'RESOURCE_EXHAUSTED',
    'You exceeded your current quota, please check your plan and billing details. ' +
      `\n* Quota exceeded for metric: ${QUOTA_METRIC}, limit: 50\nPlease retry in ${retryDelay}.`,
    [
      { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [violation] },
      retryInfo,
    ],
  );
}

/** To those who are logged in with an account: google-gemini/gemini-cli#22107. */
function planIsUsedUp(retryInfo: { readonly retryDelay: string }): Refusal {
  return refusal(
    429,
    'RESOURCE_EXHAUSTED',
    `You have exhausted your capacity on this model. Your quota will reset after ${retryInfo.retryDelay}.`,
    [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'QUOTA_EXHAUSTED',
        domain: 'cloudcode-pa.googleapis.com',
      },
      retryInfo,
    ],
  );
}
