// Owns the tests of what the vocabulary says by itself: which states hold a slot, which classes have a budget, who is held.
import { expect, test } from 'vitest';
import {
  type Held,
  LIVE_STATES,
  OPEN_STATES,
  RETRY_CLASSES,
  type State,
  isHeldBack,
} from '../../../src/core/dispatch.ts';
import { AGENT, NOW } from './row.ts';

test('I11: three states hold a slot, and every state but one is open', () => {
  expect(LIVE_STATES).toEqual(['starting', 'running', 'stopping']);
  expect(OPEN_STATES).toEqual(['queued', 'parked', 'starting', 'running', 'stopping']);
});

test('I14: four classes of failure have a budget', () => {
  expect(RETRY_CLASSES).toEqual(['infrastructure', 'stalled', 'timed-out', 'agent']);
});

test('I17: held back is who runs, is held, and was not confirmed', () => {
  const running: State = { kind: 'running', since: NOW, process: AGENT };
  const held: Held = {
    at: NOW,
    because: 'silent',
    reason: { kind: 'cause', cause: 'stalled' },
    before: 'its agent runs',
    isConfirmed: false,
  };
  expect(isHeldBack(running)).toBe(false);
  expect(isHeldBack({ kind: 'queued', since: NOW })).toBe(false);
  expect(isHeldBack({ ...running, held })).toBe(true);
  expect(isHeldBack({ ...running, held: { ...held, isConfirmed: true } })).toBe(false);
});
