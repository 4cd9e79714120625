// Owns the order among dispatches: repeated and unknown names, cycles, and what can start when.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  findCycles,
  type GraphNode,
  repeatedNames,
  topologicalOrder,
  unknownNames,
} from '../../src/core/graph.ts';

/** `a: b c` reads: a waits for b and c. */
function graph(...lines: string[]): GraphNode[] {
  return lines.map((line) => {
    const [name = '', after = ''] = line.split(':');
    return { name, after: after.split(' ').filter((word) => word !== '') };
  });
}

const order = (nodes: readonly GraphNode[]) => topologicalOrder(nodes).map(({ name }) => name);
const cycles = (nodes: readonly GraphNode[]) =>
  findCycles(nodes).map((cycle) => cycle.map((index) => nodes[index]!.name).join(' '));

test('each repeated name is named with its first place', () => {
  expect(repeatedNames(graph('a', 'b', 'a', 'a', 'b'))).toEqual([
    { index: 2, first: 0 },
    { index: 3, first: 0 },
    { index: 4, first: 1 },
  ]);
  expect(repeatedNames(graph('a', 'b'))).toEqual([]);
});

test('each unknown name is named with its place', () => {
  expect(unknownNames(graph('a: b x', 'b: y'))).toEqual([
    { index: 0, afterIndex: 1, name: 'x' },
    { index: 1, afterIndex: 0, name: 'y' },
  ]);
});

describe('cycles', () => {
  test.each<[string, string[], string[]]>([
    ['none', ['a', 'b: a', 'c: a b'], []],
    ['a node that waits for itself', ['a: a'], ['a']],
    ['two nodes', ['a: b', 'b: a'], ['a b']],
    ['from the earliest node on', ['x', 'c: a', 'a: b', 'b: c'], ['c a b']],
    ['what waits for a cycle is not in it', ['x: a', 'a: b', 'b: a', 'y: x'], ['a b']],
    ['two apart', ['a: b', 'b: a', 'c: d', 'd: c'], ['a b', 'c d']],
    ['one around another is named once', ['a: b', 'b: c a', 'c: a'], ['a b c']],
    ['with itself and with another', ['a: a b', 'b: a'], ['a', 'a b']],
    ['a name that is not there', ['a: x'], []],
    ['in the order of the nodes', ['a: c', 'b: b', 'c: a'], ['a c', 'b']],
  ])('%s', (_, lines, expected) => {
    expect(cycles(graph(...lines))).toEqual(expected);
  });

  test('a chain of 20,000 nodes overflows no stack', () => {
    const chain = Array.from({ length: 20_000 }, (_, n) => ({ name: `${n}`, after: [`${n + 1}`] }));
    expect(findCycles(chain)).toEqual([]);
    const ring = chain.with(19_999, { name: '19999', after: ['0'] });
    expect(findCycles(ring)).toHaveLength(1);
    expect(findCycles(ring)[0]).toHaveLength(20_000);
  });
});

describe('the order of starts', () => {
  test.each<[string, string[], string[]]>([
    ['nobody waits: the given order', ['c', 'a', 'b'], ['c', 'a', 'b']],
    ['who waits comes after', ['b: a', 'a'], ['a', 'b']],
    ['who waits starts after who is free', ['a', 'b: a', 'c'], ['a', 'c', 'b']],
    ['a diamond', ['d: b c', 'c: a', 'b: a', 'a'], ['a', 'c', 'b', 'd']],
    ['a name twice in after', ['b: a a', 'a'], ['a', 'b']],
    ['a name that is not there holds nothing back', ['a: x'], ['a']],
    ['a cycle and what waits for it are left out', ['a: b', 'b: a', 'c: b', 'd'], ['d']],
  ])('%s', (_, lines, expected) => {
    expect(order(graph(...lines))).toEqual(expected);
  });
});

describe('for all graphs', () => {
  const graphs = fc.integer({ min: 1, max: 12 }).chain((size) =>
    fc.array(fc.array(fc.integer({ min: 0, max: size - 1 }), { maxLength: 3 }), {
      minLength: size,
      maxLength: size,
    }),
  );
  const named = (after: number[][]) =>
    after.map((targets, index) => ({ name: `n${index}`, after: targets.map((n) => `n${n}`) }));

  test('a graph has an order of all its nodes if and only if it has no cycle', () => {
    fc.assert(
      fc.property(graphs, (after) => {
        const nodes = named(after);
        const isWhole = topologicalOrder(nodes).length === nodes.length;
        expect(isWhole).toBe(findCycles(nodes).length === 0);
      }),
    );
  });

  test('each node of the order comes after all that it waits for', () => {
    fc.assert(
      fc.property(graphs, (after) => {
        const names = order(named(after));
        for (const [index, name] of names.entries()) {
          const waitsFor = after[Number(name.slice(1))]!.map((n) => `n${n}`);
          expect(waitsFor.every((other) => names.indexOf(other) < index)).toBe(true);
          expect(waitsFor.every((other) => names.includes(other))).toBe(true);
        }
      }),
    );
  });

  test('each cycle is one: each node waits for the next, and no longer one shares a node', () => {
    fc.assert(
      fc.property(graphs, (after) => {
        const found = findCycles(named(after));
        for (const cycle of found) {
          for (const [step, node] of cycle.entries()) {
            expect(after[node]).toContain(cycle[(step + 1) % cycle.length]);
          }
        }
        const longer = found.filter((cycle) => cycle.length > 1).flat();
        expect(new Set(longer).size).toBe(longer.length);
      }),
    );
  });
});
