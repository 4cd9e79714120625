// Owns what the end of a run means, in the order in which the words of a program can be believed: its terminal event, the
// limit or error that it named last, and only then that it said nothing.
import type { StreamState } from '../core/stream.ts';
import type { End, Judgement } from './agent.ts';

/**
 * Success is a terminal event that says success, whatever the exit code: some programs exit with 0 after a failure. So
 * an exit with 0 and without a terminal event is no success either: the run was cut.
 */
export function judge({ exit, stream }: End): Judgement {
  const { result, limit } = stream;
  if (result?.ok === true) {
    return { kind: 'succeeded', because: 'its final event says success' };
  }
  if (limit !== null) {
    return { kind: 'quota', because: `it reached a limit: ${limit.notice.message}` };
  }
  return ofError(stream) ?? ofResult(stream) ?? ofSilence(exit);
}

function ofError({ error }: StreamState): Judgement | null {
  if (error === null) return null;
  const known = KINDS.find((kind) => kind === error.class);
  return { kind: known ?? 'agent', because: `it reported: ${error.message}` };
}

const KINDS = ['quota', 'auth', 'infrastructure'] as const;

function ofResult({ result }: StreamState): Judgement | null {
  if (result === null) return null;
  const said = result.text === '' ? 'a failure' : `a failure: ${result.text}`;
  return { kind: 'agent', because: `its final event says ${said}` };
}

function ofSilence(exit: End['exit']): Judgement {
  if (exit !== null && exit.exitCode === 0 && exit.signal === null) {
    return { kind: 'infrastructure', because: 'it exited with code 0 and without its final event' };
  }
  return { kind: 'unsaid', because: 'it left no final event and no error' };
}
