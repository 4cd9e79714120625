// Owns which adapters there are: those that are built in, and modules that a campaign names. Each is loaded with the first
// dispatch that needs it: a herd of commands needs none.
import { homedir } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { Agent } from '../agents/agent.ts';
import { DroverError } from '../core/error.ts';
import { createClock } from '../host/clock.ts';
import type { DispatchSpec } from '../core/dispatch.ts';
import type { Agents, Clock } from '../ports.ts';

type Environment = Agents['environment'];

/** A module that waits for something while it is loaded must not keep a whole herd waiting. */
const LOAD_MS_MAX = 5_000;

export function createAgents(environment: Environment, clock: Clock): Agents {
  let builtIn: ReadonlyMap<string, Agent> | null = null;
  /** by path */
  const modules = new Map<string, Agent>();
  /** by path, those that did not come in time: nobody waits for them again until they are there */
  const late = new Set<string>();

  return {
    home: environment['HOME'] ?? homedir(),
    environment,
    of({ agent, task }) {
      if (task === null) return null;
      if (task.module === null) return builtIn?.get(agent) ?? null;
      return modules.get(task.module) ?? null;
    },
    async load({ agent, task }) {
      if (task === null) return null;
      const { module } = task;
      if (module === null) {
        builtIn ??= (await loadBuiltIn()).builtInAgents;
        return builtIn.has(agent) ? null : `there is no adapter for the agent ${agent}`;
      }
      if (modules.has(module)) return null;
      if (late.has(module)) return tooLate(module);
      try {
        const loading = loadAdapter(module);
        const adapter = await within(loading, LOAD_MS_MAX, clock);
        if (adapter === null) {
          late.add(module);
          void loading.then((loaded) => modules.set(module, loaded)).catch(() => undefined);
          return tooLate(module);
        }
        modules.set(module, adapter);
        return null;
      } catch (error) {
        const because = error instanceof Error ? error.message : String(error);
        return `the adapter ${module} cannot be used: ${because}`;
      }
    },
  };
}

const loadBuiltIn = () => import('../agents/registry.ts');
const loadGuard = () => import('./guarded-agent.ts');

/** All of ours that an adapter needs. */
export async function loadAdapters(): Promise<void> {
  await Promise.all([loadBuiltIn(), loadGuard()]);
}

/** What is known of the program of a dispatch, for whoever starts nothing. */
export interface KnownAdapter {
  /** null: it has none (`command`), or one that cannot be used */
  readonly adapter: Agent | null;
  /** why it cannot be used; null: it can */
  readonly unusable: string | null;
}

/** The adapter of a dispatch, loaded. */
export async function adapterOf(spec: DispatchSpec): Promise<KnownAdapter> {
  const agents = createAgents({}, createClock());
  const unusable = await agents.load(spec);
  return { adapter: agents.of(spec), unusable };
}

function tooLate(module: string): string {
  return `the adapter ${module} cannot be used: it was not loaded within ${LOAD_MS_MAX / 1_000} s`;
}

/** null: not in time. */
async function within<T>(work: Promise<T>, ms: number, clock: Clock): Promise<T | null> {
  const settled = work.then(
    () => undefined,
    () => undefined,
  );
  const over = clock.sleep(ms, settled).then(() => null);
  // What has come wakes the clock, and so is there first.
  return await Promise.race([work, over]);
}

/**
 * Loads a user's adapter: the default export of a module.
 *
 * @throws DroverError `AGENT_UNUSABLE` where it is none
 */
async function loadAdapter(module: string): Promise<Agent> {
  const loaded: { readonly default?: unknown } = await import(pathToFileURL(module).href);
  const adapter = loaded.default;
  const { guarded, unfitPart } = await loadGuard();
  const unfit = isAdapter(adapter) ? unfitPart(adapter) : null;
  if (isAdapter(adapter) && unfit === null) return guarded(adapter);
  const missing = unfit === null ? (missingPart(adapter) ?? 'is none') : `has no ${unfit}`;
  throw new DroverError('AGENT_UNUSABLE', {
    message: `${module}: its default export ${missing}`,
    hint: 'docs/guides/write-an-adapter.md says what an adapter has to offer',
    at: module,
  });
}

/** Without hooks there is nothing to install, and everything else works. */
const PARTS: Readonly<Record<Exclude<keyof Agent, 'hooks'>, string>> = {
  id: 'string',
  title: 'string',
  program: 'string',
  versionArgs: 'object',
  npmPackage: 'any',
  envNames: 'object',
  json: 'boolean',
  plan: 'function',
  read: 'function',
  judge: 'function',
  session: 'object',
  stop: 'object',
  silence: 'object',
};

function isAdapter(value: unknown): value is Agent {
  return missingPart(value) === null;
}

/** null: it looks like an adapter. */
function missingPart(adapter: unknown): string | null {
  if (typeof adapter !== 'object' || adapter === null) return 'is no object';
  for (const [name, kind] of Object.entries(PARTS)) {
    const part: unknown = Reflect.get(adapter, name);
    const fits = kind === 'any' ? part !== undefined : typeof part === kind && part !== null;
    if (!fits) return kind === 'any' ? `has no "${name}"` : `has no "${name}" of type ${kind}`;
  }
  return null;
}
