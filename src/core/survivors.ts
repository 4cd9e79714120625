// Owns who is called a survivor of a stop, and is named so that a person can look at it.
import type { LiveDispatch, State, Survivor } from './dispatch.ts';
import type { Evidence } from './evidence.ts';
import { processKey } from './identity.ts';

type Stopping = LiveDispatch & { readonly state: Extract<State, { kind: 'stopping' }> };

/**
 * Who was there when the last kill went out and is there now. A tree that renews itself faster than it is killed has
 * nobody of that kind: whoever is there first stands for it, and is not replaced at each look, or naming would leave no
 * look for killing.
 */
export function survivorsOf(live: Stopping, evidence: Evidence): readonly Survivor[] {
  const { survivors } = live.state;
  const processes = evidence.members.kind === 'seen' ? evidence.members.value.processes : [];
  const spared = sparedAgent(live, evidence);
  const outlived = [
    ...(spared === null ? [] : [spared]),
    ...processes.filter((process) => evidence.lastKilled.has(processKey(process))),
  ];
  if (outlived.length > 0) return outlived;
  return survivors.length > 0 ? survivors : processes;
}

/** An agent that lives and is no member of its own tree has opted out of it (I9): it gets no signal, and is named. */
export function sparedAgent({ dispatch, state }: Stopping, evidence: Evidence): Survivor | null {
  const { agent: record } = evidence.runDir;
  const agent = state.process ?? (record.kind === 'seen' ? record.value : null);
  if (agent === null || evidence.agent !== 'alive' || evidence.members.kind !== 'seen') return null;
  const key = processKey(agent);
  if (evidence.members.value.processes.some((process) => processKey(process) === key)) return null;
  const { pid, startTime } = agent;
  return { pid, startTime, command: dispatch.spec.run[0] ?? dispatch.spec.agent };
}

export function sameSurvivors(a: readonly Survivor[], b: readonly Survivor[]): boolean {
  const keys = (list: readonly Survivor[]) =>
    list
      .map(({ pid, startTime }) => `${pid}@${startTime}`)
      .toSorted()
      .join();
  return keys(a) === keys(b);
}
