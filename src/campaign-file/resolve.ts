// Owns how the levels of settings (built in, config.yaml, defaults of the file, limits of its pool,
// the dispatch itself) become one dispatch: the later level wins, maps merge, lists replace.
import { resolve } from 'node:path';
import type { PlannedDispatch, PoolSpec } from '../core/campaign.ts';
import type { DispatchSpec, RetryBudget } from '../core/dispatch.ts';
import { BUILT_IN, type BuiltInSettings } from './defaults.ts';
import type { SaidDispatch, SaidPools, Settings } from './schema.ts';

/**
 * Paths in a file are relative to the file: makes them absolute, so that settings of several files
 * can meet.
 */
export function withAbsolutePaths<T extends Settings>(settings: T, directory: string): T {
  if (settings.cwd === undefined) return settings;
  return { ...settings, cwd: resolve(directory, settings.cwd) };
}

export function poolsOf(pools: SaidPools = {}): PoolSpec[] {
  return Object.entries(pools).map(([name, { slots }]) => ({ name, slots }));
}

/** What a file says of the attempts in each of its pools. */
export type PoolLimits = ReadonlyMap<
  string,
  Pick<Settings, 'max_output' | 'max_memory' | 'max_processes'>
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
}

/**
 * @param directory absolute; the working directory where no level names one
 */
export function planDispatch(
  dispatch: SaidDispatch,
  { settings, pools }: Levels,
  directory: string,
): PlannedDispatch {
  const { pool }: { pool: string } = Object.assign({}, BUILT_IN, ...settings, dispatch);
  const all: readonly Settings[] = [
    ...settings,
    ...pools.map((limits) => limits.get(pool) ?? {}),
    dispatch,
  ];
  const said: Settings & BuiltInSettings = Object.assign({}, BUILT_IN, ...all);
  const spec: DispatchSpec = {
    agent: said.agent,
    run: dispatch.run ?? [],
    cwd: said.cwd ?? directory,
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
    maxOutputBytes: said.max_output ?? null,
    maxMemoryBytes: said.max_memory ?? null,
    maxProcesses: said.max_processes ?? null,
    cpuShareMin: said.cpu_threshold,
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
