// Owns the look at an attempt's process tree, whatever holds it, and the count of empty looks that proves its end (I8).
import type { LiveDispatch } from '../core/dispatch.ts';
import type { Look, Members } from '../core/evidence.ts';
import { processKey } from '../core/identity.ts';
import type { ProcessRow } from '../ports.ts';
import type { AttemptMemory } from './memory.ts';
import type { TableLook } from './table-look.ts';
import { containmentOf } from './tiers.ts';
import type { World } from './world.ts';

/**
 * Finds the members, remembers them by identity, and counts empty looks in a row. A tree that looks empty is asked for at
 * its life line as well.
 */
export function lookAtTree(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  table: TableLook,
): { members: Look<Members>; rows: Look<readonly ProcessRow[]> } {
  const containment = containmentOf(live.attempt.containment);
  let members = containment.members(world, live, memory, table);
  if (members.kind === 'seen' && members.value.length === 0) {
    const holders = world.runDirs.lifeHolders(memory.key);
    if (holders.kind === 'seen') {
      const processes = new Set([...memory.known.processes, ...holders.value.map(processKey)]);
      memory.known = { ...memory.known, processes };
      members = containment.members(world, live, memory, table);
    }
  }
  if (members.kind !== 'seen') return { members, rows: members };
  memory.emptyLooks = members.value.length === 0 ? memory.emptyLooks + 1 : 0;
  const processes = members.value.map(({ pid, startTime, command }) => ({
    pid,
    startTime,
    command,
  }));
  return {
    members: { kind: 'seen', value: { processes, emptyLooks: memory.emptyLooks } },
    rows: members,
  };
}
