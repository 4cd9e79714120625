// Owns how the levels of settings (built in, config.yaml, defaults of the file, limits of its pool,
// the dispatch itself) become one dispatch: the later level wins, maps merge, lists replace.
import { resolve } from 'node:path';
import type { PlannedDispatch, PoolSpec } from '../core/campaign.ts';
import { COMMAND_AGENT } from '../core/agent-names.ts';
import type { DispatchSpec, RetryBudget } from '../core/dispatch.ts';
import type { AgentTask, UseLimits } from '../core/task.ts';
import { BUILT_IN, type BuiltInSettings } from './defaults.ts';
import type { SaidAgents } from './schema-agents.ts';
import type { SaidPools } from './schema-pools.ts';
import type { SaidDispatch, Settings } from './schema.ts';

/**
 * Paths in a file are relative to the file: makes them absolute, so that settings of several files
 * can meet.
 */
export function withAbsolutePaths<T extends Settings>(settings: T, directory: string): T {
  if (settings.cwd === undefined) return settings;
  return { ...settings, cwd: resolve(directory, settings.cwd) };
}

/** Absolute paths of the modules of agents, by name. */
export type AgentModules = ReadonlyMap<string, string>;

export function modulesOf(agents: SaidAgents = {}, directory: string): AgentModules {
  return new Map(Object.entries(agents).map(([name, path]) => [name, resolve(directory, path)]));
}

export function poolsOf(pools: SaidPools = {}): PoolSpec[] {
  return Object.entries(pools).map(([name, { slots }]) => ({ name, slots }));
}

/** What a file says of the attempts in each of its pools. */
export type PoolLimits = ReadonlyMap<
  string,
  Pick<Settings, 'max_output' | 'max_memory' | 'max_processes' | 'max_tokens' | 'max_cost'>
>;

export function limitsOf(pools: SaidPools = {}): PoolLimits {
  return new Map(
    Object.entries(pools).map(([name, pool]) => {
      const { slots: _, ...limits } = pool;
      return [name, limits];
    }),
  );
}

/** Everything less specific than a dispatch; in both lists the least specific first. */
export interface Levels {
  readonly settings: readonly Settings[];
  /** more specific than all of `settings`, for what is in the pool */
  readonly pools: readonly PoolLimits[];
  /** of the agents that are not built in; without it there are none */
  readonly modules?: AgentModules;
}

/**
 * @param dispatch its prompt is read already, if it stands in a file
 * @param directory absolute; the working directory where no level names one
 */
export function planDispatch(
  dispatch: SaidDispatch,
  { settings, pools, modules = new Map() }: Levels,
  directory: string,
): PlannedDispatch {
  const { pool }: { pool: string } = Object.assign({}, BUILT_IN, ...settings, dispatch);
  const all: readonly Settings[] = [
    ...settings,
    ...pools.map((limits) => limits.get(pool) ?? {}),
    dispatch,
  ];
  const said: Settings & BuiltInSettings = Object.assign({}, BUILT_IN, ...all);
  // What is run is a command, whatever runs the other dispatches.
  const agent = dispatch.run === undefined ? said.agent : COMMAND_AGENT;
  const spec: DispatchSpec = {
    agent,
    run: dispatch.run ?? [],
    task: agent === COMMAND_AGENT ? null : taskOf(dispatch, said, modules.get(agent) ?? null),
    cwd: said.cwd ?? directory,
    workspace: said.workspace,
    ...mergeEnvironment(all),
    doneWhen: said.done_when ?? null,
    deadlineMs: said.deadline ?? null,
    extendMs: said.extend,
    stallMs: said.stall,
    lingerMs: said.linger,
    graceMs: said.grace,
    retries: mergeRetries(all),
    containment: said.containment ?? null,
    leftovers: said.leftovers,
    leftoverGraceMs: said.leftover_grace,
    ...limitsIn(said),
    cpuShareMin: said.cpu_threshold,
    toolBoundMs: said.tool_bound,
    evidenceFiles: [...new Set(said.evidence_files)],
  };
  return {
    name: dispatch.name,
    pool,
    priority: said.priority,
    after: [...new Set(dispatch.after)],
    spec,
  };
}

function taskOf(
  { prompt = '', model, args = [] }: SaidDispatch,
  { resume, continue_prompt: continuePrompt }: BuiltInSettings,
  module: string | null,
): AgentTask {
  return { prompt, model: model ?? null, args, module, resume, continuePrompt };
}

function limitsIn(said: Settings): UseLimits {
  return {
    maxOutputBytes: said.max_output ?? null,
    maxMemoryBytes: said.max_memory ?? null,
    maxProcesses: said.max_processes ?? null,
    maxTokens: said.max_tokens ?? null,
    maxCostUsd: said.max_cost ?? null,
  };
}

function mergeRetries(levels: readonly Settings[]): RetryBudget {
  return Object.assign({}, BUILT_IN.retries, ...levels.map((level) => level.retries));
}

/** A name is either given a value or passed through: the more specific level decides which. */
function mergeEnvironment(levels: readonly Settings[]): Pick<DispatchSpec, 'env' | 'envFrom'> {
  const env = new Map<string, string>();
  let envFrom: readonly string[] = [];
  for (const level of levels) {
    const values = level.env ?? {};
    envFrom = (level.env_from ?? envFrom).filter((name) => !Object.hasOwn(values, name));
    for (const [name, value] of Object.entries(values)) env.set(name, value);
    for (const name of level.env_from ?? []) env.delete(name);
  }
  return { env: Object.fromEntries(env), envFrom: [...new Set(envFrom)] };
}
