// Owns the tables of protection: who gets no signal of any kind (I9).
import { describe, expect, test } from 'vitest';
import { protectedProcesses } from '../../../src/core/tree.ts';
import { process } from './snapshot.ts';

describe('I9: who gets no signal of any kind', () => {
  const self = { pid: 50, startTime: 500 };
  const table = [
    process(1, { parent: 0 }),
    process(20, { parent: 1 }),
    process(30, { parent: 20 }),
    process(50, { parent: 30 }),
    process(60, { parent: 50 }),
    process(70, { parent: 1, mark: 'off' }),
    process(80, { parent: 1 }),
  ];
  const protectedPids = (shims: readonly string[] = []) => {
    const isProtected = protectedProcesses(table, self, new Set(shims));
    return table.filter((one) => isProtected?.(one)).map(({ pid }) => pid);
  };

  test('pid 1, we ourselves with all our ancestors, and who has opted out', () => {
    expect(protectedPids()).toEqual([1, 20, 30, 50, 70]);
  });

  test('shims, by identity', () => {
    expect(protectedPids(['80@800'])).toEqual([1, 20, 30, 50, 70, 80]);
    expect(protectedPids(['80@801'])).toEqual([1, 20, 30, 50, 70]);
  });

  test('an ancestor by identity: a stranger with its pid later is none', () => {
    const isProtected = protectedProcesses(table, self, new Set());
    expect(isProtected?.(process(30))).toBe(true);
    expect(isProtected?.(process(30, { startTime: 301 }))).toBe(false);
  });

  test('pid 0 and pid 1 in whatever table', () => {
    const isProtected = protectedProcesses(table, self, new Set());
    expect([isProtected?.(process(0)), isProtected?.(process(1, { startTime: 99 }))]).toEqual([
      true,
      true,
    ]);
    // In a container anybody may have it.
    expect(isProtected?.(process(2))).toBe(false);
  });

  test('nobody can be told apart where the table does not show ourselves', () => {
    const without = table.filter(({ pid }) => pid !== self.pid);
    expect(protectedProcesses(without, self, new Set())).toBeNull();
  });

  test('nor where somebody else has our pid in it', () => {
    expect(protectedProcesses(table, { pid: 50, startTime: 501 }, new Set())).toBeNull();
  });

  test('a circle of parents in a torn table ends the walk', () => {
    const torn = [process(50, { parent: 60 }), process(60, { parent: 50 })];
    const isProtected = protectedProcesses(torn, self, new Set());
    expect(torn.every((one) => isProtected?.(one))).toBe(true);
  });
});
