import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type StubModel, startStubModel } from '../stub-model/server.ts';

/** For a hang only; a busy machine may need it. */
const A_LONG_WHILE = { timeout: 30_000 };

let stub: StubModel;
beforeAll(async () => {
  stub = await startStubModel();
});
beforeEach(async () => {
  stub.unlimit();
  await fetch(`${stub.url}/__stub/log/reset`, { method: 'POST' });
});
afterAll(async () => {
  await stub.close();
});

const command = { type: 'object', properties: { command: { type: 'string' } } };

interface Spoken {
  readonly path: string;
  readonly request: (prompt: string) => unknown;
  /** what only the last event of a good stream has */
  readonly end: string;
}

const DIALECTS: Readonly<Record<string, Spoken>> = {
  'openai-chat': {
    path: '/v1/chat/completions',
    request: (content) => ({
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content }],
      tools: [{ type: 'function', function: { name: 'bash', parameters: command } }],
    }),
    end: '[DONE]',
  },
  'openai-responses': {
    path: '/v1/responses',
    request: (text) => ({
      model: 'm',
      stream: true,
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }],
      tools: [{ type: 'function', name: 'shell', parameters: command }],
    }),
    end: 'response.completed',
  },
  anthropic: {
    path: '/v1/messages?beta=true',
    request: (content) => ({
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content }],
      tools: [{ name: 'Bash', input_schema: command }],
    }),
    end: 'message_stop',
  },
  gemini: {
    path: '/v1beta/models/m:streamGenerateContent?alt=sse',
    request: (text) => ({
      contents: [{ role: 'user', parts: [{ text }] }],
      tools: [{ functionDeclarations: [{ name: 'run_shell_command', parameters: command }] }],
    }),
    end: '"finishReason":"STOP"',
  },
};

describe.each(Object.entries(DIALECTS))('in the dialect %s', (name, { path, request, end }) => {
  const ask = (prompt: string, signal?: AbortSignal) =>
    fetch(`${stub.url}${path}`, {
      method: 'POST',
      body: JSON.stringify(request(prompt)),
      ...(signal === undefined ? {} : { signal }),
    });

  test('a plain answer is a whole stream', async () => {
    const text = await (await ask('STUB:plain(forty-two)')).text();
    expect(text).toContain('forty-two');
    expect(text).toContain(end);
    expect(stub.log()).toMatchObject([{ dialect: name, aside: false, model: 'm' }]);
  });

  test('a tool call carries the command', async () => {
    const text = await (await ask('STUB:tool(ls -l)')).text();
    expect(text).toContain('ls -l');
    expect(text).toContain(end);
  });

  test('a dropped stream breaks off after its first piece', async () => {
    const response = await ask('STUB:drop');
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('a stalled stream has a first piece and no second one', async () => {
    const abort = new AbortController();
    const reader = (await ask('STUB:stall', abort.signal)).body!.getReader();
    const decoder = new TextDecoder();
    let text = '';
    while (!text.includes('This answer')) text += decoder.decode((await reader.read()).value);
    const next = reader.read().then(() => 'more');
    expect(await Promise.race([next.catch(() => ''), sleep(100, 'silence')])).toBe('silence');
    abort.abort();
    await next.catch(() => undefined);
  });

  test.each(['usage', 'weekly', 'rate'])('a limit "%s" is a 429', async (kind) => {
    expect((await ask(`STUB:limit(${kind},60)`)).status).toBe(429);
  });

  test('a limit for everyone ends by itself', async () => {
    stub.limit('usage', 0.3);
    expect((await ask('STUB:plain')).status).toBe(429);
    await expect.poll(async () => (await ask('STUB:plain')).status, A_LONG_WHILE).toBe(200);
  });

  test('an error says so in its status', async () => {
    expect((await ask('STUB:auth')).status).toBe(401);
    expect([503, 529]).toContain((await ask('STUB:overload')).status);
  });
});

test('it listens on loopback only, and ends while a client waits', async () => {
  const own = await startStubModel();
  expect(own.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  const { path, request } = DIALECTS['anthropic']!;
  const body = JSON.stringify(request('STUB:hold'));
  const waiting = fetch(`${own.url}${path}`, { method: 'POST', body }).then(
    () => 'answered',
    () => 'broken',
  );
  await expect.poll(() => own.log().length, A_LONG_WHILE).toBe(1);
  await own.close();
  expect(await waiting).toBe('broken');
});
