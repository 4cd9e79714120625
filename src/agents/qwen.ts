// Owns Qwen Code: https://qwenlm.github.io/qwen-code-docs/en/users/features/headless
import type { AgentEvent } from '../core/agent-event.ts';
import type { Agent, Line } from './agent.ts';
import { HEADLESS_ENV, literal, option, unlessSet } from './arguments.ts';
import { qwenHooks } from './claude-hooks.ts';
import { type Dialect, readClaudeStream } from './claude-stream.ts';
import { CLIENT_LOG_ENV, ofClientLog } from './client-log.ts';
import { amountAt, at, fields } from './json.ts';
import { judge } from './judge.ts';
import { failureOf, readLine } from './line.ts';

export const qwen: Agent = {
  id: 'qwen',
  title: 'Qwen Code',
  program: 'qwen',
  versionArgs: ['--version'],
  npmPackage: '@qwen-code/qwen-code',
  envNames: ['QWEN_HOME', 'QWEN_RUNTIME_DIR'],
  json: true,

  plan({ prompt, model, args, resume, newSessionId }) {
    return {
      argv: [
        'qwen',
        '--output-format',
        'stream-json',
        ...unlessSet(args, ['--approval-mode', '--yolo', '-y'], '--yolo'),
        ...option('--model', model),
        ...(resume === null ? ['--session-id', newSessionId] : ['--resume', resume]),
        ...args,
        // One word, so that a prompt may begin with a dash.
        `--prompt=${prompt}`,
      ],
      env: { ...HEADLESS_ENV, ...CLIENT_LOG_ENV },
    };
  },

  read: (line) => readLine(line, means, (event, now) => readClaudeStream(event, now, DIALECT)),

  judge,

  session: {
    preset: true,
    files: ({ home, env }, id) => {
      if (id === null) return [];
      const root = env['QWEN_RUNTIME_DIR'] ?? env['QWEN_HOME'] ?? `${home}/.qwen`;
      return [`${literal(root)}/projects/*/chats/${literal(id)}.jsonl`];
    },
  },

  // Its launcher would die of it and leave the program running.
  stop: { signal: 'SIGTERM', target: 'group' },
  silence: { ownStallMs: 241_000 },

  hooks: qwenHooks,
};

const DIALECT: Dialect = {
  shellTool: 'run_shell_command',
  // Version 0.15 begins or ends its answer so where a request has failed, and calls the run a success.
  failureIn: (text) => /^\[API Error: .*|\[API Error: .*\]\s*$/s.exec(text)?.[0] ?? null,
  usageOf: (result) => {
    const usage = fields(at(result, 'usage'));
    if (usage === null) return null;
    return {
      inputTokens: amountAt(usage, 'input_tokens'),
      outputTokens: amountAt(usage, 'output_tokens'),
      costUsd: null,
    };
  },
};

const REFUSALS = /^(?:no saved session found|session \S+ (?:not found|already exists))/i;

/** `Retrying in 60s (attempt 1/10): [API Error: 429 The usage limit has been reached]`, since version 0.24. */
const RETRYING = /^Retrying in (\d+)s \(attempt \d+\/\d+\)(?:: (?:\[API Error: )?(.+?)\]?)?$/;

function means(text: string, line: Line): readonly AgentEvent[] | undefined {
  if (REFUSALS.test(text)) return failureOf(text, line);
  const [, seconds, why] = RETRYING.exec(text) ?? [];
  if (seconds !== undefined) {
    return failureOf(why ?? text, line, { afterMs: Number(seconds) * 1_000 });
  }
  // It goes on to repeat by itself what the library has given up, and tells nobody.
  return ofClientLog(text, line, { onGivingUp: true });
}
