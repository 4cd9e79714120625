// Owns which agents there are, which one a dispatch gets, and which keys go with it: what a shape
// cannot say.
import { statSync } from 'node:fs';
import { COMMAND_AGENT } from '../core/agent-names.ts';
import type { Located } from './document.ts';
import type { Report } from './report.ts';
import type { AgentModules } from './resolve.ts';
import { showNames, showText } from './show.ts';
import { didYouMean } from './suggest.ts';

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
  const agent = agentOf(place, standard);
  if (agent === null || !isMap(place)) return;
  if (!knownAgents.includes(agent)) {
    // An agent that is only the standard is reported where it is set.
    if (named !== undefined) reportUnknownAgent(agent, knownAgents, named.offset, report);
  } else if (agent === COMMAND_AGENT) {
    checkCommand(place, report);
  } else {
    checkPrompted(place, agent, report);
  }
}

/** null where that cannot be told, which is then reported elsewhere. */
export function agentOf(place: Located, standard: string | null): string | null {
  const named = place.fields.get('agent');
  return named === undefined ? standard : textOf(named);
}

/** Who writes a name down twice would not know which of the two programs runs. */
export function checkAgentNames(
  agents: Located | undefined,
  builtIn: readonly string[],
  report: Report,
): void {
  for (const [name, { keyOffset }] of agents?.fields ?? []) {
    if (!builtIn.includes(name)) continue;
    const hint = `give yours another name, for example my-${name}`;
    report.problem(keyOffset, `agents: "${name}" is built in`, hint);
  }
}

/** What can be seen of the modules at once; what is in them is seen by who loads them. */
export function checkModules(
  modules: AgentModules,
  agents: Located | undefined,
  report: Report,
): void {
  for (const [name, path] of modules) {
    if (isFile(path)) continue;
    const message = `agents.${name}: there is no file ${showText(path, path.length)}`;
    report.problem(agents!.fields.get(name)!.offset, message, 'name the module of the adapter');
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
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
  }
}

function isMap({ value }: Located): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** null where the value is no text, which its shape reports. */
export function textOf({ value }: Located): string | null {
  return typeof value === 'string' ? value : null;
}
