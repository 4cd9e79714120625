// What each program tells its hooks, how it is refused a tool, and what is put into its settings.
import { describe, expect, test } from 'vitest';
import { type HookCall, hookCommand } from '../../../src/agents/hook.ts';
import { builtInAgents } from '../../../src/agents/registry.ts';

const hooksOf = (agent: string) => builtInAgents.get(agent)!.hooks!;

const CALL: HookCall = {
  event: 'before-tool',
  session: 's1',
  id: 'toolu_1',
  name: 'Bash',
  detail: 'npm test',
  timeoutMs: null,
};
const BASH = { tool_name: 'Bash', tool_input: { command: 'npm test' } };
const SHELL = {
  tool_name: 'run_shell_command',
  tool_input: { command: 'npm test', timeout: 90_000 },
};
const of = (hook_event_name: string, more: object = {}) => ({
  session_id: 's1',
  transcript_path: '/home/u/t.jsonl',
  cwd: '/work',
  hook_event_name,
  ...more,
});
const shellCall = { ...CALL, name: 'run_shell_command' };
const asId = (name: string, args: object) => JSON.stringify([name, args]);

const READ: readonly (readonly [string, string, unknown, Partial<HookCall> | null])[] = [
  ['claude', 'before', of('PreToolUse', { ...BASH, tool_use_id: 'toolu_1' }), CALL],
  [
    'claude',
    'its own time-out',
    of('PreToolUse', {
      ...BASH,
      tool_use_id: 'toolu_1',
      tool_input: { command: 'npm test', timeout: 600_000 },
    }),
    { ...CALL, timeoutMs: 600_000 },
  ],
  [
    'claude',
    'after',
    of('PostToolUse', { ...BASH, tool_use_id: 'toolu_1', tool_response: 'ok' }),
    { ...CALL, event: 'after-tool' },
  ],
  [
    'claude',
    'a failure',
    of('PostToolUseFailure', { ...BASH, tool_use_id: 'toolu_1', error: 'no' }),
    { ...CALL, event: 'after-tool' },
  ],
  ['claude', 'the end of a turn', of('Stop'), { event: 'turn-ended', session: 's1' }],
  ['claude', 'something else', of('Notification', { message: 'hello' }), null],
  ['claude', 'no object', 7, null],
  ['claude', 'a name that every object has', of('constructor'), null],
  ['gemini', 'a name that every object has', of('constructor'), null],
  [
    'claude',
    'a time-out of more than a day',
    of('PreToolUse', {
      ...BASH,
      tool_use_id: 'toolu_1',
      tool_input: { command: 'npm test', timeout: 100 * 24 * 3_600_000 },
    }),
    CALL,
  ],
  ['codex', 'before', of('PreToolUse', { ...BASH, tool_use_id: 'toolu_1' }), CALL],
  ['codex', 'after', of('PostToolUse', { ...BASH, tool_use_id: 'toolu_1' }), { id: 'toolu_1' }],
  [
    'qwen',
    'before',
    of('PreToolUse', { ...SHELL, tool_use_id: 'toolu_1' }),
    { ...shellCall, timeoutMs: 90_000 },
  ],
  [
    'gemini',
    'before',
    of('BeforeTool', SHELL),
    { ...shellCall, id: asId('run_shell_command', SHELL.tool_input) },
  ],
  [
    'gemini',
    'after',
    of('AfterTool', { ...SHELL, tool_response: { llmContent: 'ok' } }),
    { event: 'after-tool', id: asId('run_shell_command', SHELL.tool_input) },
  ],
  ['gemini', 'the end of a turn', of('AfterAgent'), { event: 'turn-ended', session: 's1' }],
  [
    'copilot',
    'before',
    {
      sessionId: 's1',
      timestamp: 1,
      cwd: '/',
      toolName: 'Bash',
      toolArgs: '{"command":"npm test"}',
    },
    { ...CALL, id: asId('Bash', { command: 'npm test' }) },
  ],
  [
    'copilot',
    'after',
    {
      sessionId: 's1',
      toolName: 'Bash',
      toolArgs: { command: 'npm test' },
      toolResult: { resultType: 'success' },
    },
    { event: 'after-tool', id: asId('Bash', { command: 'npm test' }) },
  ],
  [
    'copilot',
    'the end of a turn',
    { sessionId: 's1', stopReason: 'end_turn' },
    { event: 'turn-ended', session: 's1' },
  ],
];

const meant = READ.flatMap(([agent, what, input, call]) =>
  call === null ? [] : [[agent, what, input, call] as const],
);
test.each(meant)('%s: %s', (agent, _what, input, call) => {
  expect(hooksOf(agent).read(input)).toMatchObject(call);
});

test.each(READ.filter(([, , , call]) => call === null))('%s: %s', (agent, _what, input) => {
  expect(hooksOf(agent).read(input)).toBeNull();
});

const CLAUDE_REFUSAL = {
  hookSpecificOutput: {
    hookEventName: 'PreToolUse',
    permissionDecision: 'deny',
    permissionDecisionReason: 'why',
  },
};
test.each([
  ['claude', CLAUDE_REFUSAL],
  ['codex', CLAUDE_REFUSAL],
  ['qwen', CLAUDE_REFUSAL],
  ['gemini', { decision: 'deny', reason: 'why' }],
  ['copilot', { permissionDecision: 'deny', permissionDecisionReason: 'why' }],
])('%s is refused a tool in its own words', (agent, answer) => {
  expect(JSON.parse(hooksOf(agent).refuse('why'))).toEqual(answer);
});

const HOME = { home: '/home/u', cwd: '/work', env: {} };
test.each([
  ['claude', 'CLAUDE_CONFIG_DIR', '/home/u/.claude/settings.json', '/x/settings.json'],
  ['codex', 'CODEX_HOME', '/home/u/.codex/hooks.json', '/x/hooks.json'],
  ['qwen', 'QWEN_HOME', '/home/u/.qwen/settings.json', '/x/settings.json'],
  ['gemini', 'GEMINI_CLI_HOME', '/home/u/.gemini/settings.json', '/x/.gemini/settings.json'],
  ['copilot', 'COPILOT_HOME', '/home/u/.copilot/hooks/drover.json', '/x/hooks/drover.json'],
])('%s has them in its settings', (agent, variable, usual, elsewhere) => {
  const { settingsFile } = hooksOf(agent);
  expect(settingsFile(HOME)).toBe(usual);
  expect(settingsFile({ ...HOME, env: { [variable]: '/x' } })).toBe(elsewhere);
});

const HOOKED = [...builtInAgents.values()].filter(({ hooks }) => hooks !== undefined);
const FORMER = "/usr/bin/node '/old place/main.js'";

describe.each(HOOKED.map(({ id, hooks }) => [id, hooks!] as const))(
  'settings of %s',
  (id, hooks) => {
    const command = hookCommand('drover', id);
    const fresh = hooks.install({}, command);

    test('name our command for the tools and for the end of a turn', () => {
      const events = Object.values((fresh as { hooks: Record<string, unknown[]> }).hooks);
      expect(events.length).toBeGreaterThanOrEqual(3);
      for (const entries of events) expect(JSON.stringify(entries)).toContain(`hook ${id} || :`);
    });

    test('are the same after a second installation, and after one of another place', () => {
      expect(hooks.install(fresh!, command)).toEqual(fresh);
      const moved = hooks.install({}, hookCommand(FORMER, id))!;
      expect(moved).not.toEqual(fresh);
      expect(hooks.install(moved, command)).toEqual(fresh);
    });

    test('keep what is not ours, in its place', () => {
      const [event] = Object.keys((fresh as { hooks: object }).hooks);
      const mine = [
        { type: 'command', command: 'drover hook lookalike' },
        { matcher: 'x', hooks: [{ command: 'mine' }, { command: hookCommand(FORMER, id) }] },
        'odd',
      ];
      const there = {
        first: 1,
        hooks: { Unknown: [{ a: 1 }], Empty: [], disabled: false, [event!]: mine },
        last: { deep: [null] },
      };
      const now = hooks.install(there, command) as typeof there;
      expect(now).toMatchObject({ first: 1, last: { deep: [null] } });
      expect(now.hooks).toMatchObject({ Unknown: [{ a: 1 }], Empty: [], disabled: false });
      const entries = now.hooks[event!] as unknown[];
      expect(entries.slice(0, 3)).toEqual([
        mine[0],
        { matcher: 'x', hooks: [{ command: 'mine' }] },
        'odd',
      ]);
      expect(entries).toHaveLength(4);
    });

    test.each([
      [[]],
      ['text'],
      [{ [Object.keys((fresh as { hooks: object }).hooks)[0]!]: 'text' }],
    ])('of another form (%j) are left alone', (strange) => {
      expect(hooks.install({ hooks: strange }, command)).toBeNull();
    });
  },
);
