// Owns the hooks of the Copilot CLI: https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-hooks-reference
import type { Place } from './agent.ts';
import { type HookCall, type Hooks, withHooks } from './hook.ts';
import { at, fields, jsonAtEnd, textAt } from './json.ts';
import { toolDetail } from './tool-detail.ts';

const TIMEOUT_S = 10;

export const copilotHooks: Hooks = {
  read: readCall,
  refuse: (because) =>
    JSON.stringify({ permissionDecision: 'deny', permissionDecisionReason: because }),
  settingsFile: ({ home, env }: Place) =>
    `${env['COPILOT_HOME'] ?? `${home}/.copilot`}/hooks/drover.json`,
  install(settings, command) {
    const entry = { type: 'command', bash: command, timeoutSec: TIMEOUT_S };
    const ours = { preToolUse: entry, postToolUse: entry, agentStop: entry };
    return withHooks({ version: 1, ...settings }, ours);
  },
  remark: null,
};

/** It names no event: each is told by what it has. It gives a call no id. */
function readCall(input: unknown): HookCall | null {
  const call = fields(input);
  if (call === null) return null;
  const session = textAt(call, 'sessionId') ?? '';
  const name = textAt(call, 'toolName');
  if (name === null) {
    if (textAt(call, 'stopReason') === null) return null;
    return { event: 'turn-ended', session, id: '', name: '', detail: '', timeoutMs: null };
  }
  const args = at(call, 'toolArgs');
  // A text of JSON, and of late the value itself.
  const read = typeof args === 'string' ? (jsonAtEnd(args) ?? args) : args;
  return {
    event: at(call, 'toolResult') === undefined ? 'before-tool' : 'after-tool',
    session,
    id: JSON.stringify([name, read]),
    name,
    detail: toolDetail(typeof read === 'string' ? { command: read } : read),
    timeoutMs: null,
  };
}
