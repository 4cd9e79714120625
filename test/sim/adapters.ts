// Owns the two agent programs of a world that have a stream, as adapters know them. Each line of JSON is a list of events;
// on stderr there is text, of which only limits have a meaning.
import type { Agent, Line } from '../../src/agents/agent.ts';
import { judge } from '../../src/agents/judge.ts';
import type { AgentEvent } from '../../src/core/agent-event.ts';
import type { DispatchSpec } from '../../src/core/dispatch.ts';
import type { Agents } from '../../src/ports.ts';
import type { Instance } from './instance.ts';

/** Takes an id of ours for its sessions. */
export const PRESET = 'preset';
/** Makes its own, is a module of its user, and a launcher that passes on no signal. */
export const OWN = 'own';
export const OWN_MODULE = '/adapters/own.mjs';

const LIMIT = 'limit: ';
export const RESUME = '--resume';
export const SESSION_ID = '--session-id';

export function sessionPath(sessionId: string): string {
  return `/agents/${sessionId}.jsonl`;
}

export function jsonLine(events: readonly AgentEvent[]): string {
  return JSON.stringify({ events });
}

export function textLine(event: AgentEvent): string {
  return LIMIT + JSON.stringify(event);
}

function read({ stream, value }: Line): readonly AgentEvent[] | null {
  if (stream === 'stdout') {
    const { events } = value as { events?: readonly AgentEvent[] };
    return events ?? null;
  }
  if (typeof value !== 'string' || !value.startsWith(LIMIT)) return null;
  return [JSON.parse(value.slice(LIMIT.length)) as AgentEvent];
}

const COMMON = {
  program: 'agent',
  versionArgs: ['--version'],
  npmPackage: null,
  envNames: [],
  json: true,
  read,
  judge,
  silence: { ownStallMs: null },
} as const;

const files: Agent['session']['files'] = (_, sessionId) =>
  sessionId === null ? [] : [sessionPath(sessionId)];

const preset: Agent = {
  ...COMMON,
  id: PRESET,
  title: 'Preset',
  plan: ({ resume, newSessionId }) => ({
    argv: resume === null ? ['agent', SESSION_ID, newSessionId] : ['agent', RESUME, resume],
    env: {},
  }),
  session: { preset: true, files },
  stop: { signal: 'SIGINT', target: 'pid' },
};

const own: Agent = {
  ...COMMON,
  id: OWN,
  title: 'Own',
  plan: ({ resume }) => ({
    argv: resume === null ? ['agent'] : ['agent', RESUME, resume],
    env: {},
  }),
  session: { preset: false, files },
  stop: { signal: 'SIGTERM', target: 'group' },
};

/** Whatever a supervisor has loaded. */
export function adapterOf({ agent, task }: DispatchSpec): Agent | null {
  if (task === null) return null;
  return agent === PRESET ? preset : own;
}

/** A user's module has to be loaded by each supervisor anew. */
export function createAgentsPort(instance: Instance): Agents {
  const loaded = new Set<string>();
  return {
    home: '/home',
    environment: {},
    of(spec) {
      const module = spec.task?.module ?? null;
      return module === null || loaded.has(module) ? adapterOf(spec) : null;
    },
    load: (spec) =>
      instance.cross('load', async () => {
        const module = spec.task?.module ?? null;
        if (module !== null) loaded.add(module);
        return null;
      }),
  };
}
