// Owns what a shape cannot say: keys that need or exclude each other, names that must fit together.
// Everything here works on what could be read, so that one wrong dispatch hides no error in
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

export interface AgentRules {
  readonly knownAgents: readonly string[];
  /** what a dispatch gets that names no agent; null: that cannot be told */
  readonly standard: string | null;
}

/** The agent must be known, and get the keys that are meant for it. */
export function checkAgent(
  place: Located,
  { knownAgents, standard }: AgentRules,
  report: Report,
): void {
  const named = place.fields.get('agent');
  const agent = named === undefined ? standard : textOf(named);
  if (agent === null || !isMap(place)) return;
  if (!knownAgents.includes(agent)) {
    // An agent that is only the standard is reported where it is set.
    if (named !== undefined) reportUnknownAgent(agent, knownAgents, named.offset, report);
  } else if (agent === 'command') {
    checkCommand(place, report);
  } else {
    checkPrompted(place, agent, report);
  }
}

export function reportUnknownAgent(
  agent: string,
  knownAgents: readonly string[],
  offset: number,
  report: Report,
): void {
  const otherwise = `this version knows: ${showNames(knownAgents)}`;
  report.problem(
    offset,
    `there is no agent ${showText(agent)}`,
    didYouMean(agent, knownAgents, otherwise),
  );
}

const KEYS_OF_OTHER_AGENTS = {
  prompt: 'write what it runs under "run"',
  prompt_file: 'write what it runs under "run"',
  model: 'remove it',
  args: 'write the arguments into "run"',
} as const;

function checkCommand({ fields, offset }: Located, report: Report): void {
  for (const [key, hint] of Object.entries(KEYS_OF_OTHER_AGENTS)) {
    const field = fields.get(key);
    if (field === undefined) continue;
    report.problem(field.keyOffset, `"${key}" has no meaning for the agent "command"`, hint);
  }
  if (!fields.has('run') && !fields.has('prompt') && !fields.has('prompt_file')) {
    const hint = 'write run: [PROGRAM, ARGUMENT], or run: "LINE FOR sh -c"';
    report.problem(offset, '"run" is missing, and the agent "command" needs it', hint);
  }
}

function checkPrompted({ fields, offset }: Located, agent: string, report: Report): void {
  const run = fields.get('run');
  const promptFile = fields.get('prompt_file');
  if (run !== undefined) {
    const hint = 'write "prompt" or "prompt_file", or agent: command';
    report.problem(run.keyOffset, '"run" has a meaning for the agent "command" only', hint);
  } else if (!fields.has('prompt') && promptFile === undefined) {
    const message = `"prompt" is missing, and the agent "${agent}" needs it`;
    report.problem(offset, message, 'write prompt: TEXT, or prompt_file: PATH');
  } else if (fields.has('prompt') && promptFile !== undefined) {
    const hint = 'keep one of the two';
    report.problem(promptFile.keyOffset, '"prompt" and "prompt_file" are both given', hint);
  } else {
    // The record of a dispatch has no place for a prompt yet, and a prompt must not get lost
    // silently.
    const message = `this version cannot record a prompt for the agent "${agent}"`;
    const place = fields.get('agent')?.offset ?? offset;
    report.problem(place, message, 'run its program with agent: command');
  }
}

function isMap({ value }: Located): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** null where the value is no text, which its shape reports. */
export function textOf({ value }: Located): string | null {
  return typeof value === 'string' ? value : null;
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
