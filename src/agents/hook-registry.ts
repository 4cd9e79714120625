// Owns the list of programs whose hooks we know. Apart from their adapters, of which an answer to a hook needs nothing: a
// program waits for it at each of its tools.
import { claudeHooks, codexHooks, qwenHooks } from './claude-hooks.ts';
import { copilotHooks } from './copilot-hooks.ts';
import { geminiHooks } from './gemini-hooks.ts';
import type { Hooks } from './hook.ts';

export const knownHooks: ReadonlyMap<string, Hooks> = new Map([
  ['claude', claudeHooks],
  ['codex', codexHooks],
  ['qwen', qwenHooks],
  ['gemini', geminiHooks],
  ['copilot', copilotHooks],
]);
