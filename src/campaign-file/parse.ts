// Owns the way from the text of a campaign file to a campaign: the entry of this folder. Imported
// by commands that read such a file and by no others, for YAML and schemas take their time to load.
import { dirname, resolve } from 'node:path';
import { COMMAND_AGENT } from '../core/agent-names.ts';
import { type Campaign, DEFAULT_POOL } from '../core/campaign.ts';
import { type KnownPrograms, adviseStalls, adviseUnusable } from './advise-stall.ts';
import { adviseIdleLimits, adviseIdleSettings, advisePools, adviseVariables } from './advise.ts';
import {
  type AgentRules,
  agentOf,
  checkAgent,
  checkAgentNames,
  checkModules,
  reportUnknownAgent,
  textOf,
} from './check-agent.ts';
import { checkEnvironment, checkNames, type DraftDispatch } from './check.ts';
import { type Config, NO_CONFIG } from './config.ts';
import { BUILT_IN } from './defaults.ts';
import { type Located, readDocument } from './document.ts';
import { PromptFiles } from './prompt-files.ts';
import { readTextFile } from './read.ts';
import { type Problem, Report } from './report.ts';
import { limitsOf, modulesOf, planDispatch, poolsOf, withAbsolutePaths } from './resolve.ts';
import { CAMPAIGN_HEAD, DEFAULTS, DISPATCH, type Settings } from './schema.ts';
import { judge } from './shape.ts';
import { Substitution } from './substitute.ts';

export interface ParseOptions {
  /** shown in messages; relative paths in the file start from its directory */
  readonly path: string;
  /** `--var NAME=VALUE` */
  readonly vars: Readonly<Record<string, string>>;
  /** that are built in; the files may name others */
  readonly knownAgents: readonly string[];
  /** what config.yaml says; where nothing is given, it says nothing */
  readonly config?: Config;
}

export interface ParsedCampaign {
  readonly campaign: Campaign;
  /** What is allowed, and most probably not meant. Which programs have to be known is known from `campaign` only. */
  readonly warnings: (programs: KnownPrograms) => readonly Problem[];
}

/**
 * Reads and parses the file at `path`.
 *
 * @throws DroverError `CAMPAIGN_UNREADABLE`
 * @throws InvalidFileError `CAMPAIGN_INVALID` with all problems
 */
export function readCampaignFile(
  path: string,
  options: Omit<ParseOptions, 'path'>,
): ParsedCampaign {
  return parseCampaignFile(readTextFile(path, 'CAMPAIGN_UNREADABLE'), { ...options, path });
}

/**
 * Parses the text of a campaign file, applies variables, defaults and config, and checks that it
 * all fits together.
 *
 * @throws InvalidFileError `CAMPAIGN_INVALID` with all problems
 */
export function parseCampaignFile(text: string, options: ParseOptions): ParsedCampaign {
  const report = new Report(options.path, text);
  const substitution = new Substitution(options.vars, report);
  const document = readDocument(text, report, substitution);
  const read = document === null ? null : draftOf(document, report);
  const draft = read === null ? null : check(read, options, report);
  const campaign = draft === null || report.failed ? null : complete(draft, options, report);
  if (draft === null || campaign === null) throw report.error('CAMPAIGN_INVALID');
  adviseVariables(substitution.unused(), substitution.used(), report);
  const advised = {
    dispatches: draft.dispatches,
    planned: campaign.dispatches,
    defaults: draft.defaultsPlace,
    agents: draft.agentsPlace,
  };
  return {
    campaign,
    warnings(programs) {
      adviseStalls(advised, programs, report);
      adviseUnusable(advised, programs, report);
      return report.warnings();
    },
  };
}

/** What could be read of the file. Each part stands for itself: null where its shape is wrong. */
interface Draft {
  readonly head: ReturnType<typeof judgeHead>;
  readonly defaults: Settings | null;
  readonly defaultsPlace: Located | undefined;
  readonly dispatches: readonly DraftDispatch[];
  readonly agentsPlace: Located | undefined;
  readonly document: Located;
}

function judgeHead(document: Located, report: Report) {
  return judge(CAMPAIGN_HEAD, document, 'the file', report);
}

function draftOf(document: Located, report: Report): Draft | null {
  if (document.value === null) {
    report.problem(0, 'the file is empty', 'start it with campaign: NAME');
    return null;
  }
  const defaultsPlace = document.fields.get('defaults');
  const places = document.fields.get('dispatches')?.items ?? [];
  return {
    head: judgeHead(document, report),
    defaults: defaultsPlace === undefined ? {} : judge(DEFAULTS, defaultsPlace, 'defaults', report),
    defaultsPlace,
    agentsPlace: document.fields.get('agents'),
    document,
    dispatches: places.map((place) => ({
      place,
      said: judge(DISPATCH, place, 'a dispatch', report),
    })),
  };
}

/** @returns the draft with the prompts that stand in files of their own */
function check(draft: Draft, options: ParseOptions, report: Report): Draft {
  const { head, defaults, defaultsPlace, dispatches, agentsPlace } = draft;
  const { knownAgents: builtIn, config = NO_CONFIG } = options;
  const directory = resolve(dirname(options.path));
  checkAgentNames(agentsPlace, builtIn, report);
  checkModules(modulesOf(head?.agents, directory), agentsPlace, report);
  const named = agentsPlace?.fields.keys() ?? [];
  const knownAgents = [...new Set([...builtIn, ...config.agents.keys(), ...named])];
  const rules = { knownAgents, standard: standardAgent(defaultsPlace, config) };
  checkStandardAgent(draft, rules, report);
  if (defaultsPlace !== undefined) checkEnvironment(defaultsPlace, defaults, report);
  for (const { place, said } of dispatches) {
    checkAgent(place, rules, report);
    checkEnvironment(place, said, report);
  }
  checkNames(dispatches, report);
  const prompts = new PromptFiles(directory, report);
  return { ...draft, dispatches: dispatches.map((one) => withPrompt(one, rules, prompts)) };
}

/** Where the keys of the dispatch are wrong anyway, nothing more is said of its file. */
function withPrompt(
  draft: DraftDispatch,
  { standard }: AgentRules,
  prompts: PromptFiles,
): DraftDispatch {
  const { place, said } = draft;
  const { prompt_file: path, prompt, run } = said ?? {};
  if (said === null || path === undefined || prompt !== undefined || run !== undefined)
    return draft;
  if (agentOf(place, standard) === COMMAND_AGENT) return draft;
  const text = prompts.read(path, place.fields.get('prompt_file')!);
  return text === null ? draft : { place, said: { ...said, prompt: text } };
}

/** null where the defaults name an agent that cannot be read: then it is not guessed. */
function standardAgent(defaultsPlace: Located | undefined, config: Config): string | null {
  const named = defaultsPlace?.fields.get('agent');
  return named === undefined ? (config.defaults.agent ?? BUILT_IN.agent) : textOf(named);
}

function checkStandardAgent(
  { defaultsPlace, dispatches }: Draft,
  { knownAgents, standard }: AgentRules,
  report: Report,
): void {
  if (standard === null || knownAgents.includes(standard)) return;
  const named = defaultsPlace?.fields.get('agent');
  if (named !== undefined) {
    reportUnknownAgent(standard, knownAgents, named.offset, report);
    return;
  }
  // It comes from config.yaml, and matters only where a dispatch of this file falls back to it.
  const fallback = dispatches.find(({ place }) => !place.fields.has('agent'));
  if (fallback === undefined) return;
  const message = `config.yaml gives this dispatch the agent "${standard}", which does not exist`;
  const known = `this version knows: ${knownAgents.join(', ')}`;
  const hint = `mend config.yaml, or write agent: here; ${known}`;
  report.problem(fallback.place.offset, message, hint);
}

/** @returns null where a part is missing, which is then reported */
function complete(draft: Draft, options: ParseOptions, report: Report): Campaign | null {
  const { head, defaults, defaultsPlace, dispatches } = draft;
  if (head === null || defaults === null) return null;
  const config = options.config ?? NO_CONFIG;
  const directory = resolve(dirname(options.path));
  const levels = {
    settings: [config.defaults, withAbsolutePaths(defaults, directory)],
    pools: [config.poolLimits, limitsOf(head.pools)],
    modules: new Map([...config.agents, ...modulesOf(head.agents, directory)]),
  };
  const planned = dispatches.flatMap(({ said }) =>
    said === null ? [] : [planDispatch(withAbsolutePaths(said, directory), levels, directory)],
  );
  const pools = poolsOf(head.pools);
  const defined = new Set([...pools, ...config.pools, DEFAULT_POOL].map(({ name }) => name));
  advisePools(dispatches, planned, defined, defaultsPlace, report);
  adviseIdleSettings(dispatches, planned, defaultsPlace, report);
  adviseIdleLimits(draft.document, planned, report);
  return {
    name: head.campaign,
    onFailure: head.on_failure ?? 'continue',
    limits: { maxTokens: head.max_tokens ?? null, maxCostUsd: head.max_cost ?? null },
    pools,
    dispatches: planned,
  };
}
