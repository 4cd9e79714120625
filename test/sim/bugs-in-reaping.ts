// Owns the planted bugs of the reaper: it must find what is left, and hit nothing else.
import type { AttemptRecord } from '../../src/core/reap.ts';
import {
  type PlanReap,
  type PlantedBug,
  reapNobody,
  withProcesses,
  withTable,
} from './planted-bug.ts';

/** Plans on records that differ from what is on record. */
function recording(
  differs: (record: AttemptRecord) => Partial<AttemptRecord>,
): (real: PlanReap) => PlanReap {
  return (real) => (snapshot, facts, guards) => {
    const attempts = new Map(
      [...facts.attempts].map(([name, record]) => [name, { ...record, ...differs(record) }]),
    );
    return real(snapshot, { ...facts, attempts }, guards);
  };
}

export const BUGS_IN_REAPING: readonly PlantedBug[] = [
  {
    // As where a supervisor is killed after it has committed an end, and before it has let the shim go.
    name: 'nobody reaps a shim that was not let go when its attempt ended',
    caughtBy: 'I19 nothing of ours is left',
    faults: [],
    planReap: reapNobody,
    plant: (world, { truth, machine }) => {
      const asked = new WeakSet<object>();
      return withProcesses(world, {
        signal: (process, signal) => {
          const shim = machine.find(process);
          const dispatch = shim?.role === 'shim' ? shim.attempt?.key.dispatch : undefined;
          const isOver =
            dispatch !== undefined && truth.rows.get(dispatch)?.dispatch.state.kind === 'ended';
          if (shim === undefined || !isOver || asked.has(shim)) {
            return world.processes.signal(process, signal);
          }
          asked.add(shim);
          return 'sent';
        },
      });
    },
  },
  {
    name: 'a live attempt is reaped like one that is over',
    caughtBy: 'I3 only its own are signalled',
    faults: [],
    planReap: recording(() => ({ isLive: false })),
  },
  {
    name: 'what its owner keeps is reaped',
    caughtBy: 'I3 only its own are signalled',
    faults: [],
    firstSeed: 46,
    planReap: recording(() => ({ keeps: false })),
  },
  {
    name: 'a shell with an exported mark is taken for one that has lost its parent',
    caughtBy: 'I3 only its own are signalled',
    faults: [],
    plant: (world, { machine }) =>
      withTable(world, (table) => {
        if (table.kind !== 'seen') return table;
        const value = table.value.map((row) =>
          row.command === 'exported' ? { ...row, parent: machine.init.pid } : row,
        );
        return { kind: 'seen', value };
      }),
  },
];
