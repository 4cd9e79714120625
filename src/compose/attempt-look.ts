// Owns what a face can see of an attempt's processes without a supervisor. Only shown: decisions rest on what the
// supervisor sees.
import type { Attempt } from '../core/dispatch.ts';
import type { Look, Sighting } from '../core/evidence.ts';
import { formatMark, type ProcessIdentity, processKey } from '../core/identity.ts';
import { findMembers, NOTHING_KNOWN, ownInside, takeSnapshot } from '../core/tree.ts';
import { createCgroups } from '../host/cgroups.ts';
import { type Connection, connectionsOf } from '../host/connections.ts';
import { createProcessTable } from '../host/process-table.ts';
import type { ProcessRow } from '../ports.ts';

export interface AttemptLook {
  readonly agent: Sighting;
  /** by mark, session and parents, and by its cgroup where it has one */
  readonly tree: Look<readonly Pick<ProcessRow, 'pid' | 'command'>[]>;
  /** of the tree; shown, and no evidence of work (I5) */
  readonly connections: Look<readonly Connection[]>;
}

/** @param runsDir holds the run directories */
export function lookAtAttempt(
  { ledger, runsDir }: { readonly ledger: string; readonly runsDir: string },
  attempt: Attempt,
  agent: ProcessIdentity,
): AttemptLook {
  const table = createProcessTable();
  const scanned = table.scan();
  const sighting = table.sight(agent);
  if (scanned.kind !== 'seen') return { agent: sighting, tree: scanned, connections: scanned };
  const snapshot = takeSnapshot(scanned.value);
  const mark = formatMark({ ...attempt, ledger });
  const held = createCgroups(ledger, runsDir).look(attempt);
  if (held.kind === 'unknown') return { agent: sighting, tree: held, connections: held };
  const pids = held.kind === 'seen' ? held.value.pids : [];
  const inside = pids.flatMap((pid) => snapshot.byPid.get(pid) ?? []);
  const own = new Set(ownInside(inside, mark, () => false).map(processKey));
  const roots = { mark, leaders: [agent], shim: null };
  const known = { ...NOTHING_KNOWN, processes: own };
  const { members: marked } = findMembers(snapshot, roots, known, () => false);
  // The parent of an agent is its shim, which is none of its tree.
  const shim = scanned.value.find(({ pid }) => pid === agent.pid)?.parent;
  const members = marked.filter(({ pid }) => pid !== shim);
  return {
    agent: sighting,
    tree: { kind: 'seen', value: members },
    connections: connectionsOf(members.map(({ pid }) => pid)),
  };
}
