// Owns the planted bugs of tier subreaper: a shim that adopts and waits is a witness, and must be neither believed too
// much nor waited for too long.
import {
  type PlantedBug,
  believing,
  withProcesses,
  withRunDirs,
  withTable,
} from './planted-bug.ts';

export const BUGS_IN_SUBREAPERS: readonly PlantedBug[] = [
  {
    name: 'a shim that was killed is taken for one that has waited for everybody',
    caughtBy: 'I4 no end while its agent lives',
    faults: ['shim-killed'],
    plant: (world) =>
      withRunDirs(world, {
        spawn: (order, told) => world.runDirs.spawn(order, () => told('emptied')),
      }),
  },
  {
    name: 'whom the shim has adopted is not of its tree',
    caughtBy: 'I8 no end while its tree lives',
    faults: [],
    firstSeed: 111,
    plant: (world, { machine }) =>
      withTable(world, (table) => {
        if (table.kind !== 'seen') return table;
        const value = table.value.map((row) =>
          row.command === 'escapee' ? { ...row, parent: machine.init.pid } : row,
        );
        return { kind: 'seen', value };
      }),
  },
  {
    name: 'a shim that waits for somebody whom nobody sees is waited for without end',
    caughtBy: 'I8 a tree that has to go is ended',
    faults: ['shim-stopped'],
    decide: believing(({ runDir, shim, members }) => {
      const isShown = members.kind === 'seen' && members.value.processes.length > 0;
      if (shim !== 'alive' || runDir.exit.kind !== 'seen' || isShown) return {};
      return { members: { kind: 'unknown', because: 'planted' } };
    }),
  },
  {
    name: 'a shim that waits for strangers is never let go',
    caughtBy: 'I19 nothing of ours is left',
    faults: [],
    plant: (world, { truth, machine }) =>
      withProcesses(world, {
        signal: (process, signal) => {
          const shim = machine.find(process);
          const isOver =
            shim?.role === 'shim' &&
            shim.attempt !== null &&
            truth.rows.get(shim.attempt.key.dispatch)?.dispatch.state.kind === 'ended';
          return isOver ? 'sent' : world.processes.signal(process, signal);
        },
      }),
  },
];
