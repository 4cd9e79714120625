// Owns the list of the agent programs that are known without a module of the user. `command` is none of them: it says
// nothing that could be read.
import type { Agent } from './agent.ts';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { copilot } from './copilot.ts';
import { gemini } from './gemini.ts';
import { opencode } from './opencode.ts';
import { pi } from './pi.ts';
import { qwen } from './qwen.ts';

export const builtInAgents: ReadonlyMap<string, Agent> = new Map(
  [claude, codex, opencode, gemini, qwen, pi, copilot].map((agent) => [agent.id, agent]),
);
