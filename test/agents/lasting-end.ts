// Owns what keeps real agent programs there after their result: something of their user's that they wait for at their end.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Place } from '../real-agents/real-agent.ts';

/**
 * For each program that can be kept so, the file below its home that does it, and what is in it. Codex, OpenCode, Qwen Code and
 * Copilot CLI are not among them: they wait for nobody after their result, not even for an MCP server that does not leave.
 */
const ENDS: Readonly<Record<string, { readonly path: string; content(command: string): string }>> =
  {
    claude: { path: '.claude/settings.json', content: (command) => sessionEnd(command, 300) },
    'claude-newer': {
      path: '.claude/settings.json',
      content: (command) => sessionEnd(command, 300),
    },
    gemini: { path: '.gemini/settings.json', content: (command) => sessionEnd(command, 300_000) },
    pi: {
      path: '.pi/agent/extensions/lasting.ts',
      content: (command) => `import { exec } from 'node:child_process';
export default function (pi) {
  pi.on('session_shutdown', () => new Promise((resolve) => exec(${JSON.stringify(command)}, resolve)));
}
`,
    },
  };

/** @param timeout in the unit of its program */
function sessionEnd(command: string, timeout: number): string {
  const hooks = [{ type: 'command', command, timeout }];
  return JSON.stringify({ hooks: { SessionEnd: [{ hooks }] } });
}

export function canLast(agent: string): boolean {
  return agent in ENDS;
}

/** From now on `agent` waits for the end of `command` after its result. */
export function lastWith(command: string, agent: string, { home }: Place): void {
  const { path, content } = ENDS[agent]!;
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  const text = content(command);
  writeFileSync(file, path.endsWith('.json') ? withSettings(file, text) : text);
}

function withSettings(file: string, text: string): string {
  try {
    const before = JSON.parse(readFileSync(file, 'utf8')) as object;
    return JSON.stringify({ ...before, ...(JSON.parse(text) as object) });
  } catch {
    return text;
  }
}
