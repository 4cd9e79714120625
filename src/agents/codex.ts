// Owns Codex: https://developers.openai.com/codex/noninteractive
import type { AgentEvent } from '../core/agent-event.ts';
import type { Millis } from '../core/dispatch.ts';
import type { Agent, Line } from './agent.ts';
import { HEADLESS_ENV, literal, option, unlessSet } from './arguments.ts';
import { codexHooks } from './claude-hooks.ts';
import { eventsOfFailure } from './failure.ts';
import { type Fields, amountAt, at, fields, kindAt, listAt, numberAt, textAt } from './json.ts';
import { judge } from './judge.ts';
import { momentOfEpoch } from './limit-reset.ts';
import { failureOf, readLine } from './line.ts';
import { sessionOf } from './session.ts';
import { toolStarted } from './tool-detail.ts';

/** Each excludes the others. */
const SANDBOXES = ['--sandbox', '-s', '--full-auto', '--approve-for-me', '--yolo'];

export const codex: Agent = {
  id: 'codex',
  title: 'Codex',
  program: 'codex',
  versionArgs: ['--version'],
  npmPackage: '@openai/codex',
  envNames: ['CODEX_HOME'],
  json: true,

  plan({ prompt, model, args, resume }) {
    return {
      argv: [
        'codex',
        'exec',
        '--json',
        '--skip-git-repo-check',
        ...unlessSet(args, SANDBOXES, '--dangerously-bypass-approvals-and-sandbox'),
        ...option('--model', model),
        // `resume` itself takes fewer options than `exec`.
        ...args,
        ...(resume === null ? ['--', prompt] : ['resume', '--', resume, prompt]),
      ],
      env: HEADLESS_ENV,
    };
  },

  read: (line) => readLine(line, means, ofEvent),

  judge,

  session: {
    preset: false,
    files: ({ home, env }, id) => {
      const root = literal(env['CODEX_HOME'] ?? `${home}/.codex`);
      return id === null ? [] : [`${root}/sessions/*/*/*/rollout-*-${literal(id)}.jsonl`];
    },
  },

  // It answers with 1 within 50 ms and ends its tool. SIGTERM kills it before it has written anything.
  stop: { signal: 'SIGINT', target: 'pid' },
  silence: { ownStallMs: 300_000 },

  hooks: codexHooks,
};

function ofEvent(event: Fields, now: Millis): readonly AgentEvent[] | null {
  switch (kindAt(event, 'type')) {
    case 'thread.started':
      return sessionOf(textAt(event, 'thread_id'));
    case 'turn.started':
    case 'item.updated':
      return [];
    case 'item.started':
      return ofStarted(at(event, 'item'));
    case 'item.completed':
      return ofCompleted(at(event, 'item'));
    case 'turn.completed':
      return [...usageOf(at(event, 'usage')), { kind: 'result', ok: true, text: '' }];
    case 'turn.failed':
      return ofFailedTurn(textAt(event, 'error', 'message') ?? 'the turn failed', now);
    case 'event_msg':
      return ofLogged(at(event, 'payload'), now);
    case 'error':
      return ofError(event, now);
    default:
      return null;
  }
}

function ofFailedTurn(message: string, now: Millis): readonly AgentEvent[] {
  return [...failed(message, now), { kind: 'result', ok: false, text: message }];
}

function ofStarted(item: unknown): readonly AgentEvent[] {
  const id = textAt(item, 'id');
  const tool = toolOf(item);
  if (id === null || tool === null) return [];
  // The stream does not hold a call's own time-out; `yield_time_ms` says when the model looks, not when the command ends.
  return [{ kind: 'answered', text: '' }, toolStarted(id, tool.name, tool.args)];
}

function ofCompleted(item: unknown): readonly AgentEvent[] {
  switch (kindAt(item, 'type')) {
    case 'agent_message':
      return [{ kind: 'answered', text: textAt(item, 'text') ?? '' }];
    case 'reasoning':
    case 'todo_list':
      return [{ kind: 'answered', text: '' }];
    default: {
      // Items of type `error` are warnings: about an unknown model, about a long thread.
      const id = textAt(item, 'id');
      return id === null || toolOf(item) === null ? [] : [{ kind: 'tool-finished', id }];
    }
  }
}

/** null: the item is no tool. */
function toolOf(item: unknown): { readonly name: string; readonly args: unknown } | null {
  switch (kindAt(item, 'type')) {
    case 'command_execution':
      return { name: 'shell', args: { command: at(item, 'command') } };
    case 'mcp_tool_call': {
      const names = [textAt(item, 'server'), textAt(item, 'tool')].filter((name) => name !== null);
      return { name: names.join('.'), args: at(item, 'arguments') };
    }
    case 'web_search':
      return { name: 'web search', args: { query: at(item, 'query') } };
    case 'file_change': {
      const paths = listAt(item, 'changes').map((change) => textAt(change, 'path'));
      return { name: 'edit', args: { path: paths } };
    }
    case 'collab_tool_call':
      return { name: textAt(item, 'tool') ?? 'agent', args: { prompt: at(item, 'prompt') } };
    default:
      return null;
  }
}

/** `Reconnecting... 2/5 (why)`: it repeats the request by itself. */
function ofError(event: Fields, now: Millis): readonly AgentEvent[] {
  const message = textAt(event, 'message') ?? 'an error';
  const why = /^reconnecting\W+\d+\/\d+\s*(?:\((.*)\)\s*)?$/is.exec(message);
  if (why === null) return failed(message, now);
  return eventsOfFailure({
    message: why[1] ?? message,
    status: null,
    source: 'stream',
    now,
    repeats: { afterMs: null },
  });
}

/** Of its session log, which alone names the exact moment; its stream has it in words, cut to the minute. */
function ofLogged(payload: unknown, now: Millis): readonly AgentEvent[] {
  const error = textAt(payload, 'error', 'message');
  if (error !== null) return failed(error, now);
  return ofAllowance(at(payload, 'rate_limits'), now);
}

function ofAllowance(limits: unknown, now: Millis): readonly AgentEvent[] {
  const windows = ['primary', 'secondary'].map((name) => at(limits, name));
  return windows.flatMap((window): readonly AgentEvent[] => {
    const resetsAt = numberAt(window, 'resets_at');
    if ((numberAt(window, 'used_percent') ?? 0) < 100) return [];
    const resetAt = resetsAt === null ? null : momentOfEpoch(resetsAt, now);
    const message = 'the allowance of the plan is used up';
    const limit = { scope: 'pool', resetAt, message, source: 'stream' } as const;
    return [{ kind: 'limit', limit, waitsUntil: null }];
  });
}

function failed(message: string, now: Millis): readonly AgentEvent[] {
  return eventsOfFailure({ message, status: null, source: 'stream', now, repeats: null });
}

function usageOf(usage: unknown): readonly AgentEvent[] {
  if (fields(usage) === null) return [];
  const inputTokens = amountAt(usage, 'input_tokens');
  const outputTokens = amountAt(usage, 'output_tokens');
  return [{ kind: 'usage', of: 'total', usage: { inputTokens, outputTokens, costUsd: null } }];
}

function means(text: string, line: Line): readonly AgentEvent[] | undefined {
  if (/^(?:reading additional input from stdin|warning: )/i.test(text)) return [];
  if (/\balready has an active writer\b/.test(text)) {
    return [{ kind: 'error', message: text, class: 'infrastructure' }];
  }
  if (/\bno rollout found for thread id\b/.test(text)) return failureOf(text, line);
  // What it logs beside its stream; whatever of it ends the turn is in the stream too.
  return /^\d{4}-\d\d-\d\dT\S+\s+(?:ERROR|WARN|INFO)\s/.test(text) ? [] : undefined;
}
