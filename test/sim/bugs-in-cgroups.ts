// Owns the planted bugs of tier cgroup: its list must be believed, and killing all at once is for trees that are all ours.
import { type PlantedBug, withProcesses } from './planted-bug.ts';

export const BUGS_IN_CGROUPS: readonly PlantedBug[] = [
  {
    name: 'who is in the cgroup and shows nothing else of the attempt is not of its tree',
    caughtBy: 'I8 no end while its tree lives',
    faults: [],
    firstSeed: 136,
    plant: (world) => ({
      ...world,
      cgroups: {
        ...world.cgroups,
        look: (key) => {
          const look = world.cgroups.look(key);
          return look.kind === 'seen' ? { kind: 'seen', value: { ...look.value, pids: [] } } : look;
        },
      },
    }),
  },
  {
    name: 'all in a cgroup are killed at once, whoever is in it',
    caughtBy: 'I9 protected get no signal',
    faults: [],
    firstSeed: 112,
    plant: (world, { machine }) =>
      withProcesses(world, {
        signal: (process, signal) => {
          const attempt = machine.find(process)?.attempt;
          const isHeld = attempt?.containment === 'cgroup' && signal === 'SIGKILL';
          if (isHeld && world.cgroups.kill(attempt.key)) return 'sent';
          return world.processes.signal(process, signal);
        },
      }),
  },
];
