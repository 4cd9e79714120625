// Owns what is believed of an adapter of the user's: one that throws, or answers with something else than it has to, is not
// understood, and stops nobody else.
import type { Agent, Judgement } from '../agents/agent.ts';
import { judge } from '../agents/judge.ts';
import { sessionOf } from '../agents/session.ts';
import type { AgentEvent } from '../core/agent-event.ts';

const isText = (value: unknown) => typeof value === 'string';
const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
const isAmount = (value: unknown) => isNumber(value) && Number(value) >= 0;
const orNull = (fits: Check) => (value: unknown) => value === null || fits(value);
const oneOf =
  (...words: readonly string[]) =>
  (value: unknown) =>
    words.some((word) => word === value);

type Check = (value: unknown) => boolean;

const withParts = (parts: Readonly<Record<string, Check>>) => (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(parts).every(([name, fits]) => fits(Reflect.get(value, name)));

const FAILURES = 'agent infrastructure stalled timed-out quota auth cancelled'.split(' ');

const EVENTS: Readonly<Record<AgentEvent['kind'], Check>> = {
  session: withParts({ id: (id) => typeof id === 'string' && sessionOf(id).length > 0 }),
  answered: withParts({ text: isText }),
  'tool-started': withParts({
    id: isText,
    name: isText,
    detail: isText,
    timeoutMs: orNull(isAmount),
  }),
  'tool-finished': withParts({ id: isText }),
  usage: withParts({
    of: oneOf('step', 'total'),
    usage: withParts({
      inputTokens: orNull(isAmount),
      outputTokens: orNull(isAmount),
      costUsd: orNull(isAmount),
    }),
  }),
  limit: withParts({
    limit: withParts({
      scope: oneOf('pool', 'model'),
      resetAt: orNull(isNumber),
      message: isText,
      source: oneOf('stream', 'stderr'),
    }),
    waitsUntil: orNull(isNumber),
  }),
  'let-in': withParts({ source: oneOf('stream', 'stderr') }),
  retry: withParts({ because: isText }),
  error: withParts({ message: isText, class: orNull(oneOf(...FAILURES)) }),
  waiting: withParts({ for: isText }),
  result: withParts({ ok: (ok) => typeof ok === 'boolean', text: isText }),
};

const isEvent = withParts({ kind: (kind) => typeof kind === 'string' });

function fitsEvent(value: unknown): value is AgentEvent {
  if (!isEvent(value)) return false;
  const known = Object.entries(EVENTS).find(
    ([kind]) => Reflect.get(Object(value), 'kind') === kind,
  );
  return known?.[1](value) === true;
}

const isJudgement: Check = withParts({
  kind: oneOf('succeeded', 'agent', 'quota', 'auth', 'infrastructure', 'unsaid'),
  because: isText,
});

export function guarded(adapter: Agent): Agent {
  const { id, title, program, versionArgs, npmPackage, envNames, json, stop, silence } = adapter;
  return {
    id,
    title,
    program,
    versionArgs,
    npmPackage,
    envNames,
    json,
    stop,
    silence,
    ...(adapter.hooks === undefined ? {} : { hooks: adapter.hooks }),
    plan: (task) => adapter.plan(task),
    read(line) {
      const events: unknown = adapter.read(line);
      return Array.isArray(events) && events.every(fitsEvent) ? events : null;
    },
    judge(end): Judgement {
      try {
        const judgement = adapter.judge(end);
        if (isJudgement(judgement)) return judgement;
      } catch {
        // What its lines have said is known all the same.
      }
      return judge(end);
    },
    session: {
      preset: adapter.session.preset,
      needsAnswer: adapter.session.needsAnswer === true,
      files(place, session) {
        try {
          const files: unknown = adapter.session.files(place, session);
          return Array.isArray(files) ? files.filter((file) => typeof file === 'string') : [];
        } catch {
          return [];
        }
      },
    },
  };
}

const PARTS: Readonly<Record<string, Check>> = {
  'versionArgs, a list of texts': withParts({ versionArgs: isList }),
  'envNames, a list of texts': withParts({ envNames: isList }),
  'session, with preset and files': withParts({
    session: withParts({
      preset: (preset) => typeof preset === 'boolean',
      files: (files) => typeof files === 'function',
    }),
  }),
  'stop, with signal and target': withParts({
    stop: withParts({
      signal: oneOf('SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'),
      target: oneOf('pid', 'group'),
    }),
  }),
  'silence, with ownStallMs (milliseconds, or null), and idleCpuShare from 0 to 1 where there is one':
    withParts({
      silence: withParts({
        ownStallMs: orNull(isAmount),
        idleCpuShare: (share) => share === undefined || (isAmount(share) && Number(share) <= 1),
      }),
    }),
};

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

/** What of its data is not as it has to be; null: nothing. */
export function unfitPart(adapter: object): string | null {
  return Object.entries(PARTS).find(([, fits]) => !fits(adapter))?.[0] ?? null;
}
