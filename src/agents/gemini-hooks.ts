// Owns the hooks of the Gemini CLI: https://geminicli.com/docs/hooks/reference
import type { Place } from './agent.ts';
import { type HookCall, type Hooks, withHooks } from './hook.ts';
import { at, kindAt, textAt } from './json.ts';
import { toolDetail } from './tool-detail.ts';

/** It takes milliseconds. */
const TIMEOUT_MS = 10_000;

export const geminiHooks: Hooks = {
  read: readCall,
  refuse: (because) => JSON.stringify({ decision: 'deny', reason: because }),
  settingsFile: ({ home, env }: Place) => `${env['GEMINI_CLI_HOME'] ?? home}/.gemini/settings.json`,
  install(settings, command) {
    const hooks = [{ type: 'command', name: 'drover', command, timeout: TIMEOUT_MS }];
    const ofTools = { matcher: '.*', hooks };
    return withHooks(settings, { BeforeTool: ofTools, AfterTool: ofTools, AfterAgent: { hooks } });
  },
  remark: null,
};

const EVENTS: ReadonlyMap<string, HookCall['event']> = new Map([
  ['BeforeTool', 'before-tool'],
  ['AfterTool', 'after-tool'],
  ['AfterAgent', 'turn-ended'],
]);

/** It gives a call no id: two calls of the same tool with the same arguments at the same time are one to us. */
function readCall(input: unknown): HookCall | null {
  const event = EVENTS.get(kindAt(input, 'hook_event_name'));
  if (event === undefined) return null;
  const name = textAt(input, 'tool_name') ?? 'a tool';
  const args = at(input, 'tool_input');
  return {
    event,
    session: textAt(input, 'session_id') ?? '',
    id: JSON.stringify([name, args]),
    name,
    detail: toolDetail(args),
    timeoutMs: null,
  };
}
