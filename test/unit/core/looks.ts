// Owns the looks of the rows: what was seen of a tree, of an end and of a stream.
import type { TokenUsage } from '../../../src/core/agent-event.ts';
import type { Survivor } from '../../../src/core/dispatch.ts';
import type { Evidence, ExitRecord, Look, Members } from '../../../src/core/evidence.ts';
import { EMPTY_STREAM, type StreamNote } from '../../../src/core/stream.ts';
import type { RowSpec } from './row.ts';

export const EIO = { kind: 'unknown', because: 'EIO' } as const;

export function streamOf({ said, judged = 'unsaid', reading }: RowSpec): Evidence['stream'] {
  if (said === undefined && judged === 'unsaid') return { kind: 'absent' };
  if (said === 'unknown') return EIO;
  const state = { ...EMPTY_STREAM, ...said };
  const judgement = { kind: judged, because: `it said: ${judged}` };
  return { kind: 'seen', value: { state, atEnd: reading !== true, judgement } };
}

/** What the ledger was told of a stream that has told its use. */
export function noteOf(usage: TokenUsage): StreamNote {
  return { state: { ...EMPTY_STREAM, usage }, stdoutNext: 1, stderrNext: 0 };
}

export function membersOf({ members, startTime, emptyLooks = 0 }: RowSpec): Look<Members> {
  if (members === 'absent') return { kind: 'absent' };
  if (members === 'unknown' || members === undefined) return EIO;
  const started = startTime === undefined ? {} : { startTime };
  const processes = members.map((pid) => ({ ...processOf(pid), ...started }));
  return { kind: 'seen', value: { processes, emptyLooks } };
}

export function exitOf(exit: NonNullable<RowSpec['exit']>): Look<ExitRecord> {
  if (exit === 'unknown') return EIO;
  return exit === 'absent' ? { kind: 'absent' } : { kind: 'seen', value: exit };
}

export function processOf(pid: number): Survivor {
  return { pid, startTime: pid * 10, command: 'node' };
}
