// Owns the JSON that scripts rely upon: its keys, and what each says in each state.
import { EMPTY_STREAM } from '../../../src/core/stream.ts';
import { describe, expect, test } from 'vitest';
import {
  attemptJson,
  decisionsOf,
  dispatchJson,
  eventJson,
  poolJson,
} from '../../../src/cli/json.ts';
import type { State } from '../../../src/core/dispatch.ts';
import { signAt } from '../core/sign-at.ts';
import {
  CANCELLED,
  FAILED,
  NOW,
  QUEUED,
  RUNNING,
  SUCCEEDED,
  attempt,
  dispatch,
  event,
  limit,
  pool,
  survivedSince,
  view,
} from './rows.ts';

const KEYS =
  `id, campaign, name, agent, pool, state, outcome, cause, exitCode, attempt, fence, pid, sessionId,
  verdict, because, createdAt, startedAt, endedAt, lastEvidenceAt, softDeadlineAt, hardDeadlineAt,
  parkedUntil, parkedFor, containment, survivors, parent`.split(/,\s+/);

const PARKED: State = { kind: 'parked', since: NOW, for: 'quota', until: NOW + 60_000 };
const STARTING: State = { kind: 'starting', since: NOW };
const STATES = [QUEUED, PARKED, STARTING, RUNNING, survivedSince(NOW), SUCCEEDED, FAILED];

describe('a dispatch', () => {
  test.each(STATES)('has every key of the contract when it is $kind', (state) => {
    expect(Object.keys(dispatchJson(view('x', state), NOW)).toSorted()).toEqual(KEYS.toSorted());
  });

  test.each([
    [QUEUED, { state: 'queued', outcome: null, cause: null, exitCode: null, pid: null }],
    [
      PARKED,
      { state: 'parked', parkedFor: 'quota', parkedUntil: '2026-11-20T18:01:00.000Z', pid: null },
    ],
    [RUNNING, { state: 'running', pid: 123, verdict: 'quiet', survivors: [] }],
    [SUCCEEDED, { state: 'ended', outcome: 'succeeded', cause: null, exitCode: 0, pid: null }],
    [FAILED, { state: 'ended', outcome: 'failed', cause: null, exitCode: 3, verdict: null }],
    [CANCELLED, { state: 'ended', outcome: 'stopped', cause: 'cancelled', exitCode: null }],
    [
      survivedSince(NOW),
      {
        state: 'stopping',
        cause: 'cancelled',
        pid: 123,
        survivors: [{ pid: 124, startTime: 78, command: 'nfs-wait' }],
      },
    ],
  ])('in state %o says %o', (state, expected) => {
    expect(dispatchJson(view('x', state), NOW)).toMatchObject(expected);
  });

  test('tells the deadline of its live attempt, and none while a retry waits', () => {
    const deadline = {
      softAt: NOW + 1_000,
      hardAt: NOW + 2_000,
      extendedCount: 0,
      extendedMs: 0,
      because: '',
    };
    const withDeadline = attempt({ deadline, signs: [signAt(NOW - 500)] });
    const live = dispatchJson({ dispatch: dispatch('x', RUNNING), attempt: withDeadline }, NOW);
    expect(live).toMatchObject({
      softDeadlineAt: '2026-11-20T18:00:01.000Z',
      hardDeadlineAt: '2026-11-20T18:00:02.000Z',
      lastEvidenceAt: '2026-11-20T17:59:59.500Z',
      verdict: 'working',
    });
    const again = dispatch('x', QUEUED, { attempt: 1, fence: 1 });
    const waiting = dispatchJson({ dispatch: again, attempt: withDeadline }, NOW);
    expect(waiting).toMatchObject({
      softDeadlineAt: null,
      hardDeadlineAt: null,
      containment: 'sh',
    });
  });
});

describe('an attempt', () => {
  test('that runs has no end yet', () => {
    expect(attemptJson(attempt())).toEqual({
      attempt: 1,
      fence: 1,
      outcome: null,
      cause: null,
      class: null,
      exitCode: null,
      signal: null,
      pid: 123,
      startTime: 77,
      sessionId: null,
      resumedFrom: null,
      startedAt: '2026-11-20T17:58:54.000Z',
      endedAt: null,
      containment: 'sh',
      usage: { inputTokens: null, outputTokens: null, costUsd: null },
      because: 'its agent runs',
    });
  });

  test('that was stopped names the cause, the class, and how its process went', () => {
    const end = {
      outcome: { kind: 'stopped', cause: 'stalled' },
      class: 'stalled',
      exitCode: 137,
      signal: 'SIGKILL',
    } as const;
    expect(attemptJson(attempt({ end, endedAt: NOW }))).toMatchObject({
      outcome: 'stopped',
      cause: 'stalled',
      class: 'stalled',
      exitCode: 137,
      signal: 'SIGKILL',
      endedAt: '2026-11-20T18:00:00.000Z',
    });
  });
});

describe('events and pools', () => {
  test('an event has its moment as text and its data as it is', () => {
    const { data, ...rest } = eventJson(event('attempt.started', { pid: 5 }));
    expect(data).toEqual({ pid: 5 });
    expect(rest).toEqual({
      seq: 7,
      at: '2026-11-20T18:00:00.000Z',
      type: 'attempt.started',
      dispatch: 'id-x',
      attempt: 1,
    });
  });

  test('decisions are the events that say why', () => {
    const events = [
      event('attempt.started', { from: 'starting', to: 'running', because: 'its agent runs' }),
      event('slot.freed', { pool: 'default' }),
      event('attempt.ended', { because: 'its agent runs' }),
      event('deadline.extended', { because: 'busy', evidence: ['cpu'] }),
    ];
    expect(decisionsOf(events)).toEqual([
      {
        at: '2026-11-20T18:00:00.000Z',
        seq: 7,
        from: 'starting',
        to: 'running',
        because: 'its agent runs',
        evidence: [],
      },
      {
        at: '2026-11-20T18:00:00.000Z',
        seq: 7,
        from: null,
        to: null,
        because: 'busy',
        evidence: ['cpu'],
      },
    ]);
  });

  test.each([
    [{}, null],
    [{ paused: true }, 'person'],
    [{ limits: [limit()] }, 'observed'],
    [{ paused: true, limits: [limit()] }, 'person'],
    [{ paused: true, pausedBecause: 'nobody is signed in' }, 'observed'],
  ])('a pool %o is blocked by %j', (fields, source) => {
    expect(poolJson(pool('work', fields))).toMatchObject({ name: 'work', slots: 2, source });
  });

  test('a pool tells of each limit, and of the gravest where one is asked for', () => {
    const limits = [limit({ model: 'x', until: NOW + 9_000 }), limit({ model: 'y', until: NOW })];
    const usage = { inputTokens: 5, outputTokens: null, costUsd: 0.5 };
    expect(poolJson(pool('work', { limits, usage }))).toMatchObject({
      blockedUntil: '2026-11-20T18:00:09.000Z',
      blockedBecause: 'model x: limit reached',
      limits: [
        { model: 'x', until: '2026-11-20T18:00:09.000Z', tries: 1, probe: null },
        { model: 'y' },
      ],
      usage,
    });
    const ofAll = limit({ until: NOW, probe: { dispatch: 'id-fix', fence: 2 } });
    expect(poolJson(pool('work', { limits: [...limits, ofAll] }))).toMatchObject({
      blockedUntil: '2026-11-20T18:00:00.000Z',
      blockedBecause: 'limit reached',
      limits: [{}, {}, { model: null, probe: 'id-fix' }],
      usage: { inputTokens: null, outputTokens: null, costUsd: null },
    });
  });

  test('an attempt has the usage that its program has told', () => {
    const usage = { inputTokens: 5, outputTokens: 6, costUsd: null };
    const stream = { state: { ...EMPTY_STREAM, usage }, stdoutNext: 1, stderrNext: 0 };
    expect(attemptJson(attempt({ stream })).usage).toEqual(usage);
  });
});
