// What an agent said whose adapter was there when it began, and is not any more.
import { expect, test } from 'vitest';
import { readStream } from '../../../src/supervisor/streams.ts';
import { EMPTY_STREAM } from '../../../src/core/stream.ts';
import { exited, row } from '../core/row.ts';
import { NO_AGENTS } from '../../no-agents.ts';

type Given = Parameters<typeof readStream>;

function lookAt(spec: Parameters<typeof row>[0], hasTask = true) {
  const { live, evidence } = row(spec);
  const stream = hasTask ? { state: EMPTY_STREAM, stdoutNext: 0, stderrNext: 0 } : null;
  // Nothing else of either is asked for.
  const world = { agents: NO_AGENTS } as unknown as Given[0];
  const memory = { stream } as unknown as Given[2];
  return readStream(world, live, memory, { agent: 'gone', runDir: evidence.runDir, now: 0 });
}

test('I4: is unknown, so that no exit code is taken for its word', () => {
  expect(lookAt({ exit: exited(0) })).toMatchObject({ kind: 'unknown' });
});

test('is nothing where it never ran, or where nothing was to be read', () => {
  const refused = { kind: 'refused', reason: 'no adapter', final: true, at: 0 } as const;
  expect(lookAt({ exit: refused })).toEqual({ kind: 'absent' });
  expect(lookAt({ exit: exited(0) }, false)).toEqual({ kind: 'absent' });
});
