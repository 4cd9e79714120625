// Owns the planted bugs in what is seen: unknown taken for absent, a pid taken for a process, a record taken for another.
import type { Look, RunDirLook } from '../../src/core/evidence.ts';
import type { ProcessIdentity } from '../../src/core/identity.ts';
import type { World } from '../../src/supervisor/world.ts';
import type { Machine } from './machine.ts';
import { type PlantedBug, withProcesses, withRunDirs } from './planted-bug.ts';

/** Every part of a look, each changed in its own way. */
function looking(world: World, differs: (look: RunDirLook) => Partial<RunDirLook>): World {
  const { look } = world.runDirs;
  return withRunDirs(world, {
    look: (key) => {
      const seen = look(key);
      return { ...seen, ...differs(seen) };
    },
  });
}

function absentIfUnknown<T>(look: Look<T>): Look<T> {
  return look.kind === 'unknown' ? { kind: 'absent' } : look;
}

/** Whoever has that pid now, whenever he was started. */
function byPid(machine: Machine, process: ProcessIdentity): ProcessIdentity {
  const found = machine.get(process.pid);
  return found === undefined || found.zombie ? process : machine.identity(found);
}

export const BUGS_IN_LOOKS: readonly PlantedBug[] = [
  {
    name: 'a process that cannot be seen is taken for gone',
    caughtBy: 'I4 no end while its agent lives',
    fault: 'sight-unknown',
    plant: (world) =>
      withProcesses(world, {
        sight: (process) => (world.processes.sight(process) === 'alive' ? 'alive' : 'gone'),
      }),
  },
  {
    name: 'a directory that cannot be read is taken for an empty one',
    caughtBy: 'I12 the recorded exit stands',
    fault: 'dirs-unreadable',
    plant: (world) => looking(world, ({ exit }) => ({ exit: absentIfUnknown(exit) })),
  },
  {
    name: 'a process table that cannot be read is taken for an empty one',
    caughtBy: 'I8 no end while its tree lives',
    fault: 'scan-unknown',
    plant: (world) =>
      withProcesses(world, {
        scan: () => {
          const table = world.processes.scan();
          if (table.kind === 'seen') return table;
          const { pid, startTime } = world.processes.self();
          const nobody = { parent: 1, group: 1, session: 1, zombie: false, mark: null, cpuMs: 0 };
          return { kind: 'seen', value: [{ pid, startTime, command: 'drover', ...nobody }] };
        },
      }),
  },
  {
    name: 'a signal goes to a pid, whoever has it',
    caughtBy: 'I3 only its own are signalled',
    fault: 'pids-recycled',
    plant: (world, { machine }) =>
      withProcesses(world, {
        sight: (process) => (machine.get(process.pid) === undefined ? 'gone' : 'alive'),
        signal: (process, signal) => world.processes.signal(byPid(machine, process), signal),
      }),
  },
  {
    name: 'a pid is looked for instead of a process',
    caughtBy: 'I19 a death is noticed',
    fault: 'pids-recycled',
    plant: (world, { machine }) =>
      withProcesses(world, { sight: (process) => world.processes.sight(byPid(machine, process)) }),
  },
  {
    name: 'the boot of a process does not count',
    caughtBy: 'I3 only its own are signalled',
    fault: 'reboots',
    plant: (world, { machine }) => {
      const today = (process: ProcessIdentity) => ({ ...process, bootId: machine.bootId });
      return withProcesses(world, {
        sight: (process) => world.processes.sight(today(process)),
        signal: (process, signal) => world.processes.signal(today(process), signal),
      });
    },
  },
  {
    name: 'a death is never seen',
    caughtBy: 'I19 a death is noticed',
    fault: 'both-killed',
    plant: (world) =>
      withProcesses(world, {
        sight: (process) => {
          const sighting = world.processes.sight(process);
          return sighting === 'gone' ? 'alive' : sighting;
        },
      }),
  },
  {
    name: 'an exit that nobody recorded is taken for 0',
    caughtBy: 'I12 no success without proof',
    fault: 'exit-lost',
    plant: (world) =>
      looking(world, ({ agent, claim, exit }) => {
        if (agent.kind !== 'seen' || claim.kind !== 'seen' || exit.kind !== 'absent') return {};
        const shim = claim.value.by === 'shim' ? claim.value.shim : null;
        const lives = [agent.value, shim].some(
          (one) => one !== null && world.processes.sight(one) !== 'gone',
        );
        if (lives) return {};
        return { exit: { kind: 'seen', value: { kind: 'exited', exitCode: 0, at: 0 } } };
      }),
  },
  {
    name: 'a death by SIGKILL is read as an exit with 0',
    caughtBy: 'I12 the recorded exit stands',
    fault: 'agent-killed',
    plant: (world) =>
      looking(world, ({ exit }) => {
        if (exit.kind !== 'seen' || exit.value.kind !== 'signalled') return {};
        if (exit.value.signal !== 'SIGKILL') return {};
        return {
          exit: { kind: 'seen', value: { kind: 'exited', exitCode: 0, at: exit.value.at } },
        };
      }),
  },
  {
    name: 'a torn claim is taken for the one of recovery',
    caughtBy: 'I4 no end while its agent lives',
    fault: 'records-cut',
    plant: (world) =>
      looking(world, ({ claim }) => {
        if (claim.kind !== 'seen' || claim.value.by !== 'nobody-legible') return {};
        const refused = { kind: 'refused', reason: 'torn', at: 0 } as const;
        return { exit: { kind: 'seen', value: refused } };
      }),
  },
];
