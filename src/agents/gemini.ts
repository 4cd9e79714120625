// Owns Gemini CLI: https://geminicli.com/docs/cli/headless
import type { AgentEvent } from '../core/agent-event.ts';
import type { Millis } from '../core/dispatch.ts';
import type { Agent, Line } from './agent.ts';
import { HEADLESS_ENV, literal, option, unlessSet } from './arguments.ts';
import { eventsOfFailure } from './failure.ts';
import { geminiHooks } from './gemini-hooks.ts';
import { type Fields, amountAt, at, fields, kindAt, textAt } from './json.ts';
import { judge } from './judge.ts';
import { failureOf, readLine } from './line.ts';
import { sessionOf } from './session.ts';
import { askedOf, toolStarted } from './tool-detail.ts';

export const gemini: Agent = {
  id: 'gemini',
  title: 'Gemini CLI',
  program: 'gemini',
  versionArgs: ['--version'],
  npmPackage: '@google/gemini-cli',
  envNames: ['GEMINI_CLI_HOME', 'GEMINI_MODEL'],
  json: true,

  plan({ prompt, model, args, resume, newSessionId }) {
    return {
      argv: [
        'gemini',
        '--output-format',
        'stream-json',
        '--skip-trust',
        ...unlessSet(args, ['--approval-mode', '--yolo', '-y'], '--yolo'),
        ...option('--model', model),
        ...(resume === null ? ['--session-id', newSessionId] : ['--resume', resume]),
        ...args,
        // One word, so that a prompt may begin with a dash.
        `--prompt=${prompt}`,
      ],
      env: HEADLESS_ENV,
    };
  },

  read: (line) => readLine(line, means, ofEvent),

  judge,

  session: {
    preset: true,
    // It takes a prompt that was refused out of its history, and then knows no session.
    needsAnswer: true,
    files: ({ home, env }, id) => {
      const root = literal(env['GEMINI_CLI_HOME'] ?? home);
      const short = literal(id?.slice(0, 8) ?? '');
      return short === '' ? [] : [`${root}/.gemini/tmp/*/chats/session-*-${short}.jsonl`];
    },
  },

  // Its launcher swallows the signal.
  stop: { signal: 'SIGTERM', target: 'group' },
  silence: { ownStallMs: 302_000 },
  hooks: geminiHooks,
};

function ofEvent(event: Fields, now: Millis): readonly AgentEvent[] | null {
  switch (kindAt(event, 'type')) {
    case 'init':
      return sessionOf(textAt(event, 'session_id'));
    case 'message':
      return textAt(event, 'role') === 'assistant'
        ? [{ kind: 'answered', text: textAt(event, 'content') ?? '' }]
        : [];
    case 'tool_use':
      return ofCall(event);
    case 'tool_result': {
      const id = textAt(event, 'tool_id');
      return id === null ? [] : [{ kind: 'tool-finished', id }];
    }
    case 'error':
      return ofError(event, now);
    case 'result':
      return ofResult(event, now);
    default:
      return null;
  }
}

function ofCall(event: Fields): readonly AgentEvent[] {
  const id = textAt(event, 'tool_id');
  const name = textAt(event, 'tool_name');
  const parameters = at(event, 'parameters');
  const asked = askedOf(name, parameters);
  return [
    { kind: 'answered', text: '' },
    ...(id === null ? [] : [toolStarted(id, name, parameters)]),
    ...(asked === null ? [] : [{ kind: 'waiting', for: asked } as const]),
  ];
}

/** Warnings are told too, but only what is known to stop it counts. */
function ofError(event: Fields, now: Millis): readonly AgentEvent[] {
  const events = failed(textAt(event, 'message') ?? 'an error', null, now);
  if (textAt(event, 'severity') !== 'warning') return events;
  return events.filter((said) => said.kind === 'limit' || (said.kind === 'error' && said.class));
}

function ofResult(event: Fields, now: Millis): readonly AgentEvent[] {
  const ok = textAt(event, 'status') === 'success';
  const message = textAt(event, 'error', 'message');
  return [
    ...usageOf(at(event, 'stats')),
    ...(ok || message === null ? [] : failed(message, statusOf(event), now)),
    { kind: 'result', ok, text: message ?? '' },
  ];
}

/** The exit code is the HTTP status modulo 256 and tells nothing; the name of the error does. */
function statusOf(event: Fields): number | null {
  const type = textAt(event, 'error', 'type') ?? '';
  if (/quota/i.test(type)) return 429;
  return /authentication|unauthori[sz]ed/i.test(type) ? 401 : null;
}

function failed(message: string, status: number | null, now: Millis): readonly AgentEvent[] {
  return eventsOfFailure({ message, status, source: 'stream', now, repeats: null });
}

function usageOf(stats: unknown): readonly AgentEvent[] {
  if (fields(stats) === null) return [];
  const inputTokens = amountAt(stats, 'input_tokens');
  const outputTokens = amountAt(stats, 'output_tokens');
  return [{ kind: 'usage', of: 'total', usage: { inputTokens, outputTokens, costUsd: null } }];
}

/** Of an error that it prints as Node shows one, its result says the message. */
const DUMPED = /^(?:cause|code|details|message|reason|retryDelayMs|status): /;

const NOISE =
  /^(?:YOLO mode is enabled|Warning: |Ripgrep is not available|Loaded cached credentials|\[STARTUP\]|Error when talking to Gemini API|Data collection|Hook registry|Skill |Server '|Both GOOGLE_API_KEY)/i;

function means(text: string, line: Line): readonly AgentEvent[] | undefined {
  if (/^Attempt \d+ failed\b/.test(text)) return ofAttempt(text, line);
  // The second line of such a message, which it writes for limits only.
  if (/^Suggested retry after \S/.test(text)) return ofAttempt(`429: ${text}`, line);
  if (/^Waiting for auth|authentication page in your browser/i.test(text)) {
    return [{ kind: 'waiting', for: text }];
  }
  return NOISE.test(text) || DUMPED.test(text) ? [] : undefined;
}

/** `Attempt 2 failed: why. Retrying after 5123ms...`, `Attempt 2 failed with status 503. Retrying with backoff... why`. */
function ofAttempt(text: string, line: Line): readonly AgentEvent[] {
  const message = text
    .replace(/^Attempt \d+ failed(?: with|:)?\W*/, '')
    .replace(/\W*(?:Retrying (?:with backoff|after \d+ms)|Max attempts reached)\W*/, ' ')
    .trim();
  const afterMs = /\bRetrying after (\d+)ms/.exec(text)?.[1];
  const over = text.includes('Max attempts reached');
  const repeats = over ? null : { afterMs: afterMs === undefined ? null : Number(afterMs) };
  return failureOf(message === '' ? 'a request failed' : message, line, repeats);
}
