// Owns what stands in for the test runner in the tests that judge mutants: their bodies are collected, and run again for
// each mutant that they reach. `expect` is the real one.
import { expect } from 'vitest';

type Body = (...given: readonly unknown[]) => unknown;

interface Collected {
  readonly title: string;
  readonly run: () => unknown;
}

const collected: Collected[] = [];

/** Those since the last call. */
export function takeCollected(): readonly Collected[] {
  return collected.splice(0);
}

function collect(title: string, body: Body): void {
  collected.push({ title, run: () => body() });
}

function rowOf(row: unknown): readonly unknown[] {
  return Array.isArray(row) ? row : [row];
}

const test = Object.assign(collect, {
  each: (table: readonly unknown[]) => (title: string, body: Body) => {
    for (const [index, row] of table.entries())
      collect(`${title} ${index}`, () => body(...rowOf(row)));
  },
});

const describe = Object.assign((_title: unknown, body: Body) => body(), {
  each: (table: readonly unknown[]) => (_title: unknown, body: Body) => {
    for (const row of table) body(...rowOf(row));
  },
});

export { describe, expect, test };
