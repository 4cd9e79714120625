// Which agents tell a pool that its limit is over, those that were answered after they had met it; and that none tells of one
// limit twice.
import { expect, test } from 'vitest';
import type { Judgement } from '../../../src/core/agent-event.ts';
import { decide } from '../../../src/core/decide.ts';
import { stay } from '../../../src/core/decision.ts';
import { failed } from '../../../src/core/retry.ts';
import { EMPTY_STREAM, type StreamState } from '../../../src/core/stream.ts';
import { poolNews, poolsTold } from '../../../src/supervisor/pool-news.ts';
import { NOW, row } from '../core/row.ts';

function lifted(said: Partial<StreamState>): number {
  const { live: plain } = row({});
  const by = { dispatch: plain.dispatch.id, fence: plain.attempt.fence };
  const limit = { pool: 'default', model: null, since: NOW, until: NOW + 1_000, tries: 1, by };
  const told = { because: 'limit', source: 'stream', probe: null };
  const { live, evidence, moment } = row({ said, limit: { ...limit, ...told } });
  const decision = stay('it works', null);
  return poolNews([{ live, memory: memoryOf(by), evidence, decision, moment }]).lifts.length;
}

type Memory = Parameters<typeof poolNews>[0][number]['memory'];

/** Nothing else of it is asked for. */
function memoryOf(key: Memory['key']): Memory {
  const memory: Pick<Memory, 'key' | 'limitTold' | 'stream'> = {
    key,
    limitTold: null,
    stream: { state: EMPTY_STREAM, stdoutNext: 90, stderrNext: 0 },
  };
  return memory as Memory;
}

test.each<[string, Partial<StreamState>, number]>([
  ['an answer after the limit lifts it', { answers: 4, answersAtLimit: 3 }, 1],
  [
    'answers before it do not, though another error has followed',
    { answers: 3, answersAtLimit: 3 },
    0,
  ],
  ['the first answer of a probe lifts it', { answers: 1 }, 1],
])('I15: %s', (_, said, expected) => {
  expect(lifted(said)).toBe(expected);
});

const LIMIT = {
  notice: { scope: 'pool', resetAt: null, message: 'limit', source: 'stream' },
  seenAt: NOW,
  metSince: NOW,
  waitsUntil: null,
} as const;

test('I15: a limit is told with what was read, or the next supervisor reads answers from before it as new', () => {
  const { live, ...seen } = row({ said: { answers: 2, answersAtLimit: 2, limit: LIMIT } });
  const memory = memoryOf({ dispatch: live.dispatch.id, fence: live.attempt.fence });
  const { limits } = poolNews([{ live, ...seen, memory, decision: stay('it waits', null) }]);
  expect(limits).toMatchObject([{ by: memory.key, stream: memory.stream }]);
});

test('I4, I15: a limit that was told once is not told again after a look that could not be read', () => {
  const limit = LIMIT;
  const { live } = row({});
  const memory = memoryOf({ dispatch: live.dispatch.id, fence: live.attempt.fence });
  const tells = (said: Partial<StreamState> | 'unknown') => {
    const read = { ...EMPTY_STREAM, ...(said === 'unknown' ? memory.stream?.state : said) };
    Object.assign(memory, { stream: { state: read, stdoutNext: 90, stderrNext: 0 } });
    const looked = { ...row({ said }), memory, decision: stay('it waits', null) };
    const { limits } = poolNews([looked]);
    poolsTold([looked]);
    return limits.length;
  };
  expect([{ limit }, 'unknown' as const, { limit }, {}, { limit }].map(tells)).toEqual([
    1, 0, 0, 0, 1,
  ]);
});

test('I15: a limit that was read, and that its pool could not be told of, is told though it cannot be read now', () => {
  const { live, ...seen } = row({ said: 'unknown' });
  const key = { dispatch: live.dispatch.id, fence: live.attempt.fence };
  const stream = { state: { ...EMPTY_STREAM, limit: LIMIT }, stdoutNext: 204, stderrNext: 0 };
  const memory = { ...memoryOf(key), stream };
  const looked = { live, ...seen, memory, decision: stay('it waits', null) };
  expect(poolNews([looked]).limits).toMatchObject([{ by: key, since: NOW, stream }]);
  poolsTold([looked]);
  expect(poolNews([looked]).limits).toEqual([]);
});

test.each<[string, Judgement['kind'], number]>([
  ['which says it still', 'quota', 1],
  ['which was answered since', 'unsaid', 0],
])('I15: an agent that was told to leave at a limit, and %s', (_, judged, expected) => {
  const reason = { kind: 'lingering', end: failed(null, null, 'quota') } as const;
  const gone = { agent: 'gone', shim: 'gone', members: [], emptyLooks: 2 } as const;
  const { live, ...seen } = row({ state: 'stopping', reason, ...gone, said: {}, judged });
  const memory = memoryOf({ dispatch: live.dispatch.id, fence: live.attempt.fence });
  const decision = decide(live, seen.evidence, seen.moment);
  expect(decision).toMatchObject({ kind: 'change', next: { kind: 'parked', for: 'quota' } });
  expect(poolNews([{ live, ...seen, memory, decision }]).limits).toHaveLength(expected);
});
