// Owns OpenCode: https://opencode.ai/docs/cli/#run-1
import type { AgentEvent } from '../core/agent-event.ts';
import type { Millis } from '../core/dispatch.ts';
import type { Agent, Line } from './agent.ts';
import { HEADLESS_ENV, option, unlessSet } from './arguments.ts';
import { eventsOfFailure } from './failure.ts';
import { type Fields, amountAt, at, numberAt, kindAt, textAt } from './json.ts';
import { judge } from './judge.ts';
import { failureOf, readLine } from './line.ts';
import { sessionOf } from './session.ts';
import { toolStarted } from './tool-detail.ts';

export const opencode: Agent = {
  id: 'opencode',
  title: 'OpenCode',
  program: 'opencode',
  versionArgs: ['--version'],
  npmPackage: 'opencode-ai',
  envNames: ['OPENCODE_CONFIG', 'OPENCODE_CONFIG_DIR'],
  json: true,

  plan({ prompt, model, args, resume }) {
    return {
      argv: [
        'opencode',
        'run',
        '--format',
        'json',
        '--auto',
        // While it waits for a limit or for a tool, its log is all that speaks.
        '--print-logs',
        ...unlessSet(args, ['--log-level'], '--log-level', 'INFO'),
        ...option('--model', model),
        ...option('--session', resume),
        ...args,
        '--',
        prompt,
      ],
      env: HEADLESS_ENV,
    };
  },

  read: (line) => readLine(line, means, ofEvent),

  judge,

  session: {
    preset: false,
    // One database for all sessions: that it grows may be the work of another agent.
    files: () => [],
  },

  // Every signal ends it at once and leaves its tool.
  stop: { signal: 'SIGKILL', target: 'group' },
  silence: {
    ownStallMs: 305_000,
    // 1.0 to 1.5 % where it waits for an answer (docs/decisions/0010-cpu-threshold.md).
    idleCpuShare: 0.02,
  },
};

function ofEvent(event: Fields, now: Millis): readonly AgentEvent[] | null {
  const part = at(event, 'part');
  switch (kindAt(event, 'type')) {
    case 'step_start':
      return sessionOf(textAt(event, 'sessionID'));
    case 'text':
      return [
        ...sessionOf(textAt(event, 'sessionID')),
        { kind: 'answered', text: textAt(part, 'text') ?? '' },
      ];
    case 'reasoning':
      return [{ kind: 'answered', text: '' }];
    case 'tool_use':
      return ofTool(part);
    case 'step_finish':
      return [...sessionOf(textAt(event, 'sessionID')), ...ofStep(part)];
    case 'error':
      return [...sessionOf(textAt(event, 'sessionID')), ...ofError(at(event, 'error'), now)];
    default:
      return null;
  }
}

/** Written when the tool has ended: that one runs is said by its log alone. */
function ofTool(part: unknown): readonly AgentEvent[] {
  const answered: AgentEvent = { kind: 'answered', text: '' };
  const id = textAt(part, 'callID') ?? textAt(part, 'id');
  if (id === null) return [answered];
  const started = toolStarted(id, textAt(part, 'tool'), at(part, 'state', 'input'));
  return [answered, started, { kind: 'tool-finished', id }];
}

/** There is no event for the end of a run: it is the step that ends with `stop`. */
function ofStep(part: unknown): readonly AgentEvent[] {
  const reason = textAt(part, 'reason');
  const tokens = at(part, 'tokens');
  const input = ['input'].map((name) => amountAt(tokens, name)).concat(cachedIn(tokens));
  const output = [amountAt(tokens, 'output'), amountAt(tokens, 'reasoning')];
  const usage: AgentEvent = {
    kind: 'usage',
    of: 'step',
    usage: {
      inputTokens: sumOf(input),
      outputTokens: sumOf(output),
      costUsd: amountAt(part, 'cost'),
    },
  };
  const last = reason !== null && !GOES_ON.has(reason);
  if (!last) return [usage];
  const text = reason === 'stop' ? '' : `its answer ended for the reason "${reason}"`;
  return [usage, { kind: 'result', ok: reason === 'stop', text }];
}

const GOES_ON = new Set(['tool-calls', 'unknown']);

function cachedIn(tokens: unknown): (number | null)[] {
  return [amountAt(tokens, 'cache', 'read'), amountAt(tokens, 'cache', 'write')];
}

function sumOf(amounts: readonly (number | null)[]): number | null {
  const known = amounts.filter((amount) => amount !== null);
  return known.length === 0 ? null : known.reduce((sum, amount) => sum + amount, 0);
}

function ofError(error: unknown, now: Millis): readonly AgentEvent[] {
  const name = textAt(error, 'name') ?? 'an error';
  const message = textAt(error, 'data', 'message') ?? textAt(error, 'message') ?? name;
  const auth = name === 'ProviderAuthError' ? 401 : null;
  const wait = textAt(error, 'data', 'responseHeaders', 'retry-after');
  const body = textAt(error, 'data', 'responseBody') ?? '';
  return eventsOfFailure({
    message,
    status: numberAt(error, 'data', 'statusCode') ?? auth,
    source: 'stream',
    now,
    repeats: null,
    details: wait === null ? body : `${body}\nretry-after: ${wait}`,
  });
}

/** Its log: `timestamp=… level=ERROR run=… message="stream error" error.error="AI_APICallError: …"`. */
const LOGGED = /^timestamp=\S+ level=(\w+)\b(.*)|^(ERROR|WARN|INFO|DEBUG)\b(.*)/s;

function means(text: string, line: Line): readonly AgentEvent[] | undefined {
  if (/^\W*error: session not found\b/i.test(text)) return failureOf(text, line);
  const [, levelNow, saidNow, levelOnce, saidOnce] = LOGGED.exec(text) ?? [];
  const level = levelNow ?? levelOnce;
  if (level === undefined) return undefined;
  const said = saidNow ?? saidOnce ?? '';
  return level === 'ERROR' ? ofLoggedError(said, line) : ofLog(said);
}

function ofLoggedError(logged: string, line: Line): readonly AgentEvent[] {
  const said = /\berror(?:\.\w+)*="((?:[^"\\]|\\.)*)"/.exec(logged)?.[1];
  // Only a failed request of the model is repeated; other errors are of its tools and plugins.
  if (said === undefined || !/\bstream error\b|\bAI_\w*Error\b/.test(logged)) return [];
  return failureOf(said.replaceAll('\\"', '"'), line, { afterMs: null });
}

/** `run=… message=evaluated permission=bash pattern="npm test" action.permission=* action.action=allow …` */
const PERMITTED =
  /^(?: run=\S+)? message=evaluated permission=(\S+) pattern=("(?:[^"\\]|\\.)*"|\S+) action\.permission=\S+ action\.action=(\w+)/;

/** A tool is asked for just before it runs, and the next step of the model begins when all tools of a step have ended. */
const NEXT_STEP = /^(?: run=\S+)? message=(?:loop|"exiting loop") session\.id=/;

/** The log does not tell by an id which call it is about: all that run together are one. */
const RUNNING = 'running';

/** Long before its first line of JSON; the session of a subagent has a parent. */
const CREATED = /^(?: run=\S+)? message=created id=(\S+) .*\bparentID=undefined\b/;

function ofLog(said: string): readonly AgentEvent[] {
  const created = CREATED.exec(said)?.[1];
  if (created !== undefined) return sessionOf(created);
  if (NEXT_STEP.test(said)) return [{ kind: 'tool-finished', id: RUNNING }];
  const [, tool, quoted = '', action] = PERMITTED.exec(said) ?? [];
  if (tool === undefined || action === 'deny') return [];
  const pattern = quoted.replaceAll(/^"|"$/g, '').replaceAll(/\\(.)/gs, '$1');
  return [toolStarted(RUNNING, tool, { command: pattern === '*' ? '' : pattern })];
}
