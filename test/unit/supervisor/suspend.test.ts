// Owns the tables of what a suspend makes of what was remembered (I7).
import { describe, expect, test } from 'vitest';
import { createMemory } from '../../../src/supervisor/memory.ts';
import { sampleSigns } from '../../../src/supervisor/signs.ts';
import { HOUR, NOW, row } from '../core/row.ts';

describe('an operation lease over a suspend', () => {
  const lease = { id: 'a', label: 'tests', startedAt: NOW, notAfter: NOW + 9 * HOUR };
  const awake = NOW + 2 * HOUR;

  /** The signs at the first look after the machine slept, under a lease that was last touched at `touchedAt`. */
  function afterwards(touchedAt: number): readonly string[] {
    const memory = createMemory();
    const its = memory.of(row({}).live, NOW);
    const look = (now: number) =>
      sampleSigns(its, {
        rows: { kind: 'absent' },
        outputBytes: { kind: 'absent' },
        files: { kind: 'absent' },
        filesNamed: [],
        tools: [],
        children: [],
        unseenChild: null,
        asksIo: false,
        heldCpuMs: null,
        ioBytesOf: () => null,
        cpuShareMin: 0.01,
        operations: { kind: 'seen', value: [{ ...lease, touchedAt, apart: null }] },
        now,
        stallMs: 60_000,
        everyMs: 10_000,
      });
    look(NOW);
    its.sampledAt = NOW;
    memory.grantFreshWindow(awake);
    look(awake + 10_000);
    return its.signs.filter(({ at }) => at > awake).map(({ kind }) => kind);
  }

  test('that was held before it can be touched afresh', () => {
    expect(afterwards(NOW - 89_999)).toContain('operation');
  });

  test('that had lapsed before it does not come back', () => {
    expect(afterwards(NOW - 90_000)).not.toContain('operation');
  });
});
