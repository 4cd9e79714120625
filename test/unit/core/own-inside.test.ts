// Owns the tables of who in an attempt's cgroup is of its tree (I9).
import { describe, expect, test } from 'vitest';
import { helperMark } from '../../../src/core/identity.ts';
import { type TreeProcess, ownInside } from '../../../src/core/tree.ts';
import { process } from './snapshot.ts';

const MARK = 'herd.d1.1.7.nonce';
const OTHER = 'other.d9.1.1.nonce';
const agent = process(10, { parent: 5, mark: MARK });

function own(inside: readonly TreeProcess[], protectedPids: readonly number[] = []): number[] {
  return ownInside(inside, MARK, ({ pid }) => protectedPids.includes(pid)).map(({ pid }) => pid);
}

describe('of the processes in the cgroup of an attempt', () => {
  test.each<[string, readonly TreeProcess[], readonly number[]]>([
    ['its agent is its own, whoever the parent outside is', [agent], [10]],
    ['who shed all but the cgroup is its own', [agent, process(11, { parent: 1 })], [10, 11]],
    ['done_when is', [process(12, { parent: 3, mark: helperMark(MARK) })], [12]],
    [
      'who carries something that is no mark is',
      [agent, process(11, { parent: 1, mark: 'by hand' })],
      [10, 11],
    ],
    ['who has opted out is not', [agent, process(11, { parent: 10, mark: 'off' })], [10]],
    ['an attempt of another herd is not', [agent, process(11, { parent: 10, mark: OTHER })], [10]],
    [
      'what descends from such a one without a mark is not: the starter of a herd inside',
      [
        agent,
        process(11, { parent: 10, mark: 'off' }),
        process(12, { parent: 11 }),
        process(13, { parent: 12 }),
      ],
      [10],
    ],
    [
      'what carries the mark again is',
      [agent, process(11, { parent: 10, mark: 'off' }), process(12, { parent: 11, mark: MARK })],
      [10, 12],
    ],
    [
      'a circle of parents, of a table that is no instant, is no reason to look for ever',
      [process(11, { parent: 12 }), process(12, { parent: 11 })],
      [11, 12],
    ],
  ])('%s', (_, inside, expected) => {
    expect(own(inside)).toEqual(expected);
  });

  test('I9: the protected, and what descends from them, are not', () => {
    const inside = [agent, process(11, { parent: 10 }), process(12, { parent: 11 })];
    expect(own(inside, [11])).toEqual([10]);
  });
});
