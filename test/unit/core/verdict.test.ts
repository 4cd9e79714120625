// Owns the table of verdicts: one silence bound, counted from the last sign of work (I6).
import { describe, expect, test } from 'vitest';
import type { Attempt, Held, State } from '../../../src/core/dispatch.ts';
import { SUCCEEDED } from '../../../src/core/retry.ts';
import { FRESH_MS, silenceOf, verdictOf } from '../../../src/core/verdict.ts';
import { AGENT, HOUR, MINUTE, NOW, SECOND, row } from './row.ts';
import { signAt } from './sign-at.ts';

const STALL_MS = 20 * MINUTE;

function silence(signAgoMs: number | null, watchedMs: number, stallMs = STALL_MS) {
  const signs = signAgoMs === null ? [] : [signAt(NOW - signAgoMs)];
  const watched = {
    signs,
    watchedSince: NOW - watchedMs,
    result: 'unasked',
    waitingFor: null,
  } as const;
  return silenceOf(watched, { stallMs, lingerMs: 2 * MINUTE }, NOW);
}

describe('silence', () => {
  test.each([
    ['a sign of this moment', 0, HOUR, 'working', STALL_MS],
    ['a sign of less than a minute ago', FRESH_MS - 1, HOUR, 'working', STALL_MS - FRESH_MS + 1],
    ['a sign of a minute ago', FRESH_MS, HOUR, 'quiet', STALL_MS - FRESH_MS],
    ['a sign almost as old as the window', STALL_MS - 1, HOUR, 'quiet', 1],
    ['a sign as old as the window', STALL_MS, HOUR, 'stalled', 0],
    ['a sign twice as old as the window', 2 * STALL_MS, HOUR, 'stalled', 0],
    ['a sign older than the watch', 3 * HOUR, MINUTE, 'quiet', STALL_MS - MINUTE],
    [
      'a sign older than the watch, which is as old as the window',
      3 * HOUR,
      STALL_MS,
      'stalled',
      0,
    ],
    ['a fresh sign from before the watch', 30 * SECOND, 0, 'working', STALL_MS],
    ['no sign, and a watch that has just begun', null, 0, 'quiet', STALL_MS],
    ['no sign in almost a window', null, STALL_MS - 1, 'quiet', 1],
    ['no sign in a window', null, STALL_MS, 'stalled', 0],
    ['a sign from the future', -HOUR, 0, 'working', STALL_MS + HOUR],
  ] as const)('I6: %s', (_name, signAgoMs, watchedMs, verdict, changesInMs) => {
    const { verdict: said, changesAt } = silence(signAgoMs, watchedMs);
    expect([said, changesAt - NOW]).toEqual([verdict, changesInMs]);
  });

  test.each([
    ['a sign of less than a minute ago', FRESH_MS - 1, 'working', false, MINUTE + 1],
    ['a sign of a minute ago', FRESH_MS, 'lingering', false, MINUTE],
    ['a sign almost as old as the window of a result', 2 * MINUTE - 1, 'lingering', false, 1],
    ['a sign as old as that window', 2 * MINUTE, 'lingering', true, 0],
    ['no sign, in a watch as long as that window', null, 'lingering', true, 0],
  ] as const)('where the result is there: %s', (_name, agoMs, verdict, over, changesInMs) => {
    const signs = agoMs === null ? [] : [signAt(NOW - agoMs)];
    const watched = {
      signs,
      watchedSince: NOW - 2 * MINUTE,
      result: 'there',
      waitingFor: null,
    } as const;
    const windows = { stallMs: STALL_MS, lingerMs: 2 * MINUTE };
    const said = silenceOf(watched, windows, NOW);
    expect([said.verdict, said.over, said.changesAt - NOW]).toEqual([verdict, over, changesInMs]);
    // A shorter stall window holds all the same.
    const short = { stallMs: 90_000, lingerMs: 2 * MINUTE };
    expect(silenceOf(watched, short, NOW).over).toBe((agoMs ?? 9e9) >= 90_000);
  });

  test('a sign is fresh no longer than a short window', () => {
    expect(silence(4_999, HOUR, 5_000).verdict).toBe('working');
    expect(silence(5_000, HOUR, 5_000).verdict).toBe('stalled');
  });

  test.each([
    ['whose sign is fresh', 0, 'unasked', 'blocked', 'waits for a person: y/n?'],
    [
      'that has been silent for a while',
      2 * MINUTE,
      'unasked',
      'blocked',
      'waits for a person: y/n?',
    ],
    ['whose result is there', MINUTE, 'there', 'blocked', 'waits for a person: y/n?'],
    [
      'that has been silent for its window',
      STALL_MS,
      'unasked',
      'stalled',
      'no sign of work for 20m; waits for a person: y/n?',
    ],
  ] as const)('of who has asked a person something, %s', (_, agoMs, result, verdict, because) => {
    const signs = [signAt(NOW - agoMs)];
    const watched = { signs, watchedSince: NOW - HOUR, result, waitingFor: 'y/n?' };
    const windows = { stallMs: STALL_MS, lingerMs: 2 * MINUTE };
    expect(silenceOf(watched, windows, NOW)).toMatchObject({ verdict, because });
  });

  test('says in words how long, and what the last sign was', () => {
    expect(silence(0, HOUR).because).toBe('wrote 9 bytes');
    expect(silence(2 * MINUTE, HOUR).because).toBe(
      'quiet for 2m; last sign of work: wrote 9 bytes',
    );
    expect(silence(HOUR, HOUR).because).toBe(
      'no sign of work for 1h; last sign of work: wrote 9 bytes',
    );
    expect(silence(null, MINUTE).because).toBe('quiet for 1m; no sign of work yet');
  });
});

describe('the verdict as far as the ledger alone can tell', () => {
  const since = NOW - HOUR;
  const { outcome, class: failureClass, exitCode } = SUCCEEDED;
  const stopping = (cause: 'stalled' | 'cancelled'): State => ({
    kind: 'stopping',
    since,
    reason: { kind: 'cause', cause },
    process: AGENT,
    killAt: since,
    survivors: [],
  });
  const leftovers: State = {
    kind: 'stopping',
    since,
    reason: { kind: 'leftovers', end: SUCCEEDED },
    process: AGENT,
    killAt: since,
    survivors: [],
  };
  const HELD: Held = {
    at: since,
    because: 'silent',
    reason: { kind: 'cause', cause: 'stalled' },
    before: '',
    isConfirmed: false,
  };
  const { dispatch, attempt } = row({}).live;
  const noted = (agoMs: number): Attempt => ({
    ...attempt,
    signs: [signAt(NOW - agoMs)],
  });

  test.each<[string, State, Attempt | null, string | null]>([
    ['queued: none', { kind: 'queued', since }, null, null],
    ['parked: none', { kind: 'parked', since, for: 'gate', until: null }, null, null],
    [
      'ended: none',
      { kind: 'ended', at: since, outcome, class: failureClass, exitCode },
      noted(0),
      null,
    ],
    ['starting: quiet', { kind: 'starting', since }, attempt, 'quiet'],
    ['stopping because it stalled: stalled', stopping('stalled'), noted(0), 'stalled'],
    ['stopping for another cause: gone', stopping('cancelled'), noted(0), 'gone'],
    ['stopping what an agent left behind: gone', leftovers, noted(0), 'gone'],
    [
      'stopping because it lingered: lingering',
      { ...leftovers, reason: { kind: 'lingering', end: SUCCEEDED } },
      noted(0),
      'lingering',
    ],
    [
      'stopping a tree that cannot be seen: unknown',
      { ...leftovers, unseen: { because: 'EIO', before: '' } },
      noted(0),
      'unknown',
    ],
    [
      'running and held back because it stalled: stalled',
      {
        kind: 'running',
        since,
        process: AGENT,
        held: HELD,
      },
      noted(0),
      'stalled',
    ],
    [
      'running where the last look failed: unknown, however fresh its note is',
      { kind: 'running', since, process: AGENT },
      { ...noted(0), unseen: 'EIO' },
      'unknown',
    ],
    [
      'running with its result there and an old note: lingering',
      { kind: 'running', since, process: AGENT },
      { ...noted(MINUTE), resultAt: NOW - MINUTE },
      'lingering',
    ],
    [
      'running with a fresh note: working',
      { kind: 'running', since, process: AGENT },
      noted(0),
      'working',
    ],
    [
      'running with an old one: quiet',
      { kind: 'running', since, process: AGENT },
      noted(MINUTE),
      'quiet',
    ],
    [
      'running with one as old as the window: nobody looked, or it would be stopping',
      { kind: 'running', since, process: AGENT },
      noted(STALL_MS),
      'unknown',
    ],
    [
      'running without a note, since less than a window: quiet',
      { kind: 'running', since: NOW - MINUTE, process: AGENT },
      attempt,
      'quiet',
    ],
    [
      'running without an attempt that is known: judged by its state',
      { kind: 'running', since, process: AGENT },
      null,
      'unknown',
    ],
  ])('%s', (_name, state, its, verdict) => {
    expect(verdictOf({ ...dispatch, state }, its, NOW)).toBe(verdict);
  });
});
