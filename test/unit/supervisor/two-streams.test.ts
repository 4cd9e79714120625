// A program that writes to both of its streams between two looks: which of two lines was first is not known.
import { expect, test } from 'vitest';
import { builtInAgents } from '../../../src/agents/registry.ts';
import { EMPTY_STREAM } from '../../../src/core/stream.ts';
import type { StreamPiece } from '../../../src/ports.ts';
import { readStream } from '../../../src/supervisor/streams.ts';
import { exited, row } from '../core/row.ts';

type Given = Parameters<typeof readStream>;
type Said = Readonly<Partial<Record<'stdout' | 'stderr', readonly string[]>>>;

/** What a program has said by its end, read in one look. */
function readAll(said: Said, agent = 'opencode', isMoreOf: keyof Said | null = null) {
  const { live, evidence } = row({ exit: exited(0) });
  const piece = (lines: readonly string[], atEnd: boolean): StreamPiece => ({
    lines: [...lines],
    next: lines.length,
    atEnd,
    writtenAt: 1,
  });
  // Nothing else of either is asked for.
  const world = {
    agents: { of: () => builtInAgents.get(agent)! },
    runDirs: {
      readLines: (_: unknown, { stream }: { stream: 'stdout' | 'stderr' }) => ({
        kind: 'seen',
        value: piece(said[stream] ?? [], stream !== isMoreOf),
      }),
      toolsRefused: () => null,
    },
  } as unknown as Given[0];
  const memory = {
    stream: { state: EMPTY_STREAM, stdoutNext: 0, stderrNext: 0 },
    agent: { pid: 2 },
  } as unknown as Given[2];
  const look = readStream(world, live, memory, { agent: 'gone', runDir: evidence.runDir, now: 1 });
  if (look.kind !== 'seen') throw new Error(`a stream that is ${look.kind}`);
  return look.value;
}

const RESULT = '{"type":"step_finish","sessionID":"ses_1","part":{"reason":"stop","tokens":{}}}';
const FAILURE = RESULT.replace('stop', 'length');
const LIMITED =
  'timestamp=T level=ERROR run=1 message="stream error" error.error="AI_APICallError: The usage limit has been reached"';
const REPEATED =
  'timestamp=T level=ERROR run=1 message="stream error" error.error="AI_APICallError: The server is overloaded"';
const PERMITTED =
  'timestamp=T level=INFO run=1 message=evaluated permission=bash pattern="npm test" action.permission=* action.action=allow action.pattern=*';

test('a request that was repeated does not undo the success that followed', () => {
  const { judgement } = readAll({ stdout: [RESULT], stderr: [REPEATED] });
  expect(judgement.kind).toBe('succeeded');
});

test('nor does a limit that was over, and it closes no pool; of a failure it is the cause', () => {
  const over = readAll({ stdout: [RESULT], stderr: [LIMITED] });
  expect(over.judgement.kind).toBe('succeeded');
  expect(over.state).toMatchObject({ limit: null, lines: 2 });
  const failed = readAll({ stdout: [FAILURE], stderr: [LIMITED] });
  expect(failed.judgement.kind).toBe('quota');
});

test('a tool that the log tells of does not run after the terminal event', () => {
  const { state, judgement } = readAll({ stdout: [RESULT], stderr: [PERMITTED] });
  expect(judgement.kind).toBe('succeeded');
  expect(state.tools).toEqual([]);
});

test('before it, the tool runs, and the failure counts', () => {
  expect(readAll({ stderr: [PERMITTED] }).state.tools).toMatchObject([
    { name: 'bash', detail: 'npm test' },
  ]);
  expect(readAll({ stderr: [REPEATED] }).judgement.kind).toBe('infrastructure');
});

const REFUSED =
  '[log_1] post http://h/v1/chat/completions failed with status 429 in 4ms - retrying, 3 attempts remaining';
const DONE = '{"type":"result","subtype":"success","session_id":"s","is_error":false}';

test('what a library prints into a stream of JSON is read, and does not undo a success', () => {
  const before = readAll({ stdout: [REFUSED] }, 'qwen');
  expect(before.state).toMatchObject({ limit: { waitsUntil: null }, malformedLines: 0 });
  expect(before.judgement.kind).toBe('quota');
  const after = readAll({ stdout: [DONE, REFUSED] }, 'qwen');
  expect(after.judgement.kind).toBe('succeeded');
  expect(after.state.limit).toBe(null);
});

test.each([
  ['its beginning', '{"type":"assistant","message":{"content":[{"text":"usage limit reached'],
  ['its end', 'usage limit reached"}]}}'],
  ['of a message', '{"type":"x","message":"You have hit your usage limit. Try again in 5m.'],
])('an event of which only a part is there says nothing of a limit: %s', (_, line) => {
  const { state } = readAll({ stdout: [line] }, 'qwen');
  expect(state).toMatchObject({ limit: null, error: null, malformedLines: 1 });
});

test('its log is read when all was that it had said: an answer of before is none to a limit of after', () => {
  const said = { stdout: [PERMITTED], stderr: [LIMITED] };
  expect(readAll(said, 'opencode', 'stdout').state.limit).toBeNull();
  expect(readAll(said, 'opencode', 'stderr').state.limit).not.toBeNull();
});

test('a limit that its log has told of, and that was over, closes no pool, whichever stream is read first', () => {
  const post = '[log_7e228a] post http://127.0.0.1:1/v1 ';
  const refused = `${post}failed with status 429 in 4ms - retrying, 2 attempts remaining`;
  const letIn = `${post}succeeded with status 200 in 21ms`;
  expect(readAll({ stderr: [refused] }, 'pi').state.limit).not.toBeNull();
  expect(readAll({ stderr: [refused, letIn] }, 'pi').state.limit).toBeNull();
});

test.each(['claude', 'codex', 'gemini', 'copilot', 'opencode', 'qwen', 'pi'])(
  'what anybody else prints into the stream of %s closes no pool, and asks nobody',
  (agent) => {
    const lines = [
      'Error: rate limit exceeded',
      '429 Too Many Requests',
      'You have hit your usage limit. Try again in 5m.',
      'FAIL: do you want to continue? [y/n]',
    ];
    const { state } = readAll({ stdout: lines }, agent);
    expect(state).toMatchObject({ limit: null, error: null, waitingFor: null, malformedLines: 4 });
  },
);

test('a line that nobody knows is counted as not legible', () => {
  expect(readAll({ stdout: ['hello'] }, 'qwen').state).toMatchObject({ malformedLines: 1 });
});
