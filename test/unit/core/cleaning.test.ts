// Owns the table of which run directories may be removed.
import { describe, expect, test } from 'vitest';
import {
  type CleanFacts,
  type CleanOptions,
  type CleanRow,
  fateOf,
} from '../../../src/core/cleaning.ts';
import type { State } from '../../../src/core/dispatch.ts';

const NOW = 1_000_000;
const ENDED_AT = NOW - 60_000;
const ENDED: State = {
  kind: 'ended',
  at: ENDED_AT,
  outcome: { kind: 'succeeded' },
  class: null,
  exitCode: 0,
};
const RUNNING: State = {
  kind: 'running',
  since: NOW - 5,
  process: { bootId: 'b', pid: 7, startTime: 1 },
};
const PARKED: State = { kind: 'parked', since: NOW, for: 'backoff', until: null };

const FACTS: CleanFacts = {
  dispatch: 'abc',
  fence: 2,
  mark: 'own.abc.2.2.n',
  users: [],
  recordedAt: ENDED_AT,
  exited: true,
  untouched: false,
};
const ROW: CleanRow = { name: 'nightly/x', state: ENDED, fence: 2 };
const OPTIONS: CleanOptions = { ledger: 'own', now: NOW, olderThanMs: null };

function fate(
  facts: Partial<CleanFacts>,
  row: Partial<CleanRow> | null = {},
  options: Partial<CleanOptions> = {},
): string {
  const found = fateOf({ ...FACTS, ...facts }, row === null ? null : { ...ROW, ...row }, {
    ...OPTIONS,
    ...options,
  });
  return found.kind === 'remove' ? 'remove' : found.because;
}

describe('a run directory with a row', () => {
  test('of a dispatch that has ended is removed, whatever its record says', () => {
    expect(fate({})).toBe('remove');
    expect(fate({ mark: null, exited: false, recordedAt: null })).toBe('remove');
  });

  test('of an earlier attempt goes with its dispatch, and stays with it', () => {
    expect(fate({ fence: 1 })).toBe('remove');
    expect(fate({ fence: 1 }, { state: RUNNING })).toBe('nightly/x is running');
  });

  test.each([
    [RUNNING, 'nightly/x is running'],
    [{ kind: 'starting', since: NOW }, 'nightly/x is starting'],
    [{ kind: 'queued', since: NOW }, 'nightly/x is queued, and has not ended'],
    [PARKED, 'nightly/x is parked, and has not ended'],
  ] as const)('is kept while it is in a state like %j', (state, because) => {
    expect(fate({}, { state })).toBe(because);
  });

  test('is kept while anybody uses it, named by pid', () => {
    expect(fate({ users: [4, 9] })).toBe('process 4, 9 still uses it');
  });

  test('is kept where the ledger has not given its fence yet', () => {
    expect(fate({ fence: 3 })).toMatch(/has had 2 attempts by this ledger, and this is number 3/);
  });

  test('is kept where a claim has made it and was not committed: the next one takes it', () => {
    const made = { fence: 3, mark: null, exited: false, untouched: true };
    expect(fate(made)).toBe('it was made for an attempt of nightly/x that has not begun');
    expect(fate({ ...made, fence: 4 })).toMatch(/has had 2 attempts/);
  });

  test('is kept where somebody has used this number before, and left nothing legible', () => {
    const used = { fence: 3, mark: null, exited: false };
    expect(fate(used)).toMatch(/has had 2 attempts by this ledger, and this is number 3/);
  });
});

describe('a run directory without a row', () => {
  test('is removed where its record says that it is ours and has ended', () => {
    expect(fate({}, null)).toBe('remove');
    expect(fate({ users: [4] }, null)).toBe('process 4 still uses it');
  });

  test.each([
    [{ mark: null }, 'nothing in it says whose it is'],
    [{ mark: 'off' }, 'nothing in it says whose it is'],
    [{ mark: 'own.other.2.2.n' }, 'nothing in it says whose it is'],
    [{ mark: 'own.abc.2.1.n' }, 'nothing in it says whose it is'],
    [{ mark: 'foreign.abc.2.2.n' }, 'it is of another ledger'],
    [{ exited: false }, 'no dispatch of this ledger has it, and no end is on its record'],
  ])('is kept with %j', (facts, because) => {
    expect(fate(facts, null)).toBe(because);
    // Age proves nothing.
    expect(fate({ ...facts, recordedAt: 1 }, null, { olderThanMs: 0 })).toBe(because);
  });
});

describe('an age', () => {
  test('keeps what ended since then, and removes nothing that would be kept without it', () => {
    expect(fate({}, {}, { olderThanMs: 59_999 })).toBe('remove');
    expect(fate({}, {}, { olderThanMs: 60_000 })).toBe('it ended less than 1m ago');
    expect(fate({}, { state: RUNNING }, { olderThanMs: 0 })).toBe('nightly/x is running');
    expect(fate({ users: [4] }, {}, { olderThanMs: 0 })).toBe('process 4 still uses it');
  });

  test('that cannot be told is young', () => {
    expect(fate({ recordedAt: null }, null, { olderThanMs: 0 })).toBe(
      'it cannot be told when it ended',
    );
  });
});
