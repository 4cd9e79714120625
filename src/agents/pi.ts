// Owns pi: https://github.com/badlogic/pi-mono/tree/main/packages/coding-agent
import type { AgentEvent } from '../core/agent-event.ts';
import type { Millis } from '../core/dispatch.ts';
import type { Agent, Line } from './agent.ts';
import { HEADLESS_ENV, literal, option } from './arguments.ts';
import { CLIENT_LOG_ENV, ofClientLog } from './client-log.ts';
import { type Failure, eventsOfFailure } from './failure.ts';
import { type Fields, amountAt, at, fields, kindAt, listAt, textAt } from './json.ts';
import { judge } from './judge.ts';
import { failureOf, readLine } from './line.ts';
import { sessionOf } from './session.ts';
import { timeoutOf, toolStarted } from './tool-detail.ts';

export const pi: Agent = {
  id: 'pi',
  title: 'pi',
  program: 'pi',
  versionArgs: ['--version'],
  npmPackage: '@mariozechner/pi-coding-agent',
  envNames: ['PI_CODING_AGENT_DIR', 'PI_CODING_AGENT_SESSION_DIR'],
  json: true,

  plan({ prompt, model, args, resume }) {
    return {
      argv: [
        'pi',
        '--mode',
        'json',
        ...option('--model', model),
        ...option('--session', resume),
        ...args,
        // It knows no `--`: a prompt that looks like an option or a file must not begin as one.
        '-p',
        /^[-@]/.test(prompt) ? ` ${prompt}` : prompt,
      ],
      env: { ...HEADLESS_ENV, ...CLIENT_LOG_ENV },
    };
  },

  read: (line) => readLine(line, means, ofEvent),

  judge,

  session: {
    preset: false,
    files: ({ home, env }, id) => {
      if (id === null) return [];
      const own = env['PI_CODING_AGENT_SESSION_DIR'];
      const root = literal(env['PI_CODING_AGENT_DIR'] ?? `${home}/.pi/agent`);
      const file = `*_${literal(id)}.jsonl`;
      return own === undefined ? [`${root}/sessions/*/${file}`] : [`${literal(own)}/${file}`];
    },
  },

  // SIGINT leaves its tool.
  stop: { signal: 'SIGTERM', target: 'pid' },
  silence: { ownStallMs: null },
};

const QUIET = new Set([
  'agent_start',
  'turn_start',
  'message_start',
  'message_update',
  'tool_execution_update',
  'queue_update',
  'compaction_start',
  'compaction_end',
  'extension_error',
  'thinking_level_changed',
  'session_info_changed',
  'agent_settled',
]);

function ofEvent(event: Fields, now: Millis): readonly AgentEvent[] | null {
  const type = kindAt(event, 'type');
  switch (type) {
    case 'session':
      return sessionOf(textAt(event, 'id'));
    case 'message_end':
      return ofMessage(at(event, 'message'), now);
    case 'tool_execution_start':
    case 'tool_execution_end':
      return ofTool(event, type);
    case 'turn_end':
      return ofTurn(at(event, 'message'));
    case 'agent_end':
      return ofEnd(event, now);
    case 'auto_retry_start':
      return failed(event, 'errorMessage', now, { afterMs: amountAt(event, 'delayMs') });
    case 'auto_retry_end':
      return ofRetried(event, now);
    default:
      return QUIET.has(type) ? [] : null;
  }
}

function ofMessage(message: unknown, now: Millis): readonly AgentEvent[] {
  if (textAt(message, 'role') !== 'assistant') return [];
  const usage = usageOf(at(message, 'usage'));
  if (hasFailed(message)) return [...usage, ...failed(message, 'errorMessage', now, null)];
  const text = listAt(message, 'content').flatMap((block) => textAt(block, 'text') ?? []);
  return [{ kind: 'answered', text: text.join(' ') }, ...usage];
}

function hasFailed(message: unknown): boolean {
  return ['error', 'aborted'].includes(textAt(message, 'stopReason') ?? '');
}

function failed(
  value: unknown,
  name: string,
  now: Millis,
  repeats: Failure['repeats'],
): readonly AgentEvent[] {
  const message = textAt(value, name) ?? 'a request failed';
  return eventsOfFailure({ message, status: null, source: 'stream', now, repeats });
}

function ofTool(event: Fields, type: string): readonly AgentEvent[] {
  const id = textAt(event, 'toolCallId');
  if (id === null) return [];
  if (type === 'tool_execution_end') return [{ kind: 'tool-finished', id }];
  const name = textAt(event, 'toolName');
  const args = at(event, 'args');
  // Seconds.
  return [toolStarted(id, name, args, name === 'bash' ? timeoutOf(args, 1_000) : null)];
}

/**
 * The last turn is the one that calls no tool. `agent_end` follows, and holds all messages of the run: of so long a line
 * the end, and so the last message, may be missing. Its exit code is 0 after every failure of a request, too.
 */
function ofTurn(message: unknown): readonly AgentEvent[] {
  const reason = textAt(message, 'stopReason');
  if (reason === null || reason === 'toolUse') return [];
  if (reason === 'stop') return [{ kind: 'result', ok: true, text: '' }];
  const text = textAt(message, 'errorMessage') ?? `its last answer ended with "${reason}"`;
  return [{ kind: 'result', ok: false, text }];
}

/** A run that failed outside of its turns has no other event. */
function ofEnd(event: Fields, now: Millis): readonly AgentEvent[] {
  const last = listAt(event, 'messages').findLast(
    (message) => textAt(message, 'role') === 'assistant',
  );
  if (!hasFailed(last) || at(event, 'willRetry') === true) return [];
  return [...failed(last, 'errorMessage', now, null), ...ofTurn(last)];
}

function ofRetried(event: Fields, now: Millis): readonly AgentEvent[] {
  if (at(event, 'success') === true) return [];
  const text = textAt(event, 'finalError') ?? 'its retries failed';
  return [...failed(event, 'finalError', now, null), { kind: 'result', ok: false, text }];
}

function usageOf(usage: unknown): readonly AgentEvent[] {
  if (fields(usage) === null) return [];
  const input = ['input', 'cacheRead', 'cacheWrite'].map((name) => amountAt(usage, name) ?? 0);
  return [
    {
      kind: 'usage',
      of: 'step',
      usage: {
        inputTokens: input.reduce((sum, amount) => sum + amount, 0),
        outputTokens: amountAt(usage, 'output'),
        costUsd: amountAt(usage, 'cost', 'total'),
      },
    },
  ];
}

function means(text: string, line: Line): readonly AgentEvent[] | undefined {
  if (/^no session found matching\b/i.test(text)) return failureOf(text, line);
  return ofClientLog(text, line, { onGivingUp: false });
}
