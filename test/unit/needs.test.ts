// Owns the sentences about waiting for other dispatches; who waits for whom is in submission.test.ts.
import { expect, test } from 'vitest';
import type { Outcome } from '../../src/core/dispatch.ts';
import { howItEnded, skipReason, waitsFor } from '../../src/core/needs.ts';

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
  expect(waitsFor(['a', 'b', 'c', 'd', 'e'])).toBe('waits for a, b, c and 2 more');
});
