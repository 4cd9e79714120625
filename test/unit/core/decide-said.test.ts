// Owns the tables of what an agent's own words mean for its attempt: its end, its limits, its questions (I13, I15).
import { describe, expect, test } from 'vitest';
import type { Judgement } from '../../../src/core/agent-event.ts';
import { LOST, endOfStop, failed } from '../../../src/core/retry.ts';
import { briefly, decided } from './briefly.ts';
import { MINUTE, NOW, type RowSpec, SECOND, exited, refused, signalled } from './row.ts';

/** It is gone, and so is its tree. */
const GONE: RowSpec = { agent: 'gone', shim: 'gone', members: [], emptyLooks: 2 };
const ONE_RETRY = { infrastructure: 1, stalled: 0, 'timed-out': 0, agent: 1 };

describe('I13: the end of an agent is what it said, its exit code only where it said nothing', () => {
  test.each<[string, RowSpec, string]>([
    ['code 0 and a word of success', { exit: exited(0), judged: 'succeeded' }, 'ended succeeded'],
    ['code 1 and a word of success', { exit: exited(1), judged: 'succeeded' }, 'ended succeeded'],
    [
      'a signal after a word of success',
      { exit: signalled('SIGKILL', 137), judged: 'succeeded' },
      'ended succeeded',
    ],
    ['code 0 without a word', { exit: exited(0), said: {} }, 'ended failed infrastructure'],
    ['code 1 without a word', { exit: exited(1), said: {} }, 'ended failed agent'],
    [
      'a signal without a word',
      { exit: signalled('SIGSEGV', 139), said: {} },
      'ended failed infrastructure',
    ],
    ['code 0 and a word of failure', { exit: exited(0), judged: 'agent' }, 'ended failed agent'],
    [
      'code 0 and a provider that is gone',
      { exit: exited(0), judged: 'infrastructure' },
      'ended failed infrastructure',
    ],
    ['code 0 and a limit', { exit: exited(0), judged: 'quota' }, 'parked quota'],
    ['code 1 and a refused login', { exit: exited(1), judged: 'auth' }, 'queued'],
    ['code 0 after a refused tool', { exit: exited(0), judged: 'interrupted' }, 'queued'],
    ['code 1 after a refused tool', { exit: exited(1), judged: 'interrupted' }, 'queued'],
    [
      'a refused tool, and a person has cancelled it meanwhile',
      { exit: exited(0), judged: 'interrupted', wish: { cause: 'cancelled' } },
      'ended stopped cancelled',
    ],
    ['no record, and a refused tool', { judged: 'interrupted' }, 'queued'],
    ['no stream at all: code 0', { exit: exited(0) }, 'ended succeeded'],
    ['no record, and a word of success', { judged: 'succeeded' }, 'ended succeeded'],
    ['no record, and no word', { said: {} }, 'ended lost infrastructure'],
    ['no record, and a limit', { judged: 'quota' }, 'parked quota'],
  ])('%s', (_name, spec, expected) => {
    const retries = { infrastructure: 0, stalled: 0, 'timed-out': 0, agent: 0 };
    expect(briefly(decided({ ...GONE, retries, ...spec }))).toBe(expected);
  });

  test.each<[string, RowSpec]>([
    ['half read', { exit: exited(0), judged: 'succeeded', reading: true }],
    ['not legible', { exit: exited(0), said: 'unknown' }],
    ['half read, and no record', { judged: 'unsaid', said: {}, reading: true }],
  ])('nothing is concluded from a stream that is %s', (_name, spec) => {
    expect(decided({ ...GONE, ...spec }).kind).toBe('stay');
  });

  test('a retry of what it says is counted by its class', () => {
    const judged: Judgement['kind'] = 'infrastructure';
    const decision = decided({ ...GONE, exit: exited(0), judged, retries: ONE_RETRY });
    expect(briefly(decision)).toBe('parked backoff');
  });

  test('a refused login pauses its pool, and costs no retry', () => {
    const decision = decided({ ...GONE, exit: exited(1), judged: 'auth' });
    expect(decision).toMatchObject({ kind: 'change', pausePool: expect.stringContaining('auth') });
  });

  test.each<[string, number, string]>([
    ['before it was stopped has succeeded', 2 * MINUTE, 'ended succeeded'],
    ['after that may have lost its tool to the signal', SECOND, 'ended stopped cancelled'],
  ])('who said that its work was done %s', (_name, agoMs, expected) => {
    const result = { ok: true, text: 'done', at: NOW - agoMs };
    const stopping: RowSpec = { ...GONE, state: 'stopping', reason: 'cancelled', sinceMs: MINUTE };
    const exit = signalled('SIGKILL', 137, 0);
    const decision = decided({ ...stopping, exit, judged: 'succeeded', said: { result } });
    expect(briefly(decision)).toBe(expected);
  });
});

test.each<[string, RowSpec, string]>([
  ['is not concluded from what cannot be read', {}, 'stay'],
  ['nor for a wish that is no person’s', { wish: { cause: 'superseded' } }, 'stay'],
  [
    'but a person who cancels it has its slot back',
    { wish: { cause: 'cancelled' } },
    'ended stopped cancelled',
  ],
  [
    'which was refused, is that, whatever a person wishes',
    { exit: refused('no such program'), wish: { cause: 'cancelled' } },
    'ended refused',
  ],
])('the end of an agent %s', (_, spec, expected) => {
  const decision = decided({ ...GONE, exit: exited(0), said: 'unknown', ...spec });
  expect(briefly(decision)).toBe(expected);
});

describe('I13: of whom a person has cancelled, and who cannot be read, no exit code makes a success', () => {
  const unread: RowSpec = {
    ...GONE,
    said: 'unknown',
    wish: { cause: 'cancelled' },
    sinceMs: SECOND,
  };
  test.each<[string, RowSpec]>([
    ['that ended before it was stopped', { reason: 'stalled', exit: exited(0, 2 * SECOND) }],
    ['whose record came after it was taken for lost', { reason: LOST, exit: exited(0, 0) }],
  ])('%s', (_, spec) => {
    const decision = decided({ ...unread, state: 'stopping', ...spec });
    expect(briefly(decision)).toBe('ended stopped cancelled');
  });
});

test.each<[string, RowSpec, string]>([
  ['and who can be read when its tree is empty has done what it says', {}, 'ended succeeded'],
  ['or has not', { judged: 'agent' }, 'ended stopped cancelled'],
  ['or still cannot', { said: 'unknown' }, 'ended stopped cancelled'],
])('I13: who was cancelled and could not be read, with leftovers, %s', (_, spec, expected) => {
  const reason = endOfStop('cancelled', null);
  const left: RowSpec = {
    ...GONE,
    state: 'stopping',
    reason,
    exit: exited(0),
    judged: 'succeeded',
  };
  expect(briefly(decided({ ...left, wish: { cause: 'cancelled' }, ...spec }))).toBe(expected);
});

describe('I13: whose wrapper was killed while the program in it went on', () => {
  const reason = failed(137, 'SIGKILL', 'infrastructure');
  const left: RowSpec = { ...GONE, state: 'stopping', reason, exit: signalled('SIGKILL', 137) };
  test.each<[string, RowSpec, string]>([
    ['to say that it is done has succeeded', { judged: 'succeeded' }, 'ended succeeded'],
    ['is read to the end first', { judged: 'succeeded', reading: true }, 'stay'],
    ['to say nothing more is run again', { judged: 'unsaid', said: {} }, 'parked backoff'],
    ['to fail is run again', { judged: 'agent' }, 'parked backoff'],
    ['to meet a limit is run again', { judged: 'quota', said: {} }, 'parked backoff'],
    ['and who can no longer be read is run again', { said: 'unknown' }, 'parked backoff'],
  ])('%s', (_, spec, expected) => {
    expect(briefly(decided({ ...left, ...spec }))).toBe(expected);
  });
});

test.each<[string, RowSpec, string]>([
  ['by now it can be read that it met a limit', { judged: 'quota' }, 'ended failed quota'],
  [
    'it is lost as before where it says something else',
    { judged: 'agent' },
    'ended lost infrastructure',
  ],
  [
    'it is lost as before where it still cannot be read',
    { said: 'unknown' },
    'ended lost infrastructure',
  ],
])('I15: who was cancelled and called lost unread: %s', (_, spec, expected) => {
  const wish = { cause: 'cancelled' } as const;
  const left: RowSpec = {
    ...GONE,
    state: 'stopping',
    reason: LOST,
    exit: 'absent',
    wish,
    said: {},
  };
  expect(briefly(decided({ ...left, ...spec }))).toBe(expected);
});

describe('what else it may have said', () => {
  test.each<[string, RowSpec, string]>([
    [
      'a result, and two minutes of silence: it is ended as what that says',
      { judged: 'succeeded', result: 'there', silentMs: 2 * MINUTE, said: {} },
      'stopping lingering succeeded',
    ],
    [
      'a result that says failure',
      { judged: 'agent', result: 'there', silentMs: 2 * MINUTE, said: {} },
      'stopping lingering failed',
    ],
    [
      'a question to a person, which nobody may ever answer',
      { said: { waitingFor: 'may I?' }, silentMs: 20 * MINUTE },
      'stopping stalled',
    ],
    [
      'more tokens than it may use',
      { said: { usage: tokens(60, 41) }, spec: { maxTokens: 100 } },
      'stopping max-tokens',
    ],
    [
      'as many as it may use',
      { said: { usage: tokens(60, 40) }, spec: { maxTokens: 100 } },
      'stay',
    ],
    [
      'more of them with the attempts before',
      { said: { usage: tokens(1, 0) }, usedBefore: tokens(100, 0), spec: { maxTokens: 100 } },
      'stopping max-tokens',
    ],
    [
      'more than it may cost',
      { said: { usage: { ...tokens(1, 1), costUsd: 2.51 } }, spec: { maxCostUsd: 2.5 } },
      'stopping max-cost',
    ],
    [
      'as much as it may cost, but for what sums of fractions are beside it',
      { said: { usage: { ...tokens(1, 1), costUsd: 0.1 + 0.2 } }, spec: { maxCostUsd: 0.3 } },
      'stay',
    ],
  ])('%s', (_name, spec, expected) => {
    expect(briefly(decided(spec))).toBe(expected);
  });

  describe('in a campaign with limits', () => {
    const budget = (spent: number, maxTokens: number | null = 100) => ({
      limits: { maxTokens, maxCostUsd: null },
      spent: { tokens: spent, costUsd: 0 },
    });
    test.each<[string, RowSpec, string]>([
      ['that has used all of it', { said: {}, budget: budget(100) }, 'stay'],
      ['that has used more', { said: {}, budget: budget(101) }, 'stopping max-tokens'],
      [
        'that uses more with what it says now',
        { said: { usage: tokens(1, 0) }, budget: budget(100) },
        'stopping max-tokens',
      ],
      [
        'whose ledger has told already what it says now',
        { said: { usage: tokens(40, 0) }, noted: tokens(40, 0), budget: budget(100) },
        'stay',
      ],
      [
        'whose ledger has told some of what it says now',
        { said: { usage: tokens(41, 0) }, noted: tokens(40, 0), budget: budget(100) },
        'stopping max-tokens',
      ],
      ['of tokens, and what counts is money', { said: {}, budget: budget(101, null) }, 'stay'],
      [
        'that costs more than it may',
        {
          said: { usage: { ...tokens(1, 1), costUsd: 0.06 } },
          budget: {
            limits: { maxTokens: null, maxCostUsd: 2 },
            spent: { tokens: 9, costUsd: 1.95 },
          },
        },
        'stopping max-cost',
      ],
      ['a silent program goes on', { budget: budget(101) }, 'stay'],
      ['I4: one that cannot be read goes on', { said: 'unknown', budget: budget(101) }, 'stay'],
    ])('%s', (_name, spec, expected) => {
      expect(briefly(decided(spec))).toBe(expected);
    });

    test('its own limit is named before that of all', () => {
      const spec = { maxTokens: 100 };
      const both: RowSpec = { said: { usage: tokens(200, 0) }, budget: budget(500), spec };
      const own = 'it has used 200 tokens, more than its max_tokens of 100';
      const all = 'campaign nightly has used 500 tokens, more than its max_tokens of 100';
      expect(decided(both)).toMatchObject({ because: own });
      expect(decided({ said: {}, budget: budget(500) })).toMatchObject({ because: all });
    });
  });

  test('a spent budget waits for a person, and is no failure', () => {
    const stopped: RowSpec = { ...GONE, state: 'stopping', reason: 'max-tokens', said: {} };
    expect(decided(stopped)).toMatchObject({
      next: { kind: 'parked', for: 'gate', until: null },
      attemptEnd: { outcome: { kind: 'stopped', cause: 'max-tokens' }, class: null },
    });
  });
});

function tokens(inputTokens: number, outputTokens: number) {
  return { inputTokens, outputTokens, costUsd: null };
}
