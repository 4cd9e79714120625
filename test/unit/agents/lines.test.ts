// Owns what single lines mean that no recording holds: of stderr, of other versions, of rare ends.
import { describe, expect, test } from 'vitest';
import { builtInAgents } from '../../../src/agents/registry.ts';
import type { AgentEvent } from '../../../src/core/agent-event.ts';

const NOW = Date.UTC(2026, 10, 29, 12);

describe('on stderr', () => {
  test.each<[agent: string, line: string, kinds: string | null]>([
    ['codex', 'Reading additional input from stdin...', ''],
    ['codex', 'Error: thread/resume: no rollout found for thread id 01a2 (code -32600)', 'error'],
    ['codex', '2026-11-29T22:48:00.1Z ERROR codex_core::exec: something inside', ''],
    ['opencode', 'Error: Session not found', 'error'],
    [
      'opencode',
      'timestamp=T level=ERROR run=1 message="stream error" small=false error.error="AI_APICallError: The usage limit has been reached"',
      'limit',
    ],
    [
      'opencode',
      'timestamp=T level=ERROR run=1 message="stream error" error.error="AI_APICallError: The server is currently overloaded with other requests."',
      'error/infrastructure retry',
    ],
    ['opencode', 'timestamp=T level=ERROR message="failed to install plugin" error="x"', ''],
    ['gemini', 'YOLO mode is enabled. All tool calls will be automatically approved.', ''],
    [
      'gemini',
      'Attempt 1 failed: You exceeded your current quota. Please retry in 3s. Retrying after 5123ms...',
      'limit',
    ],
    [
      'gemini',
      'Attempt 1 failed with status 503. Retrying with backoff... _ApiError: x',
      'error/infrastructure retry',
    ],
    [
      'gemini',
      'Attempt 1 failed. Retrying with backoff... Error: exception TypeError: fetch failed sending request',
      'error/infrastructure retry',
    ],
    [
      'gemini',
      'Attempt 10 failed: The model is overloaded. Max attempts reached',
      'error/infrastructure',
    ],
    ['gemini', 'Suggested retry after 3s.. Retrying after 3411ms...', 'limit'],
    ['gemini', 'Please visit the following URL to authorize the application:', 'waiting'],
    ['claude', 'No conversation found with session ID: 1', 'error'],
    ['claude', 'Error: Session ID 1 is already in use.', 'error'],
    ['claude', 'Invalid API key · Please run /login', 'error/auth'],
    ['qwen', '    at file:///opt/agents/qwen/cli.js:1:1', ''],
    ['pi', 'No session found matching "1"', 'error'],
    ['copilot', 'Error executing prompt: Error: fetch failed', 'error/infrastructure'],
    ['copilot', '', ''],
    ['gemini', '  "error": {', null],
    ['gemini', '    code: 429,', ''],
    ['gemini', '  status: 429', ''],
    ['pi', 'something that nobody knows', null],
  ])('%s: %s', (id, line, kinds) => {
    const events = builtInAgents.get(id)!.read({ stream: 'stderr', value: line, now: NOW });
    expect(events === null ? null : shownOf(events)).toBe(kinds);
  });
});

describe('in the stream', () => {
  test.each<[agent: string, line: object, kinds: string | null]>([
    [
      'claude',
      {
        type: 'rate_limit_event',
        rate_limit_info: { status: 'allowed_warning', resetsAt: 1_796_000_000 },
      },
      '',
    ],
    [
      'claude',
      { type: 'rate_limit_event', rate_limit_info: { status: 'rejected', isUsingOverage: true } },
      '',
    ],
    ['claude', { type: 'tool_progress', tool_use_id: 't', elapsed_time_seconds: 30 }, ''],
    [
      'claude',
      { type: 'control_request', request: { subtype: 'can_use_tool', tool_name: 'Bash' } },
      'waiting',
    ],
    [
      'claude',
      {
        type: 'assistant',
        message: {
          content: [
            {
              type: 'tool_use',
              id: 't',
              name: 'AskUserQuestion',
              input: { questions: [{ question: 'Which?' }] },
            },
          ],
        },
      },
      'answered tool-started waiting',
    ],
    [
      'claude',
      { type: 'result', subtype: 'error_max_turns', is_error: true, session_id: 's' },
      'session error result/false',
    ],
    ['claude', { type: 'something_new' }, null],
    ['qwen', { type: 'system', subtype: 'init', session_id: 's' }, 'session'],
    [
      'qwen',
      {
        type: 'result',
        subtype: 'success',
        result: '[API Error: Too Many Requests]\nPlease wait.',
      },
      'limit result/false',
    ],
    [
      'qwen',
      {
        type: 'result',
        subtype: 'error_during_execution',
        is_error: true,
        error: { message: 'Rate limit exceeded. Please try again later.' },
      },
      'limit result/false',
    ],
    [
      'codex',
      {
        type: 'item.started',
        item: { id: 'i', type: 'mcp_tool_call', server: 's', tool: 't', arguments: { path: '/a' } },
      },
      'answered tool-started',
    ],
    [
      'codex',
      { type: 'item.completed', item: { id: 'i', type: 'error', message: 'a warning' } },
      '',
    ],
    [
      'codex',
      { type: 'error', message: 'Reconnecting... 2/5 (stream disconnected before completion: x)' },
      'error/infrastructure retry',
    ],
    [
      'opencode',
      { type: 'step_finish', part: { reason: 'length', tokens: { input: 1 } } },
      'usage result/false',
    ],
    [
      'opencode',
      {
        type: 'error',
        sessionID: 's',
        error: {
          name: 'APIError',
          data: {
            message: 'Too Many Requests',
            statusCode: 429,
            responseHeaders: { 'retry-after': '60' },
          },
        },
      },
      'session limit',
    ],
    [
      'opencode',
      { type: 'error', error: { name: 'ProviderAuthError', data: { message: 'x' } } },
      'error/auth',
    ],
    ['gemini', { type: 'error', severity: 'warning', message: 'Loop detected' }, ''],
    [
      'gemini',
      { type: 'error', severity: 'error', message: 'Maximum session turns exceeded' },
      'error',
    ],
    [
      'pi',
      { type: 'turn_end', message: { role: 'assistant', stopReason: 'length' } },
      'result/false',
    ],
    ['pi', { type: 'turn_end', message: { role: 'assistant', stopReason: 'toolUse' } }, ''],
    ['pi', { type: 'turn_end', message: { role: 'assistant', stopReason: 'stop' } }, 'result/true'],
    [
      'pi',
      {
        type: 'agent_end',
        messages: [{ role: 'assistant', stopReason: 'error', errorMessage: '401 Unauthorized' }],
      },
      'error/auth result/false',
    ],
    // Of a long list the end may be missing.
    ['pi', { type: 'agent_end', messages: [{ role: 'assistant', stopReason: 'toolUse' }] }, ''],
    ['pi', { type: 'auto_retry_end', success: true }, ''],
    [
      'copilot',
      {
        type: 'session.error',
        data: { errorType: 'quota', message: 'You have no quota', statusCode: 402 },
      },
      'limit',
    ],
    [
      'copilot',
      { type: 'permission.requested', data: { permissionRequest: { kind: 'shell' } } },
      'waiting',
    ],
    ['copilot', { type: 'abort', data: { reason: 'user_abort' } }, 'error/infrastructure'],
    ['copilot', { type: 'result', sessionId: 's', exitCode: 1 }, 'session result/false'],
    ['copilot', { type: 'something', data: {} }, null],
  ])('%s: %j', (id, value, kinds) => {
    const events = builtInAgents.get(id)!.read({ stream: 'stdout', value, now: NOW });
    expect(events === null ? null : shownOf(events)).toBe(kinds);
  });
});

test.each<[agent: string, line: object, timeoutMs: number | null]>([
  ['claude', toolUse('Bash', { command: 'x', timeout: 600_000 }), 600_000],
  ['claude', toolUse('Bash', { command: 'x' }), null],
  ['claude', toolUse('mcp__x__y', { timeout: 5 }), null],
  ['qwen', toolUse('run_shell_command', { command: 'x', timeout: 60_000 }), 60_000],
  [
    'pi',
    {
      type: 'tool_execution_start',
      toolCallId: 't',
      toolName: 'bash',
      args: { command: 'x', timeout: 90 },
    },
    90_000,
  ],
  [
    'copilot',
    {
      type: 'tool.execution_start',
      data: { toolCallId: 't', toolName: 'bash', arguments: { command: 'x', initial_wait: 120 } },
    },
    null,
  ],
])('%s: %j has the time-out %s', (id, value, timeoutMs) => {
  const events = builtInAgents.get(id)!.read({ stream: 'stdout', value, now: NOW }) ?? [];
  expect(events.find(({ kind }) => kind === 'tool-started')).toMatchObject({ timeoutMs });
});

test('a limit that the program waits out by itself says until when', () => {
  const value = 'Attempt 1 failed: Quota exceeded. Please retry in 30s. Retrying after 33000ms...';
  const [event] = builtInAgents.get('gemini')!.read({ stream: 'stderr', value, now: NOW })!;
  expect(event).toMatchObject({
    kind: 'limit',
    limit: { resetAt: NOW + 30_000, source: 'stderr' },
    waitsUntil: NOW + 33_000,
  });
});

function toolUse(name: string, input: object): object {
  return { type: 'assistant', message: { content: [{ type: 'tool_use', id: 't', name, input }] } };
}

/** `error/auth retry`. */
function shownOf(events: readonly AgentEvent[]): string {
  return events
    .map((event) => {
      if (event.kind === 'error' && event.class !== null) return `error/${event.class}`;
      return event.kind === 'result' ? `result/${event.ok}` : event.kind;
    })
    .join(' ');
}
