// Owns the table of when it is said that a watcher of output alone would have ended an attempt.
import { describe, expect, test } from 'vitest';
import { type AttemptMemory, createMemory } from '../../../src/supervisor/memory.ts';
import { sampleSigns, sparedStall } from '../../../src/supervisor/signs.ts';
import { HOUR, MINUTE, NOW, row } from '../core/row.ts';
import { sample, seen, usingCpu } from './sampled.ts';

describe('a stall that was spared', () => {
  const STALL_MS = 20 * MINUTE;
  const busy = seen([usingCpu(70, 60_000)]);

  /** An attempt that wrote its last word at NOW, and used CPU time `laterMs` later. */
  function silentFor(laterMs: number): AttemptMemory {
    const memory = createMemory().of(row({}).live, NOW);
    sampleSigns(memory, sample({ now: NOW }));
    sampleSigns(memory, sample({ now: NOW + laterMs, rows: busy, everyMs: laterMs }));
    return memory;
  }

  test('is said when a watcher of output alone would have ended it, and once for each silence', () => {
    expect(sparedStall(silentFor(STALL_MS - 1), STALL_MS, NOW + STALL_MS - 1)).toBeNull();
    const memory = silentFor(STALL_MS);
    expect(sparedStall(memory, STALL_MS, NOW + STALL_MS)?.silentMs).toBe(STALL_MS);
    expect(sparedStall(memory, STALL_MS, NOW + STALL_MS + 1)).toBeNull();
    sampleSigns(memory, sample({ now: NOW + HOUR, outputBytes: seen(300), everyMs: HOUR }));
    expect(sparedStall(memory, STALL_MS, NOW + HOUR)).toBeNull();
    const later = NOW + HOUR + STALL_MS;
    const more = seen([usingCpu(70, 120_000)]);
    const silent = { now: later, rows: more, outputBytes: seen(300), everyMs: HOUR };
    sampleSigns(memory, sample(silent));
    expect(sparedStall(memory, STALL_MS, later)?.silentMs).toBe(STALL_MS);
  });

  test('is not said of one that is silent in every way, nor of one that writes', () => {
    const memory = createMemory().of(row({}).live, NOW);
    sampleSigns(memory, sample({ now: NOW }));
    sampleSigns(memory, sample({ now: NOW + HOUR, everyMs: HOUR }));
    expect(sparedStall(memory, STALL_MS, NOW + HOUR)).toBeNull();
  });
});
