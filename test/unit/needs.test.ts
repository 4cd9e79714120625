// Owns where those stand that wait for other dispatches, and the sentences about it; what a submission makes of that is in
// submission.test.ts.
import { expect, test } from 'vitest';
import type { Outcome, State } from '../../src/core/dispatch.ts';
import {
  howItEnded,
  skipReason,
  type Standing,
  standingsOf,
  waitsFor,
} from '../../src/core/needs.ts';
import { BACKOFF, FAILED, PARKED, QUEUED, SUCCEEDED, campaign, planned, row } from './submitted.ts';

const READY: Standing = { kind: 'ready' };
const BECAUSE_OF_A: Standing = { kind: 'failed', because: 'a failed with exit code 3' };

/** Of `b`, which is after `a`, which has failed: its state, how often it has started, what its row was after. */
test.each<[string, State, number, string[], Standing]>([
  ['that was let go before a failed may run', QUEUED, 0, ['a'], READY],
  ['that is parked for something else may run', BACKOFF, 0, ['a'], READY],
  ['that has started once may run, whatever it was after', QUEUED, 1, ['c'], READY],
  ['that was after nothing waits for a', QUEUED, 0, [], BECAUSE_OF_A],
  ['that was after another waits for a', QUEUED, 0, ['c'], BECAUSE_OF_A],
  ['that is parked for it waits for a', PARKED, 0, ['a'], BECAUSE_OF_A],
  ['that has started once, and is parked for it, waits for a', PARKED, 1, ['a'], BECAUSE_OF_A],
  ['that has succeeded has succeeded', SUCCEEDED, 1, ['a'], { kind: 'succeeded' }],
])('one %s', (_, state, attempt, wasAfter, standing) => {
  const [a, b] = [planned('a'), planned('b', { after: ['a'] })];
  const rows = [row(a, FAILED, 1), row({ ...b, after: wasAfter }, state, attempt)];
  const byName = new Map(rows.map((one) => [one.name, one]));
  expect(standingsOf(campaign(a, b), byName).get('b')).toEqual(standing);
});

test.each<[Outcome, string]>([
  [{ kind: 'succeeded' }, 'succeeded'],
  [{ kind: 'failed', exitCode: 3, signal: null }, 'failed with exit code 3'],
  [{ kind: 'failed', exitCode: null, signal: 'SIGSEGV' }, 'was ended by SIGSEGV'],
  [{ kind: 'failed', exitCode: null, signal: null }, 'failed'],
  [{ kind: 'stopped', cause: 'timed-out' }, 'was stopped: timed-out'],
  [{ kind: 'lost' }, 'was lost'],
  [{ kind: 'refused', reason: 'no such program' }, 'was refused: no such program'],
  [{ kind: 'skipped', because: 'plan failed' }, 'was skipped: plan failed'],
])('an end is told in words: %j', (outcome, words) => {
  expect(howItEnded(outcome)).toBe(words);
});

test('who needs what was skipped is told the root of it', () => {
  expect(skipReason('b', { kind: 'skipped', because: 'plan failed' })).toBe('plan failed');
  expect(skipReason('b', { kind: 'lost' })).toBe('b was lost');
});

test('a wait names three and counts the rest', () => {
  expect(waitsFor(['a'])).toBe('waits for a');
  expect(waitsFor(['a', 'b', 'c'])).toBe('waits for a, b, c');
  expect(waitsFor(['a', 'b', 'c', 'd'])).toBe('waits for a, b, c and 1 more');
  expect(waitsFor(['a', 'b', 'c', 'd', 'e'])).toBe('waits for a, b, c and 2 more');
});
