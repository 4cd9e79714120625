// A program that writes to both of its streams between two looks: which of two lines was first is not known.
import { expect, test } from 'vitest';
import { builtInAgents } from '../../../src/agents/registry.ts';
import { EMPTY_STREAM } from '../../../src/core/stream.ts';
import type { StreamPiece } from '../../../src/ports.ts';
import { readStream } from '../../../src/supervisor/streams.ts';
import { exited, row } from '../core/row.ts';

type Given = Parameters<typeof readStream>;
type Said = Readonly<Partial<Record<'stdout' | 'stderr', readonly string[]>>>;

/** What OpenCode has said by its end, read in one look. */
function readAll(said: Said) {
  const { live, evidence } = row({ exit: exited(0) });
  const piece = (lines: readonly string[]): StreamPiece => ({
    lines: [...lines],
    next: lines.length,
    atEnd: true,
    writtenAt: 1,
  });
  // Nothing else of either is asked for.
  const world = {
    agents: { of: () => builtInAgents.get('opencode')! },
    runDirs: {
      readLines: (_: unknown, { stream }: { stream: 'stdout' | 'stderr' }) => ({
        kind: 'seen',
        value: piece(said[stream] ?? []),
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
