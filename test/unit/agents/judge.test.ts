// Owns what the end of a run means: the terminal event first, the exit code last.
import { expect, test } from 'vitest';
import type { End, Judgement } from '../../../src/agents/agent.ts';
import { judge } from '../../../src/agents/judge.ts';
import { builtInAgents } from '../../../src/agents/registry.ts';
import type { AgentEvent } from '../../../src/core/agent-event.ts';
import { EMPTY_STREAM, withEvents } from '../../../src/core/stream.ts';

const AT = 1_000_000;
const OK: AgentEvent = { kind: 'result', ok: true, text: '' };
const FAILED: AgentEvent = { kind: 'result', ok: false, text: 'it failed' };
const ANSWERED: AgentEvent = { kind: 'answered', text: 'hello' };
const RETRY: AgentEvent = { kind: 'retry', because: 'a failed request' };
const LIMIT: AgentEvent = {
  kind: 'limit',
  limit: { scope: 'pool', resetAt: null, message: 'a limit', source: 'stream' },
  waitsUntil: null,
};
const AUTH: AgentEvent = { kind: 'error', message: 'no key', class: 'auth' };
const BROKEN: AgentEvent = { kind: 'error', message: 'no network', class: 'infrastructure' };
const OTHER: AgentEvent = { kind: 'error', message: 'no such model', class: null };

const ZERO = { exitCode: 0, signal: null };
const ONE = { exitCode: 1, signal: null };
const KILLED = { exitCode: 137, signal: 'SIGKILL' };

test.each<[events: readonly AgentEvent[], exit: End['exit'], kind: Judgement['kind']]>([
  [[OK], ZERO, 'succeeded'],
  [[OK], ONE, 'succeeded'],
  [[OK], KILLED, 'succeeded'],
  [[OK], null, 'succeeded'],
  [[OK, ANSWERED], KILLED, 'unsaid'],
  [[FAILED], ZERO, 'agent'],
  [[LIMIT, FAILED], ZERO, 'quota'],
  [[LIMIT], KILLED, 'quota'],
  [[LIMIT, ANSWERED, FAILED], ONE, 'agent'],
  [[LIMIT, BROKEN], ONE, 'infrastructure'],
  [[BROKEN, LIMIT], ONE, 'quota'],
  [[LIMIT, OTHER], ONE, 'quota'],
  [[AUTH, RETRY], null, 'auth'],
  [[BROKEN, FAILED], ONE, 'infrastructure'],
  [[BROKEN, ANSWERED], ONE, 'unsaid'],
  [[OTHER], ONE, 'agent'],
  [[AUTH, OTHER], ONE, 'auth'],
  [[OTHER, AUTH], ONE, 'auth'],
  [[ANSWERED], ZERO, 'infrastructure'],
  [[], ZERO, 'infrastructure'],
  [[], ONE, 'unsaid'],
  [[], KILLED, 'unsaid'],
  [[], null, 'unsaid'],
])('%j, then %j: %s', (events, exit, kind) => {
  expect(judge({ exit, stream: streamOf(events) }).kind).toBe(kind);
});

test('Copilot CLI: an interrupted run is no success, though its final event says exit code 0', () => {
  const copilot = builtInAgents.get('copilot')!;
  expect(copilot.judge({ exit: ZERO, stream: streamOf([BROKEN, OK]) }).kind).toBe('infrastructure');
  expect(copilot.judge({ exit: ZERO, stream: streamOf([LIMIT, OK]) }).kind).toBe('quota');
  expect(copilot.judge({ exit: ZERO, stream: streamOf([BROKEN, ANSWERED, OK]) }).kind).toBe(
    'succeeded',
  );
});

test('the sentence says what the judgement was read from', () => {
  expect(judge({ exit: ONE, stream: streamOf([AUTH]) }).because).toBe('it reported: no key');
  expect(judge({ exit: ONE, stream: streamOf([FAILED]) }).because).toContain('it failed');
});

function streamOf(events: readonly AgentEvent[]) {
  return withEvents(EMPTY_STREAM, events, { at: AT, toolBoundMs: 60_000 });
}
