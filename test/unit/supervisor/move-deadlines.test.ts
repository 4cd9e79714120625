// Owns the test of what becomes of the deadlines of those who wait to be started while their supervisor cannot run (I7).
import { expect, test } from 'vitest';
import type { LiveDispatch } from '../../../src/core/dispatch.ts';
import { moveDeadlines } from '../../../src/supervisor/start.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { MINUTE, NOW, SECOND, row } from '../core/row.ts';

const LOST_MS = 48 * SECOND;

async function moved(...rows: readonly LiveDispatch[]): Promise<readonly unknown[]> {
  const moves: unknown[] = [];
  const ledger = {
    live: async () => rows,
    setDeadline: async (key: unknown, move: unknown, now: number) => {
      moves.push([key, move, now]);
      return true;
    },
  };
  await moveDeadlines({ ledger } as unknown as World, LOST_MS, NOW);
  return moves;
}

const deadline = {
  softAt: NOW + MINUTE,
  hardAt: NOW + 3 * MINUTE,
  extendedCount: 0,
  extendedMs: 0,
  because: '1m from the claim',
};

function live(
  state: 'starting' | 'running' | 'stopping',
  its = deadline as typeof deadline | null,
) {
  const one = row({ state }).live;
  return { ...one, attempt: { ...one.attempt, deadline: its } };
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
  expect(await moved(waiting)).toEqual([
    [{ dispatch: dispatch.id, fence: attempt.fence }, { from: deadline, to }, NOW],
  ]);
});

test('nobody else does: an agent that runs has used that time', async () => {
  expect(await moved(live('running'), live('stopping'), live('starting', null))).toEqual([]);
});
