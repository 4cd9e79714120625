// Which agents tell a pool that its limit is over: those that were answered after they had met it.
import { expect, test } from 'vitest';
import { stay } from '../../../src/core/decision.ts';
import type { StreamState } from '../../../src/core/stream.ts';
import { poolNews } from '../../../src/supervisor/pool-news.ts';
import { NOW, row } from '../core/row.ts';

function lifted(said: Partial<StreamState>): number {
  const { live: plain } = row({});
  const by = { dispatch: plain.dispatch.id, fence: plain.attempt.fence };
  const limit = { pool: 'default', model: null, since: NOW, until: NOW + 1_000, tries: 1, by };
  const told = { because: 'limit', source: 'stream', probe: null };
  const { live, evidence, moment } = row({ said, limit: { ...limit, ...told } });
  // Nothing else of it is asked for.
  const memory = { key: by, limitTold: null } as unknown as Parameters<
    typeof poolNews
  >[0][number]['memory'];
  const decision = stay('it works', null);
  return poolNews([{ live, memory, evidence, decision, moment }]).lifts.length;
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
