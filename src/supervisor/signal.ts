// Owns the graceful signal: which one its program takes for a request to stop, and who has to get it.
import type { LiveDispatch } from '../core/dispatch.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { Agent } from '../ports.ts';
import { type AttemptMemory, knownPids } from './memory.ts';
import type { Surroundings } from './perform.ts';
import { lookAtTable } from './table-look.ts';
import type { World } from './world.ts';

const ANY_PROGRAM: Agent['stop'] = { signal: 'SIGTERM', target: 'pid' };

/**
 * To the agent alone, so that it can write its transcript; where a launcher does not pass it on, to the agent's process
 * group, which holds none of its tools. SIGCONT after it, for a stopped agent hears nothing else.
 */
export function signalAgent(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  { shims }: Surroundings,
): void {
  if (memory.signalled || memory.agent === null) return;
  const { signal, target } = world.agents.of(live.dispatch.spec)?.stop ?? ANY_PROGRAM;
  const targets =
    target === 'pid' ? [memory.agent] : groupOf(world, memory, memory.agent, shims(new Set()));
  const results = targets.map((process) => world.processes.signal(process, signal));
  if (results.every((result) => result === 'unknown')) return;
  memory.signalled = true;
  for (const process of targets) world.processes.signal(process, 'SIGCONT');
}

/** Each of them waits for whoever is in the middle of an exec; who still is may be anybody, and is left to the kill (I9). */
const LOOKS_MAX = 3;

/** It leads a group of its own, so that whoever is in it is of its tree; the agent alone where that cannot be seen. */
function groupOf(
  world: World,
  memory: AttemptMemory,
  agent: ProcessIdentity,
  shims: readonly ProcessIdentity[],
): readonly ProcessIdentity[] {
  for (let looks = 1; ; looks++) {
    const table = lookAtTable(world, shims, knownPids(memory));
    if (table.kind !== 'seen') return [agent];
    const { snapshot, isProtected } = table.value;
    const group = [...snapshot.byKey.values()].filter(
      (row) => row.group === agent.pid && !row.zombie && !isProtected(row),
    );
    if (!group.some(({ pid }) => pid === agent.pid)) return [agent];
    const shown = group.filter(({ inExec, pid }) => !inExec || pid === agent.pid);
    if (shown.length < group.length && looks < LOOKS_MAX) continue;
    return shown.map(({ pid, startTime }) => ({ bootId: agent.bootId, pid, startTime }));
  }
}
