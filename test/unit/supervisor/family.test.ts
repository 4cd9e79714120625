// Owns the tables of what a child dispatch proves for the attempt that added it, and how often it is sampled for its sake.
import { describe, expect, test } from 'vitest';
import type { AttemptKey, LiveDispatch } from '../../../src/core/dispatch.ts';
import { familyOf, setPaces } from '../../../src/supervisor/family.ts';
import { type AttemptMemory, createMemory } from '../../../src/supervisor/memory.ts';
import { HOUR, NOW, type RowSpec, row } from '../core/row.ts';
import { signAt } from '../core/sign-at.ts';

const PARENT: AttemptKey = { dispatch: 'p', fence: 1 };

interface One {
  readonly live: LiveDispatch;
  readonly memory: AttemptMemory;
}

function one(
  id: string,
  parent: AttemptKey | null,
  { silentMs = 0, ...spec }: RowSpec & { silentMs?: number } = {},
): One {
  const { dispatch, attempt, ...rest } = row(spec).live;
  const live = {
    dispatch: { ...dispatch, id, name: id, parent },
    attempt: { ...attempt, dispatch: id },
    ...rest,
  };
  const memory = createMemory().of(live, NOW - HOUR);
  memory.signs = [signAt(NOW - silentMs)];
  memory.blind = spec.blind ?? null;
  return { live, memory };
}

describe('a child dispatch', () => {
  test.each<[string, One, readonly string[]]>([
    ['that works counts', one('c', PARENT), ['nightly/c']],
    ['that has worked a moment ago counts', one('c', PARENT, { silentMs: 59_999 }), ['nightly/c']],
    [
      'I6: that was ended by its own window counts',
      one('c', PARENT, { silentMs: 3_000, result: 'there', spec: { lingerMs: 1_000 } }),
      ['nightly/c'],
    ],
    [
      'that has done nothing since this attempt began does not',
      one('c', PARENT, { silentMs: 2 * HOUR + 1 }),
      [],
    ],
    ['that is starting does not', one('c', PARENT, { state: 'starting' }), []],
    ['that is being stopped does not', one('c', PARENT, { state: 'stopping' }), []],
    ['of another attempt does not', one('c', { ...PARENT, fence: 2 }), []],
    ['of another dispatch does not', one('c', { ...PARENT, dispatch: 'q' }), []],
    ['that nobody added does not', one('c', null), []],
  ])('%s', (_, child, names) => {
    const parent = one('p', null);
    const { childrenOf } = familyOf([parent, child], NOW);
    expect(childrenOf(parent.memory).map(({ name }) => name)).toEqual(names);
  });

  test.each<[string, One, string | null]>([
    ['that could be looked at hides nothing', one('c', PARENT), null],
    [
      'I4: that could not makes whoever waits for it blind',
      one('c', PARENT, { blind: 'EIO' }),
      'child dispatch nightly/c: EIO',
    ],
    ['does so while it runs', one('c', PARENT, { state: 'stopping', blind: 'EIO' }), null],
    ['of another attempt does not', one('c', { ...PARENT, fence: 2 }, { blind: 'EIO' }), null],
  ])('%s', (_, child, because) => {
    expect(familyOf([one('p', null), child], NOW).unseenChildOf(PARENT)).toBe(because);
  });

  test('I7: counts after a step of the clock as before', () => {
    const memory = createMemory();
    const parent = memory.of(one('p', null).live, NOW - HOUR);
    const child = memory.of(one('c', PARENT).live, NOW - HOUR);
    child.signs = [signAt(NOW)];
    memory.shift(-2 * HOUR);
    const members = [
      { live: one('p', null).live, memory: parent },
      { live: one('c', PARENT).live, memory: child },
    ];
    expect(familyOf(members, NOW - 2 * HOUR).childrenOf(parent)).toHaveLength(1);
  });

  test('is dated by its own newest sign', () => {
    const { memory } = one('p', null);
    const { childrenOf } = familyOf([one('c', PARENT, { silentMs: 7_000 })], NOW);
    expect(childrenOf(memory)).toEqual([
      { name: 'nightly/c', at: NOW - 7_000, detail: 'wrote 9 bytes' },
    ]);
  });
});

describe('samples', () => {
  const paces = (...all: readonly One[]) => {
    setPaces(all, NOW);
    return all.map(({ memory }) => memory.everyMs);
  };
  const short = { spec: { stallMs: 5_000 } };

  test('of a child are as close as those of whoever waits for it, also through others', () => {
    const child = one('c', PARENT);
    const grandchild = one('g', { dispatch: 'c', fence: 1 });
    expect(paces(one('p', null, short), child, grandchild)).toEqual([1_000, 1_000, 1_000]);
  });

  test('of a parent are not closer for its child', () => {
    expect(paces(one('p', null), one('c', PARENT, short))).toEqual([10_000, 1_000]);
  });

  test('are its own where its parent is gone, or another attempt of it runs', () => {
    expect(paces(one('c', PARENT))).toEqual([10_000]);
    expect(paces(one('p', null, short), one('c', { ...PARENT, fence: 2 }))).toEqual([
      1_000, 10_000,
    ]);
  });

  test('of a child that somebody waits for from now on begin now: growth needs a sample before it', () => {
    const child = one('c', PARENT);
    Object.assign(child.memory, { everyMs: 10_000, nextLookAt: NOW + 9_000 });
    paces(one('p', null, short), child);
    expect(child.memory.nextLookAt).toBe(NOW + 1_000);
    paces(child);
    expect(child.memory).toMatchObject({ everyMs: 10_000, nextLookAt: NOW + 1_000 });
  });
});
