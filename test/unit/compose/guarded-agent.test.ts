// Owns what becomes of adapters that break their promises: they are not understood, and nothing throws.
import { expect, test } from 'vitest';
import type { Agent } from '../../../src/agents/agent.ts';
import { guarded, unfitPart } from '../../../src/compose/guarded-agent.ts';
import { pi } from '../../../src/agents/pi.ts';
import { EMPTY_STREAM } from '../../../src/core/stream.ts';

const LINE = { stream: 'stdout', value: {}, now: 0 } as const;
const USAGE = { inputTokens: Number.NaN, outputTokens: 1, costUsd: null };

/** As a module in JavaScript may have it. */
function broken(parts: Readonly<Record<string, unknown>>): Agent {
  return guarded(Object.assign({ ...pi }, parts));
}

test.each([
  ['no list', 'text'],
  ['nothing', undefined],
  ['null in the list', [null]],
  ['a kind that there is not', [{ kind: 'toString' }]],
  ['a session that is an option', [{ kind: 'session', id: '--yolo' }]],
  ['a tool without a name', [{ kind: 'tool-started', id: 'a', detail: '', timeoutMs: null }]],
  ['no number', [{ kind: 'usage', of: 'step', usage: USAGE }]],
  ['a limit without its words', [{ kind: 'limit', limit: null, waitsUntil: null }]],
])('events that are %s are no meaning', (_, answer) => {
  expect(broken({ read: () => answer }).read(LINE)).toBeNull();
});

test('events as they have to be are passed on', () => {
  const events = [{ kind: 'answered', text: 'hi' }];
  expect(broken({ read: () => events }).read(LINE)).toEqual(events);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('boom');
    },
  ],
  ['says nothing', () => undefined],
  ['says what only we say', () => ({ kind: 'interrupted', because: 'so' })],
])('where its judge %s, its lines are judged as those of others', (_, judge) => {
  const stream = { ...EMPTY_STREAM, result: { ok: true, text: '', at: 0 } };
  expect(broken({ judge }).judge({ exit: null, stream }).kind).toBe('succeeded');
});

test('without files that can be told there are none', () => {
  const files = () => {
    throw new Error('boom');
  };
  const place = { home: '/h', cwd: '/c', env: {} };
  expect(broken({ session: { preset: true, files } }).session.files(place, 'a')).toEqual([]);
});

test('a signal that nobody can send, a time or a share of a core that is none, is found before anything starts', () => {
  const stop = { signal: 'SIGNONE', target: 'pid' };
  expect(unfitPart({ ...pi, stop })).toMatch(/^stop/);
  expect(unfitPart({ ...pi, silence: { ...pi.silence, idleCpuShare: '2%' } })).toMatch(/^silence/);
  expect(unfitPart({ ...pi, silence: { ownStallMs: '5m' } })).toMatch(/^silence/);
  expect(unfitPart({ ...pi, silence: {} })).toMatch(/^silence/);
  expect(unfitPart(pi)).toBeNull();
});
