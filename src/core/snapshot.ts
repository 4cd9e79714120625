// Owns what is kept of the evidence that a decision was made on, for those who ask afterwards (`drover why`). Bounded: one
// line for each thing that was looked at.
import type { Evidence, ExitRecord, Look, Members } from './evidence.ts';

/** One line; `at` is ISO 8601 where it was seen at another moment than that of the decision. */
export type Witness = {
  readonly kind: string;
  readonly at: string | null;
  readonly detail: string;
};

export function snapshotOf(evidence: Evidence): readonly Witness[] {
  const { agent, shim, runDir, members, signs, blind, goal, result } = evidence;
  const lines = [now('process', `agent ${agent}, shim ${shim}`)];
  const exit = exitWords(runDir.exit);
  if (exit !== null) lines.push(now('exit', exit));
  const tree = treeWords(members);
  if (tree !== null) lines.push(now('tree', tree));
  for (const { kind, at, detail } of signs) {
    lines.push({ kind, at: new Date(at).toISOString(), detail });
  }
  if (blind !== null) lines.push(now('blind', blind));
  if (goal !== 'unasked') lines.push(now('done_when', goal));
  if (result !== 'unasked') lines.push(now('result', result));
  return lines;
}

function now(kind: string, detail: string): Witness {
  return { kind, at: null, detail };
}

export function describeExit(exit: ExitRecord): string {
  switch (exit.kind) {
    case 'exited':
      return `exited with code ${exit.exitCode}`;
    case 'signalled':
      return `ended by ${exit.signal}`;
    case 'refused':
      return exit.reason;
  }
}

function exitWords(exit: Look<ExitRecord>): string | null {
  if (exit.kind === 'unknown') return `cannot be read: ${exit.because}`;
  return exit.kind === 'seen' ? describeExit(exit.value) : null;
}

/** null: it was not looked at. */
function treeWords(members: Look<Members>): string | null {
  if (members.kind !== 'seen') return null;
  const { processes, emptyLooks } = members.value;
  const [first] = processes;
  if (first === undefined) return `nobody in ${emptyLooks} ${emptyLooks === 1 ? 'look' : 'looks'}`;
  const count = processes.length === 1 ? '1 process' : `${processes.length} processes, first`;
  return `${count} ${first.command} ${first.pid}`;
}
