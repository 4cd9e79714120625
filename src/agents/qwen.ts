// Owns Qwen Code: https://qwenlm.github.io/qwen-code-docs/en/users/features/headless
import type { AgentEvent } from '../core/agent-event.ts';
import type { Agent, Line } from './agent.ts';
import { HEADLESS_ENV, literal, option, unlessSet } from './arguments.ts';
import { qwenHooks } from './claude-hooks.ts';
import { type Dialect, readClaudeStream } from './claude-stream.ts';
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
      env: HEADLESS_ENV,
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

function means(text: string, line: Line): readonly AgentEvent[] | undefined {
  return /^(?:no saved session found|session \S+ (?:not found|already exists))/i.test(text)
    ? failureOf(text, line)
    : undefined;
}
