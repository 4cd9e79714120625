// Owns the policy table (I16): what each end means, and what follows from it.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AttemptEnd, FailureClass, RetryBudget } from '../../../src/core/dispatch.ts';
import { RETRY_CLASSES } from '../../../src/core/dispatch.ts';
import {
  LOST,
  SUCCEEDED,
  backoffMs,
  endOfExit,
  endOfFailedStart,
  endOfStop,
  failed,
  followUp,
  type FollowUp,
} from '../../../src/core/retry.ts';

const AT = 1_000;
const NO_RETRIES: RetryBudget = { infrastructure: 0, stalled: 0, 'timed-out': 0, agent: 0 };

describe('I16: what an exit record means', () => {
  test('exit code 0 is success', () => {
    expect(endOfExit({ kind: 'exited', exitCode: 0, at: AT })).toEqual(SUCCEEDED);
  });

  test('any other exit code is a failure that the agent itself reports', () => {
    expect(endOfExit({ kind: 'exited', exitCode: 2, at: AT })).toEqual({
      outcome: { kind: 'failed', exitCode: 2, signal: null },
      class: 'agent',
      exitCode: 2,
      signal: null,
    });
  });

  test('a signal that we did not send is a failure of the infrastructure, and keeps its name', () => {
    const exit = { kind: 'signalled', signal: 'SIGKILL', exitCode: 137, at: AT } as const;
    expect(endOfExit(exit)).toEqual({
      outcome: { kind: 'failed', exitCode: 137, signal: 'SIGKILL' },
      class: 'infrastructure',
      exitCode: 137,
      signal: 'SIGKILL',
    });
  });

  test('a refusal is no failure of any class', () => {
    expect(endOfExit({ kind: 'refused', final: true, reason: 'no such program', at: AT })).toEqual({
      outcome: { kind: 'refused', reason: 'no such program' },
      class: null,
      exitCode: null,
      signal: null,
    });
  });

  test('I12: an exit that nobody recorded is lost: no success and no exit code', () => {
    expect(LOST).toEqual({
      outcome: { kind: 'lost' },
      class: 'infrastructure',
      exitCode: null,
      signal: null,
    });
  });
});

describe('what a stop of ours means', () => {
  test.each([
    ['cancelled', 'cancelled'],
    ['timed-out', 'timed-out'],
    ['stalled', 'stalled'],
    ['superseded', null],
    ['max-output', 'agent'],
    ['max-memory', 'agent'],
    ['max-processes', 'agent'],
  ] as const)('%s has class %s', (cause, failureClass) => {
    expect(endOfStop(cause, null)).toEqual({
      outcome: { kind: 'stopped', cause },
      class: failureClass,
      exitCode: null,
      signal: null,
    });
  });

  test('the exit code of a stopped agent is kept and decides nothing', () => {
    const exit = { kind: 'exited', exitCode: 0, at: AT } as const;
    expect(endOfStop('stalled', exit)).toMatchObject({
      outcome: { kind: 'stopped' },
      class: 'stalled',
      exitCode: 0,
      signal: null,
    });
  });

  test('so is the signal that ended it', () => {
    const exit = { kind: 'signalled', signal: 'SIGTERM', exitCode: 143, at: AT } as const;
    expect(endOfStop('cancelled', exit)).toMatchObject({ exitCode: 143, signal: 'SIGTERM' });
  });

  test('a refusal has neither', () => {
    const exit = { kind: 'refused', final: true, reason: 'no such program', at: AT } as const;
    expect(endOfStop('cancelled', exit)).toMatchObject({ exitCode: null, signal: null });
  });
});

test('a start that failed is refused for now, as infrastructure', () => {
  expect(endOfFailedStart('no memory')).toEqual({
    outcome: { kind: 'refused', reason: 'no memory' },
    class: 'infrastructure',
    exitCode: null,
    signal: null,
  });
});

describe('I16: what follows', () => {
  const ask = (
    end: AttemptEnd,
    budget: Partial<RetryBudget>,
    failures: Partial<Record<FailureClass, number>> = {},
  ) => followUp(end, { failures, retries: { ...NO_RETRIES, ...budget }, now: AT, chance: 0 });
  const many: RetryBudget = { infrastructure: 9, stalled: 9, 'timed-out': 9, agent: 9 };

  test.each<[string, AttemptEnd]>([
    ['success', SUCCEEDED],
    ['a refusal', endOfExit({ kind: 'refused', final: true, reason: 'no such program', at: AT })],
    ['a cancel', endOfStop('cancelled', null)],
  ])('%s ends the dispatch, whatever its budgets', (_name, end) => {
    expect(ask(end, many)).toEqual({ kind: 'end' });
  });

  test.each<[string, AttemptEnd, FollowUp]>([
    ['a limit is waited for', failed(1, null, 'quota'), { kind: 'wait-for-quota' }],
    ['so is one that we ended it for', endOfStop('quota', null), { kind: 'wait-for-quota' }],
    [
      'a provider that lets nobody in asks a person',
      failed(1, null, 'auth'),
      { kind: 'ask-person', about: 'pool' },
    ],
    [
      'so do spent tokens',
      endOfStop('max-tokens', null),
      { kind: 'ask-person', about: 'dispatch' },
    ],
    ['and spent money', endOfStop('max-cost', null), { kind: 'ask-person', about: 'dispatch' }],
  ])('%s, and costs no retry', (_name, end, follow) => {
    expect(ask(end, {})).toEqual(follow);
    expect(ask(end, many, { agent: 9, infrastructure: 9 })).toEqual(follow);
  });

  test('an interruption goes back to the queue, whatever its budgets', () => {
    expect(ask(endOfStop('superseded', null), NO_RETRIES)).toEqual({ kind: 'requeue' });
  });

  const classes: [string, AttemptEnd, keyof RetryBudget][] = [
    ['a failure of the agent', failed(1, null, 'agent'), 'agent'],
    ['a signal', failed(137, 'SIGKILL', 'infrastructure'), 'infrastructure'],
    ['a loss', LOST, 'infrastructure'],
    ['a start that failed', endOfFailedStart('no memory'), 'infrastructure'],
    ['a stall', endOfStop('stalled', null), 'stalled'],
    ['a deadline', endOfStop('timed-out', null), 'timed-out'],
    ['a broken limit', endOfStop('max-memory', null), 'agent'],
  ];
  test.each(classes)('%s is tried again while its budget lasts: %s', (_name, end, name) => {
    expect(ask(end, { [name]: 2 }, { [name]: 1 })).toEqual({
      kind: 'retry',
      at: AT + 1_000,
      because: `retry 2 of 2 for class ${name}`,
    });
    expect(ask(end, { [name]: 2 }, { [name]: 2 })).toEqual({ kind: 'end' });
    expect(ask(end, { [name]: 2 }, { [name]: 3 })).toEqual({ kind: 'end' });
  });

  test.each(classes)('I14: %s draws on no other budget', (_name, end, name) => {
    expect(ask(end, { ...many, [name]: 0 })).toEqual({ kind: 'end' });
    const others = Object.fromEntries(
      RETRY_CLASSES.filter((one) => one !== name).map((one) => [one, 99]),
    );
    expect(ask(end, { [name]: 1 }, others).kind).toBe('retry');
  });
});

describe('the wait before a retry', () => {
  test.each([
    [0, 500, 1_000],
    [1, 1_000, 2_000],
    [2, 2_000, 4_000],
    [5, 16_000, 32_000],
    [6, 30_000, 60_000],
    [7, 30_000, 60_000],
    [1_000_000, 30_000, 60_000],
  ])('I18: after %i failures is from %i to %i ms', (failures, leastMs, mostMs) => {
    expect(backoffMs(failures, 0)).toBe(leastMs);
    expect(backoffMs(failures, 0.999_999_999)).toBe(mostMs);
    expect(backoffMs(failures, 0.5)).toBe((leastMs + mostMs) / 2);
  });

  test('is a whole number of milliseconds, and never shorter after more failures', () => {
    const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const property = fc.property(fc.nat({ max: 100 }), chances, (failures, chance) => {
      const waitMs = backoffMs(failures, chance);
      return Number.isInteger(waitMs) && waitMs <= backoffMs(failures + 1, chance);
    });
    expect(fc.check(property).counterexample).toBeNull();
  });
});
