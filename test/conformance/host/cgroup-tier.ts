// Owns tier cgroup as a supervisor uses it, over the real cgroups of a test.
import type { LiveDispatch } from '../../../src/core/dispatch.ts';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import type { Cgroups, Protection, SpawnOrder } from '../../../src/ports.ts';
import { createClock } from '../../../src/host/clock.ts';
import { BY_CGROUP } from '../../../src/supervisor/containment-cgroup.ts';
import { createMemory } from '../../../src/supervisor/memory.ts';
import { lookAtTable } from '../../../src/supervisor/table-look.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { row } from '../../unit/core/row.ts';
import type { RunWorld } from './orders.ts';
import { table } from './scratch.ts';

interface Differs {
  readonly agent: ProcessIdentity;
  readonly cgroups?: Partial<Cgroups>;
  /** default: nobody is named */
  readonly protection?: ReturnType<Protection['look']>;
}

export function tierIn(
  world: RunWorld,
  order: SpawnOrder,
  { agent, cgroups = {}, protection = { kind: 'absent' } }: Differs,
) {
  const [ledger, dispatch, attempt, fence, nonce] = order.mark.split('.');
  const { live: any } = row({});
  const live = {
    ...any,
    attempt: { ...any.attempt, dispatch, attempt: Number(attempt), fence: Number(fence), nonce },
  } as LiveDispatch;
  const view = {
    processes: table,
    clock: createClock(),
    protection: { look: () => protection },
    cgroups: { ...world.cgroups, ...cgroups },
    ledger: { id: ledger },
    runDirs: world.runs,
  } as unknown as World;
  const memory = { ...createMemory().of(live, 0), key: order, agent };
  return {
    end: () => BY_CGROUP.end(view, [{ live, memory }], []),
    members: () => {
      const held = BY_CGROUP.members(view, live, memory, lookAtTable(view, []));
      return held.kind === 'seen' ? { kind: held.kind, value: held.value.rows } : held;
    },
  };
}
