// Owns the table of dispatches that hold no slot, and the promise that nothing moves those that have ended.
import { describe, expect, test } from 'vitest';
import { decideWaiting } from '../../../src/core/decide.ts';
import type { Dispatch, ParkReason, State } from '../../../src/core/dispatch.ts';
import { SUCCEEDED } from '../../../src/core/retry.ts';
import { told } from './decision-table.ts';
import { AGENT, HOUR, NOW, row } from './row.ts';

const MOMENT = { now: NOW, chance: 0 };
const QUEUED: State = { kind: 'queued', since: NOW - HOUR };

function parked(reason: ParkReason, untilInMs: number | null): State {
  const until = untilInMs === null ? null : NOW + untilInMs;
  return { kind: 'parked', since: NOW - HOUR, for: reason, until };
}

function waiting(state: State, wish?: 'cancelled' | 'superseded'): Dispatch {
  const { dispatch } = row(wish === undefined ? {} : { wish: { cause: wish } }).live;
  return { ...dispatch, state };
}

describe('a dispatch that holds no slot', () => {
  const cancelled = 'dispatch.ended ended: somebody wished it, before it started [wish done]';
  test.each<[string, State, 'cancelled' | 'superseded' | undefined, string]>([
    ['queued: waits for a slot', QUEUED, undefined, 'stay -: so far'],
    ['queued and cancelled: ends', QUEUED, 'cancelled', cancelled],
    [
      'queued and interrupted: there is nothing to interrupt, the wish is done',
      QUEUED,
      'superseded',
      'dispatch.queued queued: so far [wish done]',
    ],
    ['backing off: waits until then', parked('backoff', 1), undefined, 'stay +1: so far'],
    [
      'backing off: goes on at that moment',
      parked('backoff', 0),
      undefined,
      'dispatch.queued queued: its wait (backoff) is over',
    ],
    [
      'I15: a quota lifts by itself',
      parked('quota', -HOUR),
      undefined,
      'dispatch.queued queued: its wait (quota) is over',
    ],
    [
      'for another dispatch: waits for no time',
      parked('dependency', null),
      undefined,
      'stay -: so far',
    ],
    ['at a gate: waits for a person', parked('gate', null), undefined, 'stay -: so far'],
    ['parked and cancelled: ends', parked('gate', null), 'cancelled', cancelled],
    [
      'parked and cancelled in the moment in which its wait is over: ends',
      parked('backoff', 0),
      'cancelled',
      cancelled,
    ],
    [
      'parked and interrupted: stays parked, the wish is done',
      parked('backoff', HOUR),
      'superseded',
      'dispatch.queued parked backoff +3600000: so far [wish done]',
    ],
    [
      'parked and interrupted when its wait is over: goes on',
      parked('backoff', 0),
      'superseded',
      'dispatch.queued queued: its wait (backoff) is over',
    ],
  ])('%s', (_sentence, state, wish, decision) => {
    expect(told(decideWaiting(waiting(state, wish), MOMENT))).toBe(decision);
  });

  test('a cancelled one ends as cancelled and has no attempt to close', () => {
    const decision = decideWaiting(waiting(QUEUED, 'cancelled'), MOMENT);
    expect(decision).toMatchObject({
      next: {
        kind: 'ended',
        at: NOW,
        outcome: { kind: 'stopped', cause: 'cancelled' },
        class: 'cancelled',
        exitCode: null,
      },
    });
    expect(decision).not.toHaveProperty('attemptEnd');
  });

  test('what stays as it is keeps its state to the letter', () => {
    const state = parked('backoff', HOUR);
    expect(decideWaiting(waiting(state, 'superseded'), MOMENT)).toMatchObject({ next: state });
  });
});

describe('a dispatch that does not wait', () => {
  const { outcome, class: failureClass, exitCode } = SUCCEEDED;
  const since = NOW - HOUR;
  test.each<[string, State]>([
    ['ended', { kind: 'ended', at: since, outcome, class: failureClass, exitCode }],
    ['starting', { kind: 'starting', since }],
    ['running', { kind: 'running', since, process: AGENT }],
    [
      'stopping',
      {
        kind: 'stopping',
        since,
        reason: { kind: 'cause', cause: 'cancelled' },
        process: AGENT,
        killAt: since,
        survivors: [],
      },
    ],
  ])('%s: is left alone, whatever is wished', (_kind, state) => {
    for (const wish of [undefined, 'cancelled', 'superseded'] as const) {
      expect(told(decideWaiting(waiting(state, wish), MOMENT))).toBe('stay -: it is not waiting');
    }
  });
});
