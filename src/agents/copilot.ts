// Owns the Copilot CLI: https://docs.github.com/en/copilot/how-tos/copilot-cli
import type { AgentEvent } from '../core/agent-event.ts';
import type { Millis } from '../core/dispatch.ts';
import type { Agent, End, Judgement } from './agent.ts';
import { HEADLESS_ENV, literal, option, unlessSet } from './arguments.ts';
import { copilotHooks } from './copilot-hooks.ts';
import { eventsOfFailure } from './failure.ts';
import { type Fields, amountAt, at, jsonAtEnd, kindAt, numberAt, textAt } from './json.ts';
import { judge } from './judge.ts';
import { readLine } from './line.ts';
import { sessionOf } from './session.ts';
import { askedOf, toolStarted } from './tool-detail.ts';

const PERMISSIONS = ['--allow-all', '--yolo', '--allow-all-tools', '--allow-tool', '--deny-tool'];

export const copilot: Agent = {
  id: 'copilot',
  title: 'Copilot CLI',
  program: 'copilot',
  versionArgs: ['--version'],
  npmPackage: '@github/copilot',
  envNames: ['COPILOT_HOME'],
  json: true,

  plan({ prompt, model, args, resume, newSessionId }) {
    return {
      argv: [
        'copilot',
        '--output-format',
        'json',
        '--no-ask-user',
        '--no-auto-update',
        ...unlessSet(args, PERMISSIONS, '--allow-all'),
        ...option('--model', model),
        resume === null ? `--session-id=${newSessionId}` : `--resume=${resume}`,
        ...args,
        // One word, so that a prompt may begin with a dash.
        `--prompt=${prompt}`,
      ],
      env: HEADLESS_ENV,
    };
  },

  read: (line) => readLine(line, () => undefined, ofEvent),

  judge: judgeCopilot,

  session: {
    preset: true,
    files: ({ home, env }, id) => {
      const root = literal(env['COPILOT_HOME'] ?? `${home}/.copilot`);
      return id === null ? [] : [`${root}/session-state/${literal(id)}/events.jsonl`];
    },
  },

  // Its launcher would die of it and leave the program running.
  stop: { signal: 'SIGTERM', target: 'group' },
  silence: { ownStallMs: 700_000 },
  hooks: copilotHooks,
};

/** Interrupted, it ends with a `result` of exit code 0: what failed since the last answer counts more. */
function judgeCopilot({ exit, stream }: End): Judgement {
  const { result, limit, error } = stream;
  const doubtful = result?.ok === true && (limit !== null || error !== null);
  return judge({ exit, stream: doubtful ? { ...stream, result: null } : stream });
}

/** Families of events, most of which only draw a screen. */
const QUIET =
  /^(?:session|assistant|model|tool|user|agent|subagent|skill|hook|system|mcp|permission|user_input|elicitation|external_tool|command|exit_plan_mode|auto_mode_switch|commands|capabilities|sampling|pending_messages)\.\w+$/;

/** What waits for a person until it is completed. */
const ASKING = /^(?:permission|user_input|elicitation|exit_plan_mode)\.requested$/;

function ofEvent(event: Fields, now: Millis): readonly AgentEvent[] | null {
  const type = kindAt(event, 'type');
  const data = at(event, 'data');
  switch (type) {
    case 'session.start':
      return sessionOf(textAt(data, 'sessionId'));
    case 'assistant.message':
      return [{ kind: 'answered', text: textAt(data, 'content') ?? '' }];
    case 'assistant.usage':
      return usageOf(data);
    case 'tool.execution_start':
      return ofCall(data);
    case 'tool.execution_complete':
      return ofCallEnd(data);
    case 'model.call_failure':
      return ofCallFailure(data, now);
    case 'session.error':
      return ofError(data, now);
    case 'abort':
      return interrupted(textAt(data, 'reason') ?? 'aborted');
    case 'result':
      return ofResult(event);
    default:
      return ofOther(type, data);
  }
}

function ofOther(type: string, data: unknown): readonly AgentEvent[] | null {
  if (ASKING.test(type)) return [{ kind: 'waiting', for: askedIn(data) }];
  return QUIET.test(type) ? [] : null;
}

function interrupted(reason: string): readonly AgentEvent[] {
  return [{ kind: 'error', message: `it was interrupted: ${reason}`, class: 'infrastructure' }];
}

function ofCallEnd(data: unknown): readonly AgentEvent[] {
  const id = textAt(data, 'toolCallId');
  return id === null ? [] : [{ kind: 'tool-finished', id }];
}

function askedIn(data: unknown): string {
  return (
    textAt(data, 'question') ??
    textAt(data, 'message') ??
    textAt(data, 'permissionRequest', 'kind') ??
    'an answer'
  );
}

function ofCall(data: unknown): readonly AgentEvent[] {
  const id = textAt(data, 'toolCallId');
  const name = textAt(data, 'toolName');
  const args = at(data, 'arguments');
  if (id === null) return [];
  const asked = askedOf(name, args);
  return [
    // `initial_wait` says when the model looks, not when the command ends.
    toolStarted(id, name, args),
    ...(asked === null ? [] : [{ kind: 'waiting', for: asked } as const]),
  ];
}

/** It repeats most of them by itself; a `session.error` follows when it gives up. */
function ofCallFailure(data: unknown, now: Millis): readonly AgentEvent[] {
  const details = textAt(data, 'errorMessage') ?? 'a request failed';
  const message = textAt(jsonAtEnd(details), 'message') ?? details;
  const status = numberAt(data, 'statusCode');
  const repeats = { afterMs: null };
  return eventsOfFailure({ message, status, source: 'stream', now, repeats, details });
}

function ofError(data: unknown, now: Millis): readonly AgentEvent[] {
  const type = textAt(data, 'errorType') ?? '';
  return eventsOfFailure({
    message: textAt(data, 'message') ?? type,
    status: numberAt(data, 'statusCode') ?? STATUS_OF_TYPE[type] ?? null,
    source: 'stream',
    now,
    repeats: null,
  });
}

const STATUS_OF_TYPE: Readonly<Record<string, number>> = {
  authentication: 401,
  authorization: 403,
  quota: 402,
  rate_limit: 429,
};

function usageOf(data: unknown): readonly AgentEvent[] {
  const inputTokens = amountAt(data, 'inputTokens');
  const outputTokens = amountAt(data, 'outputTokens');
  return [{ kind: 'usage', of: 'step', usage: { inputTokens, outputTokens, costUsd: null } }];
}

function ofResult(event: Fields): readonly AgentEvent[] {
  const exitCode = numberAt(event, 'exitCode');
  const text = exitCode === 0 ? '' : `exit code ${exitCode ?? 'unknown'}`;
  return [...sessionOf(textAt(event, 'sessionId')), { kind: 'result', ok: exitCode === 0, text }];
}
