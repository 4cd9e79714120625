// Owns how a limit stands in the state of a stream: what replaces it, and which moment of its reset is kept.
import { expect, test } from 'vitest';
import type { AgentEvent } from '../../../src/core/agent-event.ts';
import { EMPTY_STREAM, type StreamState, withEvents } from '../../../src/core/stream.ts';

const AT = 1_800_000_000_000;
const RESET = AT + 1_800_000;
const BROKEN: AgentEvent = { kind: 'error', message: 'no network', class: 'infrastructure' };
const OTHER: AgentEvent = { kind: 'error', message: 'it gave up', class: null };

test.each<[string, before: number | null, next: number | null, kept: number | null]>([
  ['what is told first is kept where nothing is told later', RESET, null, RESET],
  ['the same moment cut to the minute is no news', RESET, RESET - 29_000, RESET],
  ['another moment replaces it', RESET, RESET - 60_000, RESET - 60_000],
  ['a later moment replaces it', RESET, RESET + 1, RESET + 1],
  ['a moment replaces none', null, RESET, RESET],
  ['a moment that is now is kept', AT, null, AT],
  ['a moment that has passed is forgotten', AT - 1, null, null],
])('%s', (_, before, next, kept) => {
  const state = streamOf([limit(before), limit(next)]);
  expect(state.limit!.notice.resetAt).toBe(kept);
});

test('a limit and an error that is none replace each other; an error without a class explains the limit', () => {
  expect(streamOf([limit(RESET), BROKEN])).toMatchObject({
    limit: null,
    error: { class: 'infrastructure' },
  });
  expect(streamOf([BROKEN, limit(RESET)])).toMatchObject({ error: null });
  const answer: AgentEvent = { kind: 'answered', text: '' };
  const counts = { answers: 1, answersAtLimit: 1 };
  expect(streamOf([answer, limit(RESET), BROKEN])).toMatchObject(counts);
  expect(streamOf([limit(RESET), OTHER]).limit).not.toBeNull();
});

test('a limit that is met again and again has begun with the first, an answer ends it', () => {
  const later = (state: StreamState, event: AgentEvent, atMs: number) =>
    withEvents(state, [event], { at: AT + atMs, toolBoundMs: 60_000 });
  const again = later(streamOf([limit(null)]), limit(null), 5_000);
  expect(again.limit).toMatchObject({ seenAt: AT + 5_000, metSince: AT });
  const answered = later(again, { kind: 'answered', text: '' }, 6_000);
  expect(later(answered, limit(null), 7_000).limit).toMatchObject({ metSince: AT + 7_000 });
});

test('whatever a line names a tool, the state stays small and the tool can be closed', () => {
  const id = 'x'.repeat(60_000);
  const open: AgentEvent = { kind: 'tool-started', id, name: id, detail: id, timeoutMs: null };
  expect(JSON.stringify(streamOf([open])).length).toBeLessThan(2_000);
  expect(streamOf([open, { kind: 'tool-finished', id }]).tools).toEqual([]);
});

function limit(resetAt: number | null): AgentEvent {
  const notice = { scope: 'pool', resetAt, message: 'a limit', source: 'stream' } as const;
  return { kind: 'limit', limit: notice, waitsUntil: null };
}

function streamOf(events: readonly AgentEvent[]) {
  return withEvents(EMPTY_STREAM, events, { at: AT, toolBoundMs: 60_000 });
}
