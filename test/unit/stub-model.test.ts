import { describe, expect, test } from 'vitest';
import type { Conversation, Entry, Tool } from '../stub-model/conversation.ts';
import { type Directive, directiveIn } from '../stub-model/directive.ts';
import { limitOf } from '../stub-model/limits.ts';
import { replyTo } from '../stub-model/reply.ts';
import { namedCall, shellCall } from '../stub-model/tool-call.ts';

const NOW = Date.parse('2026-11-29T22:00:00Z');

const bash: Tool = {
  name: 'bash',
  parameters: {
    type: 'object',
    properties: { command: { type: 'string' }, background: { type: 'boolean' } },
    required: ['command', 'background'],
  },
};

function conversation(entries: readonly Entry[], tools: readonly Tool[] = [bash]): Conversation {
  return { model: 'm', streams: true, entries, tools };
}

const user = (text: string): Entry => ({ kind: 'user', text });
const result = (text: string): Entry => ({ kind: 'result', text });

describe('a directive', () => {
  test.each<[string, readonly Entry[], Directive | null]>([
    ['in words around it', [user('do STUB:plain(x) now')], plain('x')],
    ['without an argument', [user('STUB:plain')], plain('')],
    ['with parentheses of its own', [user('STUB:plain(a (b) $(c)) d)')], plain('a (b) $(c)')],
    ['that is never closed', [user('STUB:plain(a (b)')], plain('a (b)')],
    ['the last of several in one text', [user('STUB:drop STUB:plain(y)')], plain('y')],
    ['the newest of several texts', [user('STUB:drop'), user('STUB:plain(z)')], plain('z')],
    ['before a text without any', [user('STUB:plain(z)'), user('go on')], plain('z')],
    ['with an unknown verb', [user('STUB:dance(x)')], null],
    ['that only a tool has said', [user('hi'), result('STUB:plain(x)')], null],
  ])('%s', (_name, entries, expected) => {
    expect(directiveIn(conversation(entries))).toEqual(expected);
  });

  test('counts the results that have come back since', () => {
    const entries = [result('old'), user('STUB:two(a;;b)'), result('1'), result('2')];
    expect(directiveIn(conversation(entries))?.results).toBe(2);
  });
});

function plain(argument: string): Directive {
  return { verb: 'plain', argument, results: 0, called: [] };
}

describe('a call of the shell tool', () => {
  test('fills what the schema requires', () => {
    expect(shellCall(bash, 'ls').arguments).toEqual({ command: 'ls', background: false });
  });

  test('asks a tool that would return early to wait', () => {
    const properties = { cmd: { type: 'string' }, yield_time_ms: { type: 'number' } };
    const tool = { name: 'exec_command', parameters: { properties, required: ['cmd'] } };
    expect(shellCall(tool, 'ls').arguments).toEqual({ cmd: 'ls', yield_time_ms: 30_000 });
  });

  test('gives a list where the tool wants one', () => {
    const parameters = { properties: { command: { type: 'ARRAY' } }, required: ['command'] };
    const call = shellCall({ name: 'shell', parameters }, 'ls');
    expect(call.arguments).toEqual({ command: ['bash', '-c', 'ls'] });
  });

  test('a named tool is found under the name of its server', () => {
    const tool = { name: 'mcp__clock__wait', parameters: {} };
    expect(namedCall([bash, tool], 'wait {"seconds":12}')).toEqual({
      name: 'mcp__clock__wait',
      arguments: { seconds: 12 },
    });
  });
});

describe('a call of a named tool', () => {
  const mine: Tool = { name: 'wait', namespace: 'mcp__clock', parameters: {} };

  test('prefers the whole name, and keeps the namespace', () => {
    expect(namedCall([{ name: 'please_wait', parameters: {} }, mine], 'wait')).toEqual({
      name: 'wait',
      namespace: 'mcp__clock',
      arguments: {},
    });
  });

  test('reads arguments from a prompt that was quoted', () => {
    const call = namedCall([mine], 'wait {\\"seconds\\":3}');
    expect(call?.arguments).toEqual({ seconds: 3 });
  });

  test('is none where no tool is called so', () => {
    expect(namedCall([{ name: 'wait_agent', parameters: {} }], 'wait')).toBe(null);
  });
});

describe('a reply', () => {
  const callsOf = (entries: readonly Entry[]) => {
    const reply = replyTo(conversation(entries), null, NOW);
    return reply.kind === 'answer' ? reply.answer.call?.arguments['command'] : reply.kind;
  };

  test('a number of seconds becomes a quiet command', () => {
    expect(callsOf([user('STUB:tool(20)')])).toBe('echo start; sleep 20; echo end');
  });

  test('after the result comes a closing sentence', () => {
    const reply = replyTo(conversation([user('STUB:tool(ls)'), result('a b')]), null, NOW);
    expect(reply).toMatchObject({ answer: { call: null, text: expect.stringContaining('a b') } });
  });

  test('two calls come one after the other', () => {
    const prompt = user('STUB:two(ls a;;ls b)');
    expect(callsOf([prompt])).toBe('ls a');
    expect(callsOf([prompt, result('')])).toBe('ls b');
    expect(callsOf([prompt, result(''), result('')])).toBe(undefined);
  });

  test('a named tool that is not offered is looked for once, then called', () => {
    const ask = user('STUB:call(wait {"seconds":3})');
    const search: Tool = { name: 'tool_search', parameters: { required: ['query'] } };
    const found: Tool = { name: 'mcp__clock__wait', parameters: {} };
    const answerTo = (entries: readonly Entry[], tools: readonly Tool[]) => {
      const reply = replyTo(conversation(entries, [bash, ...tools]), null, NOW);
      return reply.kind === 'answer' ? (reply.answer.call ?? reply.answer.text) : reply.kind;
    };
    expect(answerTo([ask], [search])).toEqual({
      name: 'tool_search',
      arguments: { query: 'wait' },
    });
    const searched: Entry[] = [ask, { kind: 'call', name: 'tool_search', text: '' }, result('a')];
    expect(answerTo(searched, [search])).toContain('No tool is called');
    expect(answerTo(searched, [search, found])).toEqual({
      name: 'mcp__clock__wait',
      arguments: { seconds: 3 },
    });
    const called: Entry[] = [
      ...searched,
      { kind: 'call', name: found.name, text: '' },
      result('b'),
    ];
    expect(answerTo(called, [search, found])).toContain('Done');
  });

  test('a named tool that stays hidden is called through another one', () => {
    const ask = user('STUB:call(wait {"seconds":3})');
    const offered: Tool[] = [
      bash,
      { name: 'tool_search', parameters: { required: ['query'] } },
      { name: 'tool_call', parameters: {} },
    ];
    const found = result('<function>{"name":"mcp__clock__wait","description":"waits"}</function>');
    const searched: Entry[] = [ask, { kind: 'call', name: 'tool_search', text: '' }, found];
    const call = {
      name: 'tool_call',
      arguments: { name: 'mcp__clock__wait', arguments: { seconds: 3 } },
    };
    expect(replyTo(conversation(searched, offered), null, NOW)).toMatchObject({ answer: { call } });
    const called: Entry[] = [
      ...searched,
      { kind: 'call', name: call.name, text: JSON.stringify(call.arguments) },
      result('waited'),
    ];
    expect(replyTo(conversation(called, offered), null, NOW)).toMatchObject({
      answer: { call: null, text: expect.stringContaining('waited') },
    });
  });

  test('a limit in the middle comes after the first call', () => {
    const prompt = user('STUB:midlimit(weekly,60)');
    expect(callsOf([prompt])).toBe('echo before the limit');
    expect(replyTo(conversation([prompt, result('')]), null, NOW)).toEqual({
      kind: 'limit',
      limit: { kind: 'weekly', seconds: 60, resetsAt: NOW / 1000 + 60 },
    });
  });

  test('a limit for everyone goes before the prompt', () => {
    const quota = limitOf('usage', 60, NOW);
    expect(replyTo(conversation([user('STUB:plain')]), quota, NOW)).toMatchObject({
      kind: 'limit',
    });
  });

  test('a request without a shell tool gets any text, whatever it quotes', () => {
    const reply = replyTo(conversation([user('STUB:drop')], []), null, NOW);
    expect(reply).toMatchObject({ kind: 'answer', pace: { kind: 'at once' } });
  });

  test('an unknown kind of limit says what there is', () => {
    expect(() => limitOf('huge', 60, NOW)).toThrow('usage, weekly, rate, quota, payment');
  });
});
