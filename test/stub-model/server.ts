// A model server that thinks nothing: real agents talk to it on loopback, and what they ask for stands in the prompt.
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropic } from './anthropic.ts';
import { type Conversation, type ToolCall, shapeOf } from './conversation.ts';
import { type Wait, deliver, deliverJson } from './delivery.ts';
import type { Dialect } from './dialect.ts';
import { gemini } from './gemini.ts';
import { type Limit, limitOf } from './limits.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiResponses } from './openai-responses.ts';
import { type Reply, isAside, replyTo } from './reply.ts';
import { toolCalled } from './tool-call.ts';

const DIALECTS: readonly Dialect[] = [openaiResponses, openaiChat, anthropic, gemini];

const BODY_BYTES_MAX = 32 * 1024 * 1024;
const LOG_ENTRIES_MAX = 1000;

/** A model request as the log keeps it; neither keys nor system prompts are in it. */
export interface LoggedRequest {
  readonly at: number;
  readonly dialect: string;
  readonly model: string;
  /** a request without a shell tool: a title, a memory */
  readonly aside: boolean;
  readonly history: readonly string[];
  readonly tools: readonly string[];
  readonly answered: string;
}

export interface StubModel extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** From now on everyone is refused, until so many seconds have passed. */
  limit(kind: string, seconds: number): void;
  unlimit(): void;
  log(): readonly LoggedRequest[];
  close(): Promise<void>;
}

export async function startStubModel(port = 0): Promise<StubModel> {
  const state = new State();
  const server = createServer((request, response) => {
    answer(state, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else deliverJson(response, 500, { error: { message: String(error) } });
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;

  const close = async () => {
    if (!server.listening) return;
    state.endWaits();
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    limit: (kind, seconds) => {
      state.quota = limitOf(kind, seconds, Date.now());
    },
    unlimit: () => {
      state.quota = null;
    },
    log: () => [...state.log],
    close,
    [Symbol.asyncDispose]: close,
  };
}

class State {
  quota: Limit | null = null;
  log: LoggedRequest[] = [];
  readonly #waits = new Set<() => void>();

  /** The shared quota with the time that is left of it. */
  quotaAt(nowMs: number): Limit | null {
    if (this.quota === null || this.quota.resetsAt * 1000 <= nowMs) return null;
    const seconds = Math.ceil(this.quota.resetsAt - nowMs / 1000);
    return { ...this.quota, seconds };
  }

  waitFor(response: ServerResponse): Wait {
    return (seconds) =>
      new Promise((resolve) => {
        const timer = seconds === null ? undefined : setTimeout(() => done(), seconds * 1000);
        const done = () => {
          clearTimeout(timer);
          this.#waits.delete(done);
          response.off('close', done);
          resolve();
        };
        this.#waits.add(done);
        response.once('close', done);
      });
  }

  endWaits(): void {
    for (const done of this.#waits) done();
  }
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse) {
  const path = new URL(request.url ?? '/', 'http://stub').pathname;
  const body = await readBody(request);
  if (path.startsWith('/__stub/')) {
    control(state, `${request.method} ${path}`, body, response);
    return;
  }
  const dialect = DIALECTS.find((one) => one.path.test(path));
  if (dialect === undefined || request.method !== 'POST') {
    answerAside(path, response);
    return;
  }
  const conversation = dialect.read(body, path);
  const nowMs = Date.now();
  const reply = replyTo(conversation, state.quotaAt(nowMs), nowMs);
  remember(state, dialect, conversation, reply);
  await send(dialect, conversation, reply, response, state.waitFor(response));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error(`a request of more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as unknown);
}

function control(state: State, request: string, body: unknown, response: ServerResponse): void {
  switch (request) {
    case 'POST /__stub/limit': {
      const { kind = 'none', seconds = 0 } = body as { kind?: string; seconds?: number };
      state.quota = kind === 'none' ? null : limitOf(kind, seconds, Date.now());
      deliverJson(response, 200, { limit: state.quota });
      return;
    }
    case 'GET /__stub/log':
      deliverJson(response, 200, state.log);
      return;
    case 'POST /__stub/log/reset':
      state.log = [];
      deliverJson(response, 200, {});
      return;
    default:
      deliverJson(response, 404, { error: { message: `the stub does not know ${request}` } });
  }
}

/** What agents ask for beside their work: lists of models, counts of tokens. */
function answerAside(path: string, response: ServerResponse): void {
  if (path.endsWith('/models')) {
    const model = { id: 'stub-model', object: 'model', created: 0, owned_by: 'stub' };
    deliverJson(response, 200, { object: 'list', data: [model], models: [] });
  } else if (/count_?tokens$/i.test(path)) {
    deliverJson(response, 200, { input_tokens: 120, totalTokens: 120 });
  } else {
    deliverJson(response, 404, { error: { message: `the stub does not know ${path}` } });
  }
}

function remember(state: State, dialect: Dialect, conversation: Conversation, reply: Reply): void {
  if (state.log.length >= LOG_ENTRIES_MAX) state.log.shift();
  state.log.push({
    at: Date.now(),
    dialect: dialect.name,
    model: conversation.model,
    aside: isAside(conversation),
    history: shapeOf(conversation),
    tools: conversation.tools.map(({ name }) => name),
    answered: answeredWith(reply),
  });
}

function answeredWith(reply: Reply): string {
  switch (reply.kind) {
    case 'answer':
      return reply.answer.call === null
        ? `text ${reply.pace.kind}`
        : describeCall(reply.answer.call);
    case 'limit':
      return `limit ${reply.limit.kind}`;
    case 'overload':
    case 'auth':
      return reply.kind;
  }
}

/** Also which tool is meant, where it is called through another one. */
function describeCall({ name, arguments: given }: ToolCall): string {
  const meant = toolCalled(name, JSON.stringify(given));
  return meant === name ? `call ${name}` : `call ${name} ${meant}`;
}

async function send(
  dialect: Dialect,
  { model, streams }: Conversation,
  reply: Reply,
  response: ServerResponse,
  wait: Wait,
): Promise<void> {
  if (reply.kind !== 'answer') {
    const refusal = reply.kind === 'limit' ? dialect.limit(reply.limit) : dialect[reply.kind]();
    deliverJson(response, refusal.status, refusal.body, refusal.headers);
  } else if (streams) {
    await deliver(response, dialect.stream(reply.answer, model), reply.pace, wait);
  } else {
    const { pace } = reply;
    if (pace.kind === 'hold' || pace.kind === 'stall') await wait(pace.seconds);
    // Some clients ask again without a stream when one has broken.
    if (pace.kind === 'drop') response.destroy();
    else deliverJson(response, 200, dialect.whole(reply.answer, model));
  }
}
