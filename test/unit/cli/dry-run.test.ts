// Owns the plan of a dry run: what starts, in which order, and why the rest does not.
import { describe, expect, test } from 'vitest';
import { type DryRunInput, planDryRun } from '../../../src/cli/dry-run.ts';
import { limitWords } from '../../../src/cli/render/pool-words.ts';
import { NO_SPEND_LIMITS, type PlannedDispatch } from '../../../src/core/campaign.ts';
import {
  CANCELLED,
  FAILED,
  NOW,
  QUEUED,
  RUNNING,
  SPEC,
  SUCCEEDED,
  dispatch,
  limit,
  pool,
  skipped,
  specOf,
} from './rows.ts';

function planned(name: string, fields: Partial<PlannedDispatch> = {}): PlannedDispatch {
  return { name, pool: 'default', priority: 0, after: [], spec: SPEC, ...fields };
}

function plan(dispatches: readonly PlannedDispatch[], fields: Partial<DryRunInput> = {}) {
  const campaign = {
    name: 'nightly',
    onFailure: 'continue',
    limits: NO_SPEND_LIMITS,
    pools: [],
    dispatches,
  } as const;
  const lines = planDryRun({
    campaign,
    rows: [],
    pools: [pool('default')],
    halted: new Map(),
    retryFailed: false,
    now: NOW,
    ...fields,
  });
  return lines.map(({ name, would, order, because }) => `${order} ${name} ${would}: ${because}`);
}

const FREE = 'a slot of default is free';
const FULL = 'waits for a slot of default';

describe('a new campaign', () => {
  test('fills the free slots in the order of the file, then waits', () => {
    expect(plan([planned('a'), planned('b'), planned('c')])).toEqual([
      `1 a start: ${FREE}`,
      `2 b start: ${FREE}`,
      `3 c wait: ${FULL}`,
    ]);
  });

  test('what has priority starts first', () => {
    expect(plan([planned('a'), planned('b'), planned('c', { priority: 5 })])).toEqual([
      `1 c start: ${FREE}`,
      `2 a start: ${FREE}`,
      `3 b wait: ${FULL}`,
    ]);
  });

  test('what comes after others waits for them, nearest first', () => {
    const lines = plan([
      planned('last', { after: ['middle'] }),
      planned('middle', { after: ['first'] }),
      planned('first'),
    ]);
    expect(lines).toEqual([
      `1 first start: ${FREE}`,
      '2 middle wait: waits for first',
      '3 last wait: waits for middle',
    ]);
  });

  test('a pool that the file makes has the slots that the file says', () => {
    const campaign = {
      name: 'nightly',
      onFailure: 'continue',
      limits: NO_SPEND_LIMITS,
      pools: [{ name: 'work', slots: 1 }],
      dispatches: [planned('a', { pool: 'work' }), planned('b', { pool: 'work' })],
    } as const;
    expect(plan([], { campaign })).toEqual([
      '1 a start: a slot of work is free',
      '2 b wait: waits for a slot of work',
    ]);
  });
});

describe('a campaign that is there', () => {
  test('what has ended or runs stays as it is', () => {
    const rows = [
      dispatch('a', SUCCEEDED),
      dispatch('b', FAILED),
      dispatch('c', RUNNING),
      dispatch('d', QUEUED),
    ];
    const names = ['a', 'b', 'c', 'd'].map((name) => planned(name));
    expect(plan(names, { rows, pools: [pool('default', { used: 1 })] })).toEqual([
      `1 d start: ${FREE}`,
      'null a stay: already ended: succeeded',
      'null b stay: already ended: failed (3)',
      'null c stay: already running',
    ]);
  });

  test('what failed starts again if asked to, and what it held up waits again', () => {
    const rows = [
      dispatch('a', FAILED),
      dispatch('b', skipped('a'), { after: ['a'] }),
      dispatch('c', CANCELLED),
      dispatch('d', SUCCEEDED),
    ];
    const dispatches = [planned('a'), planned('b', { after: ['a'] }), planned('c'), planned('d')];
    expect(plan(dispatches, { rows, retryFailed: true })).toEqual([
      `1 a start: ${FREE}`,
      `2 c start: ${FREE}`,
      '3 b wait: waits for a',
      'null d stay: already ended: succeeded',
    ]);
  });

  test('a halted campaign starts nothing, unless what halted it is run again', () => {
    const rows = [dispatch('a', FAILED), dispatch('b', QUEUED)];
    const halted = new Map([['nightly', 'a failed']]);
    expect(plan([planned('a'), planned('b')], { rows, halted })).toEqual([
      'null a stay: already ended: failed (3)',
      'null b stay: halted: a failed',
    ]);
    expect(plan([planned('a'), planned('b')], { rows, halted, retryFailed: true })).toEqual([
      `1 a start: ${FREE}`,
      `2 b start: ${FREE}`,
    ]);
  });

  test('older work of other campaigns takes slots first, and halted ones take none', () => {
    const rows = [
      dispatch('x', QUEUED, { campaign: 'other', position: 1 }),
      dispatch('y', QUEUED, { campaign: 'stuck', position: 2 }),
    ];
    const halted = new Map([['stuck', 'z failed']]);
    expect(plan([planned('a'), planned('b')], { rows, halted })).toEqual([
      `1 a start: ${FREE}`,
      `2 b wait: ${FULL}`,
    ]);
  });

  test.each([
    [{ paused: true }, 'pool default is paused by hand'],
    [{ paused: true, pausedBecause: 'no login' }, 'pool default is paused: no login'],
    [{ limits: [limit()] }, `pool default: ${limitWords(limit(), NOW)}`],
    [{ used: 2 }, FULL],
  ])('a pool with %o starts nothing', (fields, because) => {
    expect(plan([planned('a')], { pools: [pool('default', fields)] })).toEqual([
      `1 a wait: ${because}`,
    ]);
  });

  test('a limit of a model holds up those who use it, and one that is over all but the first', () => {
    const dispatches = ['x', 'x', 'y', null].map((model, index) =>
      planned(`d${index}`, { spec: specOf(model) }),
    );
    const inForce = limit({ model: 'x' });
    const blocked = `pool default: ${limitWords(inForce, NOW)}`;
    expect(plan(dispatches, { pools: [pool('default', { limits: [inForce] })] })).toEqual([
      `1 d0 wait: ${blocked}`,
      `2 d1 wait: ${blocked}`,
      `3 d2 start: ${FREE}`,
      `4 d3 start: ${FREE}`,
    ]);
    const over = limit({ model: 'x', until: NOW });
    expect(plan(dispatches, { pools: [pool('default', { slots: 4, limits: [over] })] })).toEqual([
      `1 d0 start: ${FREE}`,
      '2 d1 wait: pool default: model x being probed by the first of them (limit reached)',
      `3 d2 start: ${FREE}`,
      `4 d3 start: ${FREE}`,
    ]);
  });

  test('a change to what has started is refused, as the submission would', () => {
    const rows = [dispatch('a', RUNNING)];
    const changed = planned('a', { spec: { ...SPEC, run: ['something', 'else'] } });
    expect(() => plan([changed], { rows })).toThrow(/changes a dispatch that has started: a/);
  });
});
