// Owns the order in which queued dispatches get free slots.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareTurns, type Turn } from '../../src/core/order.ts';

const inTurn = (turns: readonly Turn[]) => turns.toSorted(compareTurns);

test('a higher priority comes first, however young it is', () => {
  const old = { priority: 0, position: 1 };
  const urgent = { priority: 5, position: 9 };
  const negligible = { priority: -1, position: 0 };
  expect(inTurn([negligible, old, urgent])).toEqual([urgent, old, negligible]);
});

test('among equal priorities the older comes first', () => {
  const first = { priority: 2, position: 3 };
  const second = { priority: 2, position: 4 };
  expect(inTurn([second, first])).toEqual([first, second]);
});

test('the order does not depend on the order in which they are given', () => {
  const turns = fc.uniqueArray(
    fc.record({ priority: fc.integer({ min: -2, max: 2 }), position: fc.nat(50) }),
    { selector: ({ position }) => position },
  );
  fc.assert(
    fc.property(turns, (some) => {
      expect(inTurn(some.toReversed())).toEqual(inTurn(some));
    }),
  );
});
