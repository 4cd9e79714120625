// Owns when following ends, and the exit code of a set of dispatches.
import { describe, expect, test } from 'vitest';
import {
  type Outlook,
  SURVIVORS_WAIT_MS,
  exitCodeOf,
  outlookOf,
} from '../../../src/cli/outlook.ts';
import type { Dispatch, State } from '../../../src/core/dispatch.ts';
import type { PoolUse } from '../../../src/core/pool.ts';
import {
  CANCELLED,
  FAILED,
  NOW,
  QUEUED,
  RUNNING,
  SUCCEEDED,
  WAITING,
  dispatch,
  limit,
  pool,
  skipped,
  specOf,
  survivedSince,
  unseenSince,
} from './rows.ts';

const QUOTA: State = { kind: 'parked', since: NOW, for: 'quota', until: NOW + 1_000 };
const BACKOFF: State = { kind: 'parked', since: NOW, for: 'backoff', until: NOW + 1_000 };
const STUCK = survivedSince(NOW - SURVIVORS_WAIT_MS);
const FREE = pool('default');
const BLOCKED = pool('default', { limits: [limit({ until: NOW + 1 })] });
const PROBED = pool('default', { limits: [limit({ until: NOW })] });
const PAUSED = pool('default', { paused: true });

interface Case {
  readonly states: readonly State[];
  readonly halted?: string;
  readonly noWait?: boolean;
  readonly pool?: PoolUse;
  readonly kind: Outlook['kind'];
}

const CASES: readonly Case[] = [
  { states: [], kind: 'ended' },
  { states: [SUCCEEDED, FAILED], kind: 'ended' },
  { states: [SUCCEEDED, QUEUED], kind: 'going' },
  { states: [SUCCEEDED, RUNNING], kind: 'going' },
  { states: [FAILED, QUEUED], halted: 'fix failed', kind: 'halted' },
  { states: [FAILED, RUNNING, QUEUED], halted: 'fix failed', kind: 'going' },
  { states: [QUOTA], kind: 'going' },
  { states: [QUOTA], noWait: true, kind: 'quota' },
  { states: [QUOTA, WAITING], noWait: true, kind: 'quota' },
  { states: [QUOTA, RUNNING], noWait: true, kind: 'going' },
  { states: [QUOTA, BACKOFF], noWait: true, kind: 'going' },
  { states: [QUOTA, QUEUED], noWait: true, kind: 'going' },
  { states: [QUEUED], noWait: true, pool: BLOCKED, kind: 'quota' },
  { states: [QUEUED], noWait: true, pool: PROBED, kind: 'going' },
  { states: [QUEUED], noWait: true, pool: PAUSED, kind: 'going' },
  { states: [QUEUED], noWait: false, pool: BLOCKED, kind: 'going' },
  { states: [WAITING], noWait: true, kind: 'going' },
  { states: [STUCK, SUCCEEDED], kind: 'survivors' },
  { states: [STUCK, QUEUED, WAITING], kind: 'survivors' },
  { states: [STUCK, RUNNING], kind: 'going' },
  { states: [unseenSince(NOW - SURVIVORS_WAIT_MS), SUCCEEDED], kind: 'survivors' },
  { states: [unseenSince(NOW - SURVIVORS_WAIT_MS + 1), SUCCEEDED], kind: 'going' },
  { states: [STUCK, BACKOFF], kind: 'going' },
  { states: [survivedSince(NOW - SURVIVORS_WAIT_MS + 1)], kind: 'going' },
];

describe('outlookOf', () => {
  test.each(CASES)('$states.length dispatches: $kind', ({ states, kind, ...rest }) => {
    const rows = states.map((state, index) => dispatch(`d${index}`, state));
    const outlook = outlookOf(rows, {
      haltedBecause: rest.halted ?? null,
      pools: [rest.pool ?? FREE],
      noWait: rest.noWait === true,
      now: NOW,
    });
    expect(outlook.kind).toBe(kind);
  });
});

test.each([
  ['x', 'quota'],
  ['y', 'going'],
  [null, 'going'],
])('a limit of model x holds up one that uses %s: %s', (model, kind) => {
  const rows = [dispatch('a', QUEUED, { spec: specOf(model) })];
  const pools = [pool('default', { limits: [limit({ model: 'x' })] })];
  const outlook = outlookOf(rows, { haltedBecause: null, pools, noWait: true, now: NOW });
  expect(outlook.kind).toBe(kind);
});

function ended(outcome: Extract<State, { kind: 'ended' }>['outcome']): State {
  return { kind: 'ended', at: NOW, outcome, class: null, exitCode: null };
}

describe('exitCodeOf', () => {
  test.each([
    ['nothing', [], 0],
    ['success', [SUCCEEDED], 0],
    ['a failure', [SUCCEEDED, FAILED], 1],
    ['a loss', [ended({ kind: 'lost' })], 1],
    ['a refusal', [ended({ kind: 'refused', reason: 'no such program' })], 1],
    ['a stall', [ended({ kind: 'stopped', cause: 'stalled' })], 1],
    ['a time-out', [ended({ kind: 'stopped', cause: 'timed-out' })], 1],
    ['a broken limit', [ended({ kind: 'stopped', cause: 'max-memory' })], 1],
    [
      'a broken limit beside a cancellation',
      [CANCELLED, ended({ kind: 'stopped', cause: 'max-output' })],
      1,
    ],
    ['a cancellation', [SUCCEEDED, CANCELLED], 3],
    ['a failure beside a cancellation', [CANCELLED, FAILED], 1],
    ['a survivor beside everything', [FAILED, CANCELLED, survivedSince(NOW)], 4],
    ['what has not started', [SUCCEEDED, QUEUED], 1],
  ] as const)('%s', (_name, states, code) => {
    const rows = states.map((state, index) => dispatch(`d${index}`, state));
    expect(exitCodeOf(rows)).toBe(code);
  });

  function chain(root: State, length: number): Dispatch[] {
    const rows = [dispatch('d0', root)];
    for (let index = 1; index < length; index += 1) {
      const after = [`d${index - 1}`];
      rows.push(dispatch(`d${index}`, skipped('d0'), { after }));
    }
    return rows;
  }

  test('what was skipped after a cancellation counts as cancelled', () => {
    expect(exitCodeOf(chain(CANCELLED, 3))).toBe(3);
  });

  test('what was skipped after a failure counts as failed', () => {
    expect(exitCodeOf(chain(FAILED, 3))).toBe(1);
  });

  test('a skipped one alone is judged by causes that were not asked for', () => {
    const rows = chain(CANCELLED, 3);
    expect(exitCodeOf(rows.slice(2), rows)).toBe(3);
  });

  test('a skipped one whose cause is unknown counts as failed', () => {
    expect(exitCodeOf(chain(CANCELLED, 3).slice(2))).toBe(1);
  });

  test('a long chain of skipped ones is judged without deep recursion', () => {
    expect(exitCodeOf(chain(CANCELLED, 20_000))).toBe(3);
  });

  test('two ways to one cause count once', () => {
    const rows = [
      dispatch('a', CANCELLED),
      dispatch('b', skipped('a'), { after: ['a'] }),
      dispatch('c', skipped('a'), { after: ['a'] }),
      dispatch('d', skipped('a'), { after: ['b', 'c'] }),
    ];
    expect(exitCodeOf(rows.slice(3), rows)).toBe(3);
  });
});
