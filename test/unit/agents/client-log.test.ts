// Owns what the log of the client libraries means: who is refused, and by whom it is repeated.
import { describe, expect, test } from 'vitest';
import { builtInAgents } from '../../../src/agents/registry.ts';
import { EMPTY_STREAM, withEvents } from '../../../src/core/stream.ts';

const NOW = Date.UTC(2026, 10, 30, 12);
const POST = 'post http://127.0.0.1:4010/v1/chat/completions';

function kindsOf(id: string, line: string, stream: 'stdout' | 'stderr'): string | null {
  const events = builtInAgents.get(id)!.read({ stream, value: line, now: NOW });
  if (events === null) return null;
  return events
    .map((event) => (event.kind === 'error' ? `error/${event.class}` : event.kind))
    .join(' ');
}

describe('a request that', () => {
  test.each<[what: string, line: string, pi: string, qwen: string]>([
    [
      'is refused for a limit and repeated',
      `[log_7e228a] ${POST} failed with status 429 in 4ms - retrying, 2 attempts remaining`,
      'limit',
      'limit',
    ],
    [
      'is refused again',
      `[log_7e22, retryOf: log_7e228a, x-request-id: "r"] ${POST} failed with status 429 in 12ms - retrying, 1 attempts remaining`,
      'limit',
      'limit',
    ],
    [
      'is repeated no more, which pi says itself',
      `[log_7e22, retryOf: log_7e228a] ${POST} failed with status 429 in 12ms - error; no more retries left`,
      '',
      'limit',
    ],
    [
      'cannot be paid',
      `[log_7e228a] ${POST} failed with status 402 in 12ms - error; not retryable`,
      '',
      'limit',
    ],
    [
      'meets a busy service',
      `[log_7e228a] ${POST} failed with status 503 in 9ms - retrying, 2 attempts remaining`,
      'error/infrastructure retry',
      'error/infrastructure retry',
    ],
    [
      'reaches nobody',
      '[log_7e228a] connection failed - retrying, 2 attempts remaining',
      'error/infrastructure retry',
      'error/infrastructure retry',
    ],
    [
      'is answered too late',
      '[log_7e228a] connection timed out - retrying, 2 attempts remaining',
      'error/infrastructure retry',
      'error/infrastructure retry',
    ],
    [
      'is refused for its key, which both say themselves',
      `[log_7e228a] ${POST} failed with status 401 in 9ms - error; not retryable`,
      '',
      '',
    ],
    ['is let in', `[log_7e228a] ${POST} succeeded with status 200 in 21ms`, 'let-in', 'let-in'],
  ])('%s', (_, line, pi, qwen) => {
    expect(kindsOf('pi', line, 'stderr')).toBe(pi);
    expect(kindsOf('qwen', line, 'stdout')).toBe(qwen);
  });
});

test('only lines that begin like theirs are theirs', () => {
  const quoted = `it printed: [log_7e228a] ${POST} failed with status 429 in 4ms - retrying, 2`;
  expect(kindsOf('pi', quoted, 'stderr')).toBe(null);
});

describe('what both are told to log', () => {
  test.each(['pi', 'qwen'])('%s', (id) => {
    const task = { prompt: 'p', model: null, args: [], cwd: '/', resume: null, newSessionId: 'n' };
    const { env } = builtInAgents.get(id)!.plan(task);
    expect(env).toMatchObject({ OPENAI_LOG: 'info', ANTHROPIC_LOG: 'info' });
  });
});

describe('Qwen Code since 0.24', () => {
  const told =
    'Retrying in 60s (attempt 1/10): [API Error: 429 You have hit your limit. Please try again in 90s.]';
  const { read } = builtInAgents.get('qwen')!;

  test('says for how long it waits, and when the limit is lifted', () => {
    expect(read({ stream: 'stderr', value: told, now: NOW })).toMatchObject([
      { kind: 'limit', waitsUntil: NOW + 60_000, limit: { resetAt: NOW + 90_000 } },
    ]);
  });

  test('its event of a repeated request takes back no limit', () => {
    const value = { type: 'system', subtype: 'retry', data: { attempt: 1, delayMs: 60_000 } };
    const events = [
      ...read({ stream: 'stderr', value: told, now: NOW })!,
      ...read({ stream: 'stdout', value, now: NOW })!,
    ];
    const state = withEvents(EMPTY_STREAM, events, { at: NOW, toolBoundMs: 1 });
    expect(state).toMatchObject({ retrying: 'a request failed', error: null });
    expect(state.limit?.waitsUntil).toBe(NOW + 60_000);
  });
});
