// Owns what a face can see of an attempt's processes without a supervisor. Only shown: decisions rest on what the
// supervisor sees.
import type { Attempt } from '../core/dispatch.ts';
import type { Look, Sighting } from '../core/evidence.ts';
import { formatMark, type ProcessIdentity } from '../core/identity.ts';
import { findMembers, NOTHING_KNOWN, takeSnapshot } from '../core/tree.ts';
import { type Connection, connectionsOf } from '../host/connections.ts';
import { createProcessTable } from '../host/process-table.ts';
import type { ProcessRow } from '../ports.ts';

export interface AttemptLook {
  readonly agent: Sighting;
  /** by mark, session and parents */
  readonly tree: Look<readonly Pick<ProcessRow, 'pid' | 'command'>[]>;
  /** of the tree; shown, and no evidence of work (I5) */
  readonly connections: Look<readonly Connection[]>;
}

export function lookAtAttempt(
  ledger: string,
  attempt: Attempt,
  agent: ProcessIdentity,
): AttemptLook {
  const table = createProcessTable();
  const scanned = table.scan();
  const sighting = table.sight(agent);
  if (scanned.kind !== 'seen') return { agent: sighting, tree: scanned, connections: scanned };
  const roots = { mark: formatMark({ ...attempt, ledger }), leaders: [agent], shim: null };
  const { members: marked } = findMembers(
    takeSnapshot(scanned.value),
    roots,
    NOTHING_KNOWN,
    () => false,
  );
  // The parent of an agent is its shim, which is none of its tree.
  const shim = scanned.value.find(({ pid }) => pid === agent.pid)?.parent;
  const members = marked.filter(({ pid }) => pid !== shim);
  return {
    agent: sighting,
    tree: { kind: 'seen', value: members },
    connections: connectionsOf(members.map(({ pid }) => pid)),
  };
}
