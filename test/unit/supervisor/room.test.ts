// Owns how long nothing is started after this machine had no room.
import { expect, test } from 'vitest';
import { createRoom } from '../../../src/supervisor/room.ts';

test('the wait doubles up to a minute, those that missed it together count once, and room for as long begins it anew', () => {
  const said: string[] = [];
  const room = createRoom((line) => said.push(line));
  expect(room.heldBackMs(0)).toBe(0);
  const waits: number[] = [];
  let nowMs = 0;
  for (let times = 0; times < 8; times++) {
    for (let start = 0; start < 4; start++) room.missed('EMFILE: /runs', nowMs + start);
    waits.push(room.heldBackMs(nowMs));
    nowMs += room.heldBackMs(nowMs);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
  expect(said).toHaveLength(8);
  expect(said[1]).toBe('nothing can be started now: EMFILE: /runs; next try in 2s');
  expect(room.heldBackMs(nowMs)).toBe(0);
  nowMs += 59_000;
  room.missed('EMFILE: /runs', nowMs);
  expect(room.heldBackMs(nowMs)).toBe(60_000);
  // Free for longer than it was waited for.
  nowMs += 60_000 + 60_001;
  room.missed('EMFILE: /runs', nowMs);
  expect(room.heldBackMs(nowMs)).toBe(1_000);
});
