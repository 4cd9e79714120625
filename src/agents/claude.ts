// Owns Claude Code: https://code.claude.com/docs/en/headless
import type { AgentEvent, TokenUsage } from '../core/agent-event.ts';
import type { Agent, Line } from './agent.ts';
import { HEADLESS_ENV, literal, option, unlessSet } from './arguments.ts';
import { claudeHooks } from './claude-hooks.ts';
import { type Dialect, readClaudeStream } from './claude-stream.ts';
import { type Fields, amountAt, at, fields } from './json.ts';
import { judge } from './judge.ts';
import { failureOf, readLine } from './line.ts';

export const claude: Agent = {
  id: 'claude',
  title: 'Claude Code',
  program: 'claude',
  versionArgs: ['--version'],
  npmPackage: '@anthropic-ai/claude-code',
  envNames: ['CLAUDE_CONFIG_DIR'],
  json: true,

  plan({ prompt, model, args, resume, newSessionId }) {
    return {
      argv: [
        'claude',
        '-p',
        '--output-format',
        'stream-json',
        '--verbose',
        ...unlessSet(args, ['--permission-mode'], '--dangerously-skip-permissions'),
        ...option('--model', model),
        ...(resume === null ? ['--session-id', newSessionId] : ['--resume', resume]),
        ...args,
        // Several options take as many words as follow.
        '--',
        prompt,
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
      const projects = `${literal(env['CLAUDE_CONFIG_DIR'] ?? `${home}/.claude`)}/projects/*`;
      // Agents of an agent have files of their own.
      return [`${projects}/${literal(id)}.jsonl`, `${projects}/${literal(id)}/**`];
    },
  },

  // Some seconds into a tool, SIGTERM ends that alone: the model is told "Exit code 137" and goes on, up to a `success`.
  stop: { signal: 'SIGINT', target: 'pid' },
  silence: { ownStallMs: 300_000 },

  hooks: claudeHooks,
};

const DIALECT: Dialect = { shellTool: 'Bash', usageOf, failureIn: () => null };

/** Of all models, those of its own agents too; the plain `usage` knows the last turn only. */
function usageOf(result: Fields): TokenUsage | null {
  const models = Object.values(fields(at(result, 'modelUsage')) ?? {});
  const costUsd = amountAt(result, 'total_cost_usd');
  if (models.length > 0) {
    return {
      inputTokens: sumOf(models, 'inputTokens', 'cacheReadInputTokens', 'cacheCreationInputTokens'),
      outputTokens: sumOf(models, 'outputTokens'),
      costUsd,
    };
  }
  const usage = fields(at(result, 'usage'));
  if (usage === null) return null;
  const cached = ['cache_read_input_tokens', 'cache_creation_input_tokens'];
  return {
    inputTokens: sumOf([usage], 'input_tokens', ...cached),
    outputTokens: sumOf([usage], 'output_tokens'),
    costUsd,
  };
}

function sumOf(parts: readonly unknown[], ...names: readonly string[]): number {
  return parts.reduce<number>(
    (total, part) => names.reduce((sum, name) => sum + (amountAt(part, name) ?? 0), total),
    0,
  );
}

/** What it says on stderr without calling it an error. */
const REFUSALS =
  /^(?:no conversation found with session id|session id \S+ is already in use|--dangerously-skip-permissions cannot be used)/i;

function means(text: string, line: Line): readonly AgentEvent[] | undefined {
  return REFUSALS.test(text) ? failureOf(text, line) : undefined;
}
