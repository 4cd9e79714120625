// Owns the order among dispatches of one campaign: which names repeat, which are unknown, which
// wait in a circle, and in which order they can start. Works on names alone, so that files and
// ledger rows can both be asked.

export interface GraphNode {
  readonly name: string;
  /** names that must have succeeded first */
  readonly after: readonly string[];
}

/** The node at `index` carries the same name as the earlier one at `first`. */
export interface RepeatedName {
  readonly index: number;
  readonly first: number;
}

export function repeatedNames(nodes: readonly GraphNode[]): readonly RepeatedName[] {
  const firstIndex = new Map<string, number>();
  const repeated: RepeatedName[] = [];
  for (const [index, node] of nodes.entries()) {
    const first = firstIndex.get(node.name);
    if (first === undefined) firstIndex.set(node.name, index);
    else repeated.push({ index, first });
  }
  return repeated;
}

/** `nodes[index].after[afterIndex]` names a node that is not there. */
export interface UnknownName {
  readonly index: number;
  readonly afterIndex: number;
  readonly name: string;
}

export function unknownNames(nodes: readonly GraphNode[]): readonly UnknownName[] {
  const known = new Set(nodes.map((node) => node.name));
  return nodes.flatMap((node, index) =>
    node.after
      .map((name, afterIndex) => ({ index, afterIndex, name }))
      .filter(({ name }) => !known.has(name)),
  );
}

/**
 * Nodes that wait for each other, as indices: each waits for the next, the last for the first. A
 * node that waits for itself is a cycle of one. No node is in two of the longer cycles, so that the
 * answer is never longer than the question; where several cycles share a node, one of them is
 * named, and once it is mended the next.
 */
export function findCycles(nodes: readonly GraphNode[]): readonly (readonly number[])[] {
  const all = edgesOf(nodes);
  const found = all.flatMap((waitsFor, index) => (waitsFor.includes(index) ? [[index]] : []));
  const edges = all.map((waitsFor, index) => waitsFor.filter((target) => target !== index));
  const inCycle = new Set<number>();
  const reached = new Set<number>();
  const open = new Set<number>();
  for (const root of nodes.keys()) {
    // An explicit stack: a chain of 10,000 dispatches would overflow a recursive walk.
    // From a root that was reached before no step is new, and none is on the trail.
    const trail: { node: number; next: number }[] = [{ node: root, next: 0 }];
    reached.add(root);
    open.add(root);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const target = edges[top.node]![top.next++];
      if (target === undefined) {
        open.delete(top.node);
        trail.pop();
      } else if (!reached.has(target)) {
        reached.add(target);
        open.add(target);
        trail.push({ node: target, next: 0 });
      } else if (open.has(target)) {
        const start = trail.findLastIndex((step) => step.node === target);
        const cycle = trail.slice(start).map((step) => step.node);
        if (cycle.some((node) => inCycle.has(node))) continue;
        for (const node of cycle) inCycle.add(node);
        found.push(fromEarliest(cycle));
      }
    }
  }
  return found.sort((a, b) => a[0]! - b[0]!);
}

/**
 * The order in which nodes can start when each ends before the next starts: first those that wait
 * for nobody, in their given order, then each as soon as the last that it waits for has ended. A
 * name that no node carries holds nothing back; nodes in a cycle, and those that wait for them, are
 * left out.
 */
export function topologicalOrder<T extends GraphNode>(nodes: readonly T[]): readonly T[] {
  const edges = edgesOf(nodes);
  const missing = edges.map((waitsFor) => waitsFor.length);
  const frees: number[][] = nodes.map(() => []);
  for (const [index, waitsFor] of edges.entries()) {
    for (const target of waitsFor) frees[target]!.push(index);
  }
  const order = [...nodes.keys()].filter((index) => missing[index] === 0);
  // The list grows while it is walked: what a node frees goes to the end.
  for (const index of order) {
    for (const freed of frees[index]!) {
      missing[freed]! -= 1;
      if (missing[freed] === 0) order.push(freed);
    }
  }
  return order.map((index) => nodes[index]!);
}

/**
 * For each node the indices that it waits for, each once. Of two nodes with one name the first is
 * meant.
 */
function edgesOf(nodes: readonly GraphNode[]): number[][] {
  const indexOf = new Map<string, number>();
  for (const [index, node] of nodes.entries()) {
    if (!indexOf.has(node.name)) indexOf.set(node.name, index);
  }
  return nodes.map((node) => {
    const targets = new Set(node.after.map((name) => indexOf.get(name)));
    return [...targets].filter((target) => target !== undefined);
  });
}

/**
 * Turns the cycle so that it starts with the node that stands first, whatever node the search came
 * in by.
 */
function fromEarliest(cycle: readonly number[]): number[] {
  const start = cycle.indexOf(cycle.reduce((least, node) => Math.min(least, node)));
  return [...cycle.slice(start), ...cycle.slice(0, start)];
}
