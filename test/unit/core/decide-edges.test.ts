// Owns the rows of the decision table at its edges: what no other row would notice if one word of the code were another
// (npm run mutate).
import { describe, expect, test } from 'vitest';
import { oldestOf } from '../../../src/core/decide-start.ts';
import { killMoment } from '../../../src/core/decide-stopping.ts';
import { decide } from '../../../src/core/decide.ts';
import { SUCCEEDED } from '../../../src/core/retry.ts';
import type { StreamState } from '../../../src/core/stream.ts';
import { told } from './decision-table.ts';
import { processOf } from './looks.ts';
import { HOUR, MINUTE, NOW, type RowSpec, SECOND, exited, row } from './row.ts';

function toldOf(spec: RowSpec): string {
  const { live, evidence, moment } = row(spec);
  return told(decide(live, evidence, moment));
}

const UNRECORDED: RowSpec = { state: 'starting', pid: 'absent', exit: 'absent', sinceMs: 10 };
const ORDERED: RowSpec = { ...UNRECORDED, start: { kind: 'ordered' } };
const NOBODY: RowSpec = { members: [], emptyLooks: 2 };
const BACKOFF = 'dispatch.parked parked backoff +500';

describe('a start of which nothing is on record', () => {
  test.each<[string, RowSpec, string]>([
    [
      'is waited for while it was only ordered, for its shim is not known yet',
      { ...ORDERED, claim: 'absent', shim: 'gone' },
      'stay +20: its shim is on the way',
    ],
    [
      'is no longer being claimed once its claim is legible',
      { ...ORDERED, claim: 'shim' },
      'stay +20: its shim has claimed it',
    ],
    [
      'is not being claimed by one that was not ordered from here',
      { ...UNRECORDED, start: { kind: 'under-way' }, claim: 'illegible' },
      'stay +20: its shim has claimed it',
    ],
    [
      'whose claim was seized while it was only ordered has failed',
      { ...ORDERED, ...NOBODY, claim: 'recovery', shim: 'gone' },
      `${BACKOFF}: its shim ended before it claimed the start; retry 1 of 3 for class infrastructure` +
        ' [refused (its shim ended before it claimed the start) class infrastructure] [wish done]',
    ],
    [
      'whose shim has ended has failed, whatever the end of a supervisor asks for',
      {
        ...UNRECORDED,
        ...NOBODY,
        start: { kind: 'under-way' },
        shim: 'gone',
        claim: 'recovery',
        wish: { cause: 'superseded' },
      },
      `${BACKOFF}: its shim ended before it claimed the start; retry 1 of 3 for class infrastructure` +
        ' [refused (its shim ended before it claimed the start) class infrastructure] [wish done]',
    ],
  ])('%s', (_, spec, expected) => {
    expect(toldOf(spec)).toBe(expected);
  });

  test('whose shim died is not lost before everything that was said is read', () => {
    const died: RowSpec = { ...UNRECORDED, ...NOBODY, claim: 'shim', shim: 'gone' };
    expect(toldOf({ ...died, said: {}, reading: true })).toMatch(/^stay /);
    expect(toldOf({ ...died, said: {} })).toMatch(/lost/);
  });

  test('is stood for by the oldest of its tree: by start time, then by pid', () => {
    const { evidence } = row({});
    const oldest = (processes: readonly { pid: number; startTime: number }[]) =>
      oldestOf(
        { processes: processes.map((one) => ({ ...processOf(one.pid), ...one })), emptyLooks: 0 },
        evidence,
      )?.pid;
    expect(
      oldest([
        { pid: 5, startTime: 20 },
        { pid: 9, startTime: 10 },
      ]),
    ).toBe(9);
    expect(
      oldest([
        { pid: 9, startTime: 10 },
        { pid: 5, startTime: 10 },
      ]),
    ).toBe(5);
  });
});

describe('an agent that is gone', () => {
  const gone: RowSpec = { agent: 'gone', exit: 'absent' };

  test('and whose stop is wished is not called stalled for the shim that stays', () => {
    const spec: RowSpec = { ...gone, shim: 'alive', silentMs: 2 * HOUR };
    expect(toldOf({ ...spec, wish: { cause: 'cancelled' } })).toBe(
      'stay +20: its agent is gone; its shim has not recorded the exit yet',
    );
    expect(toldOf(spec)).toMatch(/^attempt\.stopping stopping 70@700 stalled /);
  });

  test('and was a guess is replaced by the next of its tree, unless done_when has spoken', () => {
    const spec: RowSpec = {
      ...gone,
      shim: 'gone',
      pid: 'absent',
      members: [72],
      spec: { doneWhen: 'x' },
    };
    expect(toldOf(spec)).toMatch(/^attempt\.adopted running 72@720: /);
    expect(toldOf({ ...spec, goal: 'missed' })).toMatch(/^attempt\.stopping .* leftovers of lost /);
  });

  test('without a record is told of with what it said last', () => {
    const spec: RowSpec = { ...gone, ...NOBODY, shim: 'gone', said: {}, judged: 'agent' };
    expect(toldOf(spec)).toMatch(
      /: its agent and its shim are gone, and no exit was recorded; it said: agent \[failed/,
    );
  });
});

describe('an agent that waits for its limit to be lifted', () => {
  const limit: StreamState['limit'] = {
    notice: { scope: 'pool', resetAt: null, message: 'full', source: 'stream' },
    seenAt: NOW,
    metSince: NOW,
    waitsUntil: NOW + 10 * MINUTE,
  };
  const waits: RowSpec = { said: { limit }, spec: { stallMs: 20 * MINUTE } };

  test('is looked at again when it may go on, and says when that is', () => {
    expect(toldOf(waits)).toBe('stay +600000: waits for a limit to be lifted in 10m: full');
  });

  test('is looked at again at its hard limit, where that is the same moment or later', () => {
    const until = { softInMs: SECOND, hardInMs: 10 * MINUTE };
    expect(toldOf({ ...waits, deadline: until })).toMatch(/^stay \+600000: /);
  });
});

test('of one that asked a person and was silent for its window, the question is told', () => {
  const spec: RowSpec = { said: { waitingFor: 'may I?' }, silentMs: HOUR };
  expect(toldOf(spec)).toContain('waits for a person: may I?');
});

test('one that has said nothing of its use may have used it up before', () => {
  const usedBefore = { inputTokens: 101, outputTokens: 0, costUsd: null };
  const spec: RowSpec = { usedBefore, said: { usage: null }, spec: { maxTokens: 100 } };
  expect(toldOf(spec)).toMatch(/ max-tokens /);
});

describe('a tree that we end', () => {
  const empty: RowSpec = {
    state: 'stopping',
    agent: 'gone',
    shim: 'gone',
    exit: exited(0),
    ...NOBODY,
  };

  test('is not over before everything that was said is read', () => {
    expect(toldOf({ ...empty, said: {}, reading: true })).toMatch(/^stay /);
    expect(toldOf({ ...empty, said: {} })).toMatch(/^dispatch\.ended /);
  });

  test('because it lingers is asked for its result where the agent itself has said it', () => {
    const reason = { kind: 'lingering', end: SUCCEEDED } as const;
    const lingers: RowSpec = { ...empty, exit: exited(0, 0), reason, spec: { doneWhen: 'x' } };
    expect(toldOf({ ...lingers, said: {}, judged: 'succeeded' })).toMatch(/^stay - ask-goal: /);
    expect(toldOf(lingers)).toMatch(/^dispatch\.ended /);
  });

  test('for the end of a supervisor is cancelled where a person wished that meanwhile', () => {
    const spec: RowSpec = { ...empty, exit: exited(0, 0), reason: 'superseded' };
    expect(toldOf(spec)).toMatch(/^dispatch\.requeued queued/);
    expect(toldOf({ ...spec, wish: { cause: 'cancelled' } })).toMatch(
      /^dispatch\.ended .*\[stopped cancelled/,
    );
  });

  test('is told to be unseen only after a look that failed', () => {
    const spec: RowSpec = { state: 'stopping', told: 'EIO', unseenMs: HOUR };
    expect(toldOf({ ...spec, members: 'absent' })).toMatch(/^stay /);
  });
});

test('the wish with which a stop began has its grace from when that began', () => {
  const { live } = row({ state: 'stopping', killInMs: HOUR, sinceMs: 0 });
  const { state } = live.dispatch;
  if (state.kind !== 'stopping') throw new Error('it does not stop');
  const wish = { at: NOW, graceMs: 0, cause: 'cancelled', because: 'x' } as const;
  expect(killMoment(state, wish)).toBe(NOW + HOUR);
  expect(killMoment(state, { ...wish, at: NOW + 1 })).toBe(NOW + 1);
});
