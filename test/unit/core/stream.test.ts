// Owns the tables of what the events of a stream add up to.
import { array, assert, constantFrom, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentEvent } from '../../../src/core/agent-event.ts';
import {
  EMPTY_STREAM,
  type StreamState,
  addUsage,
  shiftStream,
  withEvents,
  withEventsBeside,
} from '../../../src/core/stream.ts';
import { MINUTE, NOW, SECOND } from './row.ts';

const READING = { at: NOW, toolBoundMs: 30 * MINUTE };

function after(...events: readonly AgentEvent[]): StreamState {
  return withEvents(EMPTY_STREAM, events, READING);
}

const ANSWER: AgentEvent = { kind: 'answered', text: 'I see' };
const TOOL: AgentEvent = {
  kind: 'tool-started',
  id: 't',
  name: 'Bash',
  detail: 'npm  test\n',
  timeoutMs: null,
};
const DONE: AgentEvent = { kind: 'result', ok: true, text: 'all done' };
const LIMIT: AgentEvent = {
  kind: 'limit',
  limit: { scope: 'pool', resetAt: null, message: 'limit', source: 'stream' },
  waitsUntil: null,
};

test('before anything was said nothing is counted', () => {
  const { answers, answersAtLimit, lines, unknownLines, malformedLines } = EMPTY_STREAM;
  expect([answers, answersAtLimit, lines, unknownLines, malformedLines]).toEqual([0, 0, 0, 0, 0]);
});

describe('a tool call', () => {
  test('is open until it is finished', () => {
    expect(after(TOOL).tools).toEqual([
      { id: 't', name: 'Bash', detail: 'npm test', startedAt: NOW, expiresAt: NOW + 30 * MINUTE },
    ]);
    expect(after(TOOL, { kind: 'tool-finished', id: 't' }).tools).toEqual([]);
  });
  test('counts for as long as its program says, and a little for the clean-up', () => {
    const [tool] = after({ ...TOOL, timeoutMs: MINUTE }).tools;
    expect(tool?.expiresAt).toBe(NOW + MINUTE + 30 * SECOND);
  });
  test('that is named again goes on: its time is not extended', () => {
    const first = after(TOOL);
    const [tool] = withEvents(first, [TOOL], { ...READING, at: NOW + MINUTE }).tools;
    expect(tool).toMatchObject({ startedAt: NOW, expiresAt: NOW + 30 * MINUTE });
  });
  test('is over with the result, whatever was forgotten', () => {
    expect(after(TOOL, DONE).tools).toEqual([]);
  });
  test('of a program that never finishes one does not fill the ledger', () => {
    const many = Array.from({ length: 80 }, (_, n): AgentEvent => ({ ...TOOL, id: String(n) }));
    expect(after(...many).tools).toHaveLength(50);
  });
});

describe('what was said last', () => {
  test.each<[string, readonly AgentEvent[], Partial<StreamState>]>([
    ['a result', [DONE], { result: { ok: true, text: 'all done', at: NOW } }],
    ['a result, and an answer after it', [DONE, ANSWER], { result: null, answers: 1 }],
    ['a result, and a tool after it', [DONE, TOOL], { result: null }],
    [
      'a limit',
      [LIMIT],
      {
        limit: {
          notice: { scope: 'pool', resetAt: null, message: 'limit', source: 'stream' },
          seenAt: NOW,
          metSince: NOW,
          waitsUntil: null,
        },
      },
    ],
    ['a limit, and an answer after it', [LIMIT, ANSWER], { limit: null }],
    [
      'a limit, and a result after it: the limit may be its reason',
      [LIMIT, { ...DONE, ok: false }],
      { result: { ok: false, text: 'all done', at: NOW } },
    ],
    ['a question', [{ kind: 'waiting', for: 'yes?' }], { waitingFor: 'yes?' }],
    [
      'a question, and a tool after it',
      [{ kind: 'waiting', for: 'yes?' }, TOOL],
      { waitingFor: null },
    ],
    [
      'an error, and an answer after it',
      [{ kind: 'error', message: 'x', class: 'auth' }, ANSWER],
      { error: null },
    ],
    ['a retry', [{ kind: 'retry', because: '529' }], { retrying: '529' }],
    ['two answers', [ANSWER, { kind: 'answered', text: ' ' }], { answers: 2, text: 'I see' }],
    ['a question without words', [{ kind: 'waiting', for: ' ' }], { waitingFor: 'an answer' }],
    [
      'an error without words',
      [{ kind: 'error', message: '', class: null }],
      { error: { message: 'an error', class: null } },
    ],
    [
      'an error, and another that is told less exactly',
      [
        { kind: 'error', message: 'no network', class: 'infrastructure' },
        { kind: 'error', message: 'it gave up', class: null },
      ],
      { error: { message: 'no network', class: 'infrastructure' } },
    ],
    [
      'an error, and another that is told more exactly',
      [
        { kind: 'error', message: 'it gave up', class: null },
        { kind: 'error', message: 'no network', class: 'infrastructure' },
      ],
      { error: { message: 'no network', class: 'infrastructure' } },
    ],
    [
      'two errors, each told exactly',
      [
        { kind: 'error', message: 'no network', class: 'infrastructure' },
        { kind: 'error', message: 'no key', class: 'auth' },
      ],
      { error: { message: 'no key', class: 'auth' } },
    ],
    [
      'two errors, none told exactly',
      [
        { kind: 'error', message: 'it stumbled', class: null },
        { kind: 'error', message: 'it gave up', class: null },
      ],
      { error: { message: 'it gave up', class: null } },
    ],
    [
      'a result without words',
      [{ ...DONE, text: '' }],
      { result: { ok: true, text: '', at: NOW } },
    ],
    [
      'a limit without words',
      [{ ...LIMIT, limit: { scope: 'pool', resetAt: null, message: ' ', source: 'stream' } }],
      {
        limit: expect.objectContaining({ notice: expect.objectContaining({ message: 'a limit' }) }),
      },
    ],
    [
      'a tool without words',
      [{ ...TOOL, name: '', detail: '\n' }],
      { tools: [expect.objectContaining({ name: '', detail: '' })] },
    ],
    [
      'a session, twice',
      [
        { kind: 'session', id: 'a' },
        { kind: 'session', id: 'b' },
      ],
      { sessionId: 'b' },
    ],
  ])('%s', (_name, events, expected) => {
    expect(after(...events)).toMatchObject(expected);
  });

  test('a limit outlives the result that it caused', () => {
    expect(after(LIMIT, { ...DONE, ok: false }).limit).not.toBeNull();
  });
});

test.each<[string, AgentEvent, number]>([
  ['says so again was done before', { ...DONE, text: 'again' }, NOW],
  ['says then that it has failed has failed then', { ...DONE, ok: false }, NOW + MINUTE],
])('I13: who is done and %s', (_, event, at) => {
  const { result } = withEvents(after(DONE), [event], { ...READING, at: NOW + MINUTE });
  expect(result?.at).toBe(at);
});

describe('a request that was let in', () => {
  test('takes back the limit that the same log has told, and no other', () => {
    const of = (source: 'stream' | 'stderr') => after(LIMIT, { kind: 'let-in', source }).limit;
    expect([of('stream') === null, of('stderr') === null]).toEqual([
      LIMIT.limit.source === 'stream',
      LIMIT.limit.source === 'stderr',
    ]);
  });
});

describe('beside the stream that has the result', () => {
  const beside = (state: StreamState, ...events: readonly AgentEvent[]) =>
    withEventsBeside(state, events, READING);

  test('all counts before there is one', () => {
    const finished: AgentEvent = { kind: 'tool-finished', id: 't' };
    expect(beside(after(TOOL), finished)).toEqual(after(TOOL, finished));
  });

  test('nothing is told of a success', () => {
    expect(beside(after(DONE), LIMIT)).toEqual(after(DONE));
  });

  test('the reason of a failure is told, which it stays, without tools', () => {
    const failed = after({ ...DONE, ok: false });
    const { result, tools, limit } = beside(failed, TOOL, LIMIT);
    expect({ result, tools }).toEqual({ result: failed.result, tools: [] });
    expect(limit).not.toBeNull();
  });
});

test('what it says is one line of words, however it was spaced, and what is plain stays as it is', () => {
  const spaced = array(constantFrom('a', 'bcd', ' ', '  ', '\n', '\t', '\u00a0', '\u2028'), {
    maxLength: 200,
  });
  assert(
    property(spaced, (pieces) => {
      const said = after({ kind: 'answered', text: pieces.join('') }).text;
      const words = pieces.join('').trim().split(/\s+/).join(' ');
      expect(said ?? '').toBe(words.slice(0, 300).trimEnd());
    }),
  );
  expect(after({ kind: 'answered', text: 'ab '.repeat(200) }).text).toBe(
    'ab '.repeat(100).trimEnd(),
  );
  // So much is read for it, and no more.
  const far = (blanks: number) =>
    after({ kind: 'answered', text: `ab${' '.repeat(blanks)}c` }).text;
  expect([far(597), far(598)]).toEqual(['ab c', 'ab']);
});

test('usage adds up by steps, and is replaced by a total', () => {
  const step: AgentEvent = {
    kind: 'usage',
    of: 'step',
    usage: { inputTokens: 10, outputTokens: 2, costUsd: null },
  };
  const total: AgentEvent = {
    kind: 'usage',
    of: 'total',
    usage: { inputTokens: 7, outputTokens: 3, costUsd: 0.5 },
  };
  expect(after(step, step).usage).toEqual({ inputTokens: 20, outputTokens: 4, costUsd: null });
  expect(after(step, total).usage).toEqual({ inputTokens: 7, outputTokens: 3, costUsd: 0.5 });
  expect(after(total, step).usage).toEqual({ inputTokens: 17, outputTokens: 5, costUsd: 0.5 });
  const untold = { inputTokens: null, outputTokens: null, costUsd: null };
  expect(addUsage(untold, { ...untold, costUsd: 0.5 })).toEqual({ ...untold, costUsd: 0.5 });
});

test('the same events give the same state, read at once or in pieces', () => {
  const events = constantFrom(ANSWER, TOOL, DONE, LIMIT, {
    kind: 'tool-finished',
    id: 't',
  } as const);
  assert(
    property(array(events), nat(), (all, cut) => {
      const at = cut % (all.length + 1);
      const half = withEvents(EMPTY_STREAM, all.slice(0, at), READING);
      expect(withEvents(half, all.slice(at), READING)).toEqual(after(...all));
    }),
  );
});

test('a step of the clock moves what was dated by it', () => {
  const state = after(TOOL, LIMIT);
  const moved = shiftStream(state, MINUTE);
  expect(moved.tools[0]).toMatchObject({ startedAt: NOW + MINUTE, expiresAt: NOW + 31 * MINUTE });
  const limit = { seenAt: NOW + MINUTE, metSince: NOW + MINUTE, waitsUntil: null };
  expect(moved.limit).toMatchObject(limit);
  const waiting = after({ ...LIMIT, waitsUntil: NOW + 2 * MINUTE });
  expect(shiftStream(waiting, MINUTE).limit?.waitsUntil).toBe(NOW + 3 * MINUTE);
  expect(shiftStream(after(DONE), MINUTE)).toEqual({
    ...after(DONE),
    result: { ok: true, text: 'all done', at: NOW + MINUTE },
  });
});
