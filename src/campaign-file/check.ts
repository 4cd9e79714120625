// Owns what a shape cannot say of names and variables: which must fit together, which exclude each
// other. Everything here works on what could be read, so that one wrong dispatch hides no error in
// another.
import { findCycles, type GraphNode, repeatedNames, unknownNames } from '../core/graph.ts';
import type { Located } from './document.ts';
import type { Report } from './report.ts';
import type { SaidDispatch, Settings } from './schema.ts';
import { showNames, showText } from './show.ts';
import { didYouMean } from './suggest.ts';

export interface DraftDispatch {
  readonly place: Located;
  /** null: its shape is wrong, which is reported already */
  readonly said: SaidDispatch | null;
}

/**
 * Comparing each unknown name with all known ones would take minutes in a large file that is wrong
 * throughout.
 */
const SUGGESTIONS_MAX = 100;

/** Names must be unique, those in `after` must be there, and no dispatch may wait for itself. */
export function checkNames(dispatches: readonly DraftDispatch[], report: Report): void {
  const named = dispatches.flatMap(({ place }) => {
    const name = place.fields.get('name');
    return typeof name?.value === 'string' ? [{ name, after: afterOf(place), place }] : [];
  });
  const nodes: readonly GraphNode[] = named.map(({ name, after }) => ({
    name: String(name.value),
    after: after.map((item) => String(item.value)),
  }));
  for (const { index, first } of repeatedNames(nodes)) {
    const line = report.line(named[first]!.name.offset);
    const name = showText(nodes[index]!.name);
    const message = `the name ${name} is given twice, first in line ${line}`;
    report.problem(named[index]!.name.offset, message, 'give each dispatch its own name');
  }
  const known = [...new Set(nodes.map((node) => node.name))];
  for (const [count, { index, afterIndex, name }] of unknownNames(nodes).entries()) {
    const otherwise = 'name a dispatch of this file';
    const hint = count < SUGGESTIONS_MAX ? didYouMean(name, known, otherwise) : otherwise;
    const { offset } = named[index]!.after[afterIndex]!;
    report.problem(offset, `after: there is no dispatch ${showText(name)}`, hint);
  }
  for (const cycle of findCycles(nodes)) {
    const first = cycle[0]!;
    const next = nodes[cycle[1] ?? first]!.name;
    const { offset } = named[first]!.after[nodes[first]!.after.indexOf(next)]!;
    report.problem(offset, ...cycleSentence(cycle.map((index) => nodes[index]!.name)));
  }
}

function cycleSentence(names: readonly string[]): [message: string, hint: string] {
  const [first] = names;
  if (names.length === 1) {
    return [`${showText(first!)} waits for itself`, 'remove it from its own "after"'];
  }
  const trail = `${showNames(names, ' → ')} → ${showNames([first!])}`;
  return [`these wait for each other: ${trail}`, 'remove one of these from an "after"'];
}

function afterOf(place: Located): readonly Located[] {
  const items = place.fields.get('after')?.items ?? [];
  return items.filter((item) => typeof item.value === 'string');
}

/** Within one level a variable is either given a value or passed through. */
export function checkEnvironment(place: Located, settings: Settings | null, report: Report): void {
  const values = settings?.env ?? {};
  for (const [index, name] of (settings?.env_from ?? []).entries()) {
    if (!Object.hasOwn(values, name)) continue;
    const { offset } = place.fields.get('env_from')!.items[index]!;
    report.problem(offset, `"${name}" stands in "env" too`, 'keep one of the two');
  }
}
