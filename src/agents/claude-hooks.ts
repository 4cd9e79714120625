// Owns the hooks of Claude Code (https://code.claude.com/docs/en/hooks), whose contract Codex and Qwen Code share.
import type { Place } from './agent.ts';
import { type HookCall, type Hooks, withHooks } from './hook.ts';
import { at, kindAt, textAt } from './json.ts';
import { timeoutOf, toolDetail } from './tool-detail.ts';

interface HookDialect {
  readonly settingsFile: (place: Place) => string;
  /** for how long the program waits for a hook, in the unit that it takes */
  readonly timeout: number;
  /** whether it tells of a tool that failed under another name */
  readonly tellsFailures: boolean;
  /** of which `timeout` in the arguments is kept, in milliseconds; null: of none */
  readonly shellTool: string | null;
  readonly remark: string | null;
}

function hooksOf(dialect: HookDialect): Hooks {
  const { settingsFile, timeout, tellsFailures, remark } = dialect;
  return {
    read: (input) => readCall(input, dialect),
    refuse: (because) =>
      JSON.stringify({
        hookSpecificOutput: {
          hookEventName: 'PreToolUse',
          permissionDecision: 'deny',
          permissionDecisionReason: because,
        },
      }),
    settingsFile,
    install(settings, command) {
      const hooks = [{ type: 'command', command, timeout }];
      const ofTools = { matcher: '*', hooks };
      return withHooks(settings, {
        PreToolUse: ofTools,
        PostToolUse: ofTools,
        ...(tellsFailures ? { PostToolUseFailure: ofTools } : {}),
        Stop: { hooks },
      });
    },
    remark,
  };
}

const EVENTS: ReadonlyMap<string, HookCall['event']> = new Map([
  ['PreToolUse', 'before-tool'],
  ['PostToolUse', 'after-tool'],
  ['PostToolUseFailure', 'after-tool'],
  ['Stop', 'turn-ended'],
]);

function readCall(input: unknown, { shellTool }: HookDialect): HookCall | null {
  const event = EVENTS.get(kindAt(input, 'hook_event_name'));
  if (event === undefined) return null;
  const name = textAt(input, 'tool_name') ?? 'a tool';
  const args = at(input, 'tool_input');
  return {
    event,
    session: textAt(input, 'session_id') ?? '',
    id: textAt(input, 'tool_use_id') ?? JSON.stringify([name, args]),
    name,
    detail: toolDetail(args),
    timeoutMs: name === shellTool ? timeoutOf(args, 1) : null,
  };
}

export const claudeHooks: Hooks = hooksOf({
  settingsFile: ({ home, env }) => `${env['CLAUDE_CONFIG_DIR'] ?? `${home}/.claude`}/settings.json`,
  timeout: 10,
  tellsFailures: true,
  shellTool: 'Bash',
  remark: null,
});

export const codexHooks: Hooks = hooksOf({
  settingsFile: ({ home, env }) => `${env['CODEX_HOME'] ?? `${home}/.codex`}/hooks.json`,
  timeout: 10,
  tellsFailures: false,
  shellTool: null,
  remark:
    'Codex has a person trust new hooks; unattended it needs args: [--dangerously-bypass-hook-trust]',
});

export const qwenHooks: Hooks = hooksOf({
  settingsFile: ({ home, env }) => `${env['QWEN_HOME'] ?? `${home}/.qwen`}/settings.json`,
  // Milliseconds. A version that takes it for seconds waits for longer than a hook ever takes.
  timeout: 10_000,
  tellsFailures: true,
  shellTool: 'run_shell_command',
  remark: null,
});
