// Owns what `drover why` shows as evidence, and the next moment at which something changes.
import { describe, expect, test } from 'vitest';
import { type Seen, evidenceOf, nextChangeOf } from '../../../src/cli/explanation.ts';
import type { AttemptLook } from '../../../src/compose/attempt-look.ts';
import type { Sighting } from '../../../src/core/evidence.ts';
import type { Deadline, State } from '../../../src/core/dispatch.ts';
import { signAt } from '../core/sign-at.ts';
import {
  NOW,
  QUEUED,
  RUNNING,
  SPEC,
  SUCCEEDED,
  attempt,
  dispatch,
  limit,
  pool,
  specOf,
  survivedSince,
  view,
} from './rows.ts';

const NOTHING: Seen = {
  look: null,
  output: null,
  operations: { kind: 'absent' },
  children: [],
  pool: null,
  obstacles: [],
  haltedBecause: null,
  now: NOW,
};
const RUNNING_SINCE = NOW - 65_000;

function look(agent: Sighting): AttemptLook {
  const remote = '192.0.2.7:443';
  return {
    agent,
    tree: {
      kind: 'seen',
      value: [
        { pid: 123, command: 'node' },
        { pid: 124, command: 'tsc' },
      ],
    },
    connections: {
      kind: 'seen',
      value: [
        { pid: 123, remote },
        { pid: 124, remote },
      ],
    },
  };
}

function kinds(lines: readonly { kind: string; detail: string }[]): string[] {
  return lines.map(({ kind, detail }) => `${kind}: ${detail}`);
}

describe('evidenceOf', () => {
  test('what counts as work expires with the stall window, the process does not', () => {
    const row = dispatch('x', RUNNING);
    const signs = [signAt(NOW - 9_000, 'cpu')];
    const output = { text: 'step 3', at: NOW - 4_000, bytes: 12 };
    const seen: Seen = { ...NOTHING, look: look('alive'), output };
    expect(evidenceOf({ dispatch: row, attempt: attempt({ signs }) }, seen)).toEqual([
      { kind: 'process', at: NOW, expiresAt: null, detail: 'agent 123 alive' },
      { kind: 'tree', at: NOW, expiresAt: null, detail: '2 processes: node 123, tsc 124' },
      {
        kind: 'connection',
        at: NOW,
        expiresAt: null,
        detail: '2 open, which is no evidence: 192.0.2.7:443',
      },
      {
        kind: 'last-line',
        at: NOW - 4_000,
        expiresAt: null,
        detail: '12 bytes, last line: step 3',
      },
      {
        kind: 'cpu',
        at: NOW - 9_000,
        expiresAt: NOW - 9_000 + SPEC.stallMs,
        detail: 'wrote 9 bytes',
      },
    ]);
  });

  test('a look that failed is told as such, never as gone', () => {
    const blind = { kind: 'unknown', because: 'EACCES' } as const;
    const seen: Seen = {
      ...NOTHING,
      look: { agent: 'unknown', tree: blind, connections: blind },
    };
    const unseen = attempt({ unseen: 'EMFILE' });
    expect(kinds(evidenceOf({ dispatch: dispatch('x', RUNNING), attempt: unseen }, seen))).toEqual([
      'process: agent 123 could not be looked at',
      'tree: cannot be looked at: EACCES',
      'connection: cannot be looked at: EACCES',
      'unseen: the last look for signs of work failed: EMFILE',
    ]);
  });

  test('a queued dispatch is explained by its pool and its campaign', () => {
    const seen: Seen = {
      ...NOTHING,
      pool: pool('work', { used: 2, paused: true }),
      obstacles: ['the disk is full'],
      haltedBecause: 'fix failed',
    };
    expect(kinds(evidenceOf(view('x', QUEUED), seen))).toEqual([
      'state-dir: the disk is full',
      'campaign: halted: fix failed',
      'pool: work: 2 of 2 slots used, paused by hand',
    ]);
  });

  test('a queued dispatch is explained by the limits that stop just it, and by when they end', () => {
    const limits = [limit({ because: 'all' }), limit({ model: 'x', until: NOW - 1 })];
    const blocked = pool('default', { limits: [...limits, limit({ model: 'y' })] });
    const row = view('a', QUEUED, { spec: specOf('x') });
    const [, ofAll, ofModel, ...others] = evidenceOf(row, { ...NOTHING, pool: blocked });
    expect(ofAll).toMatchObject({ kind: 'limit', expiresAt: NOW + 300_000 });
    expect(ofAll!.detail).toMatch(/^blocked until .* \(all\), from the stream of nightly\/fix$/);
    expect(ofModel).toMatchObject({ kind: 'limit', expiresAt: null });
    expect(ofModel!.detail).toMatch(/^model x to be probed by the next one \(limit reached\)/);
    expect(others).toEqual([]);
    expect(nextChangeOf(row, NOW, blocked)).toEqual({
      at: NOW + 300_000,
      what: 'one is let through, to ask whether the limit is over',
    });
    expect(nextChangeOf(row, NOW + 300_000, blocked)).toBeNull();
    expect(nextChangeOf(row, NOW, pool('default'))).toBeNull();
  });

  test('what it has added is shown with its own verdict', () => {
    const children = [view('y', QUEUED), view('z', RUNNING)];
    expect(kinds(evidenceOf(view('x', RUNNING), { ...NOTHING, children }))).toEqual([
      'child-dispatch: nightly/z is quiet: because of z',
      'child-dispatch: nightly/y is queued: because of y',
    ]);
  });

  test('of many that it has added those are shown that hold a slot, and how many more there are', () => {
    const ended = Array.from({ length: 300 }, (_, index) => view(`e${index}`, SUCCEEDED));
    const children = [...ended, view('q', QUEUED), view('r', RUNNING)];
    const shown = kinds(evidenceOf(view('x', RUNNING), { ...NOTHING, children }));
    expect(shown).toHaveLength(21);
    expect(shown.slice(0, 2).join()).toMatch(/nightly\/r is quiet.*nightly\/q is queued/);
    expect(shown.at(-1)).toBe('child-dispatch: and 282 more');
  });

  test('of one that has ended nothing expires, and a result and a deadline are told', () => {
    const signs = [signAt(NOW - 9_000, 'cpu')];
    const deadline = {
      softAt: NOW + 60_000,
      hardAt: NOW + 120_000,
      extendedCount: 2,
      extendedMs: 600_000,
      because: 'wrote 9 bytes: extended by 5m',
    };
    const its = attempt({ signs, resultAt: NOW - 1_000, deadline });
    const ended = evidenceOf({ dispatch: dispatch('x', SUCCEEDED), attempt: its }, NOTHING);
    expect(ended.map(({ kind, expiresAt }) => [kind, expiresAt])).toEqual([
      ['cpu', null],
      ['result', null],
    ]);
    const running = evidenceOf({ dispatch: dispatch('x', RUNNING), attempt: its }, NOTHING);
    expect(running[0]).toEqual({
      kind: 'deadline',
      at: null,
      expiresAt: NOW + 60_000,
      detail: 'extended 2 times, hard limit in 2m: wrote 9 bytes: extended by 5m',
    });
  });

  test('a wish that stands is shown', () => {
    const stopWish = { at: NOW, graceMs: null, cause: 'cancelled', because: 'by hand' } as const;
    expect(kinds(evidenceOf(view('x', RUNNING, { stopWish }), NOTHING))).toEqual([
      'stop-wish: cancelled: by hand',
    ]);
  });
});

describe('nextChangeOf', () => {
  const parked: State = { kind: 'parked', since: NOW, for: 'quota', until: NOW + 9 };
  const forNobody: State = { kind: 'parked', since: NOW, for: 'gate', until: null };

  test.each([
    [QUEUED, null],
    [SUCCEEDED, null],
    [forNobody, null],
    [parked, NOW + 9],
    [survivedSince(NOW + 7), NOW + 7],
    [survivedSince(NOW - 7), null],
    [RUNNING, RUNNING_SINCE + SPEC.stallMs],
  ])('%o', (state, at) => {
    expect(nextChangeOf(view('x', state), NOW)?.at ?? null).toBe(at);
  });

  const deadline = (softMs: number, hardMs: number): Deadline => ({
    softAt: NOW + softMs,
    hardAt: NOW + hardMs,
    extendedCount: 0,
    extendedMs: 0,
    because: '',
  });

  test('of one whose signs cannot be looked for it is its hard limit, and else nothing', () => {
    const blind = { unseen: 'EMFILE', deadline: deadline(1_000, 9_000) };
    const next = (its: Partial<typeof blind>) =>
      nextChangeOf({ dispatch: dispatch('x', RUNNING), attempt: attempt(its) }, NOW);
    expect(next(blind)).toEqual({ at: NOW + 9_000, what: 'its hard limit' });
    expect(next({ unseen: 'EMFILE' })).toBeNull();
  });

  test.each([
    [deadline(1_000, 9_000), NOW + 1_000, /deadline/],
    [deadline(1_000, 500), NOW + 500, /hard limit/],
    [deadline(9e9, 9e9), RUNNING_SINCE + SPEC.stallMs, /stalled/],
  ])('of a running one with %o it is the earliest moment', (its, at, what) => {
    const next = nextChangeOf(
      { dispatch: dispatch('x', RUNNING), attempt: attempt({ deadline: its }) },
      NOW,
    );
    expect(next?.at).toBe(at);
    expect(next?.what).toMatch(what);
  });
});
