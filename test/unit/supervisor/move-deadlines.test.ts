// Owns the test of what becomes of the deadlines of those who wait to be started while their supervisor cannot run (I7).
import { expect, test } from 'vitest';
import type { LiveDispatch } from '../../../src/core/dispatch.ts';
import { createMemory } from '../../../src/supervisor/memory.ts';
import { moveDeadlines } from '../../../src/supervisor/start.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { MINUTE, NOW, SECOND, row } from '../core/row.ts';

const LOST_MS = 48 * SECOND;

/** @param fails how many of the moves the ledger does not take; each time they are made once more */
async function moved(
  rows: readonly LiveDispatch[],
  fails = 0,
  how: 'it fails' | 'moved by hand' = 'it fails',
): Promise<readonly unknown[]> {
  const moves: unknown[] = [];
  let failures = fails;
  const ledger = {
    live: async () => rows,
    setDeadline: async (key: unknown, move: unknown, now: number) => {
      if (failures-- > 0) {
        if (how === 'moved by hand') return false;
        throw new Error('full');
      }
      moves.push([key, move, now]);
      return true;
    },
  };
  const memory = createMemory();
  for (const one of rows) memory.of(one, NOW);
  memory.owe(LOST_MS, 500_000);
  while (memory.owes()) {
    await moveDeadlines({ ledger } as unknown as World, memory, NOW).catch(() => {});
    rows = rows.toReversed();
  }
  return moves;
}

const deadline = {
  softAt: NOW + MINUTE,
  hardAt: NOW + 3 * MINUTE,
  extendedCount: 0,
  extendedMs: 0,
  because: '1m from the claim',
};

let count = 0;

function live(
  state: 'starting' | 'running' | 'stopping',
  its = deadline as typeof deadline | null,
) {
  const one = row({ state }).live;
  const id = `d${(count += 1)}`;
  return {
    ...one,
    dispatch: { ...one.dispatch, id },
    attempt: { ...one.attempt, dispatch: id, deadline: its },
  };
}

test('I7: who waits to be started gets the time in which nobody could start it', async () => {
  const waiting = live('starting');
  const { dispatch, attempt } = waiting;
  const to = {
    softAt: deadline.softAt + LOST_MS,
    hardAt: deadline.hardAt + LOST_MS,
    extendedCount: 1,
    extendedMs: LOST_MS,
    because: 'its supervisor could not start it: extended by 48s',
  };
  expect(await moved([waiting])).toEqual([
    [{ dispatch: dispatch.id, fence: attempt.fence }, { from: deadline, to }, NOW],
  ]);
});

test('nobody else does: an agent that runs has used that time', async () => {
  expect(await moved([live('running'), live('stopping'), live('starting', null)])).toEqual([]);
});

test('each gets it once, however often the ledger fails', async () => {
  const rows = [live('starting'), live('starting'), live('starting')];
  for (const fails of [0, 1, 2, 3]) expect(await moved(rows, fails)).toHaveLength(3);
});

test.each<[string, number, number]>([
  ['in full where it was claimed before', 400_000, LOST_MS],
  ['from its claim on where that was in between', 500_000 - SECOND, SECOND],
  ['not at all where it was claimed after', 500_001, 0],
])('time is owed to an attempt %s', (_, claimedMs, owedMs) => {
  const memory = createMemory();
  const its = memory.of(live('starting'), NOW);
  its.claimedMs = claimedMs;
  memory.owe(LOST_MS, 500_000);
  expect(its.owedMs).toBe(owedMs);
  expect(memory.owes()).toBe(owedMs > 0);
});

test('and who had it moved by hand just then gets it as well', async () => {
  expect(await moved([live('starting'), live('starting')], 1, 'moved by hand')).toHaveLength(2);
});
