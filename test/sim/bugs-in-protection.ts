// Owns the planted bugs in protection by the owner's word (I9).
import type { PlantedBug } from './planted-bug.ts';
import { withProcesses } from './planted-bug.ts';
import { isWard } from './tier.ts';

export const BUGS_IN_PROTECTION: readonly PlantedBug[] = [
  {
    name: 'a set that cannot be computed is an empty set',
    caughtBy: 'I9 protected get no signal',
    faults: ['protection-unknown'],
    plant: (world) => ({
      ...world,
      protection: {
        look() {
          const look = world.protection.look();
          return look.kind === 'unknown' ? { kind: 'absent' } : look;
        },
      },
    }),
  },
  {
    name: 'who is protected is frozen with the rest, and continued',
    caughtBy: 'I9 protected get no signal',
    faults: [],
    plant: (world, { machine }) =>
      withProcesses(world, {
        signal(process, signal) {
          const mark = machine.find(process)?.mark ?? null;
          const wards = [...machine.all()].filter(
            (one) => signal === 'SIGSTOP' && mark !== null && one.mark === mark && isWard(one),
          );
          for (const ward of wards) world.processes.signal(machine.identity(ward), 'SIGSTOP');
          const result = world.processes.signal(process, signal);
          for (const ward of wards) world.processes.signal(machine.identity(ward), 'SIGCONT');
          return result;
        },
      }),
  },
  {
    name: 'who is protected by name loses that with its parent',
    caughtBy: 'I9 protected get no signal',
    faults: [],
    plant: (world, { machine }) => ({
      ...world,
      protection: {
        look() {
          const look = world.protection.look();
          if (look.kind !== 'seen') return look;
          return {
            kind: 'seen',
            value: (row) => look.value(row) && machine.get(row.parent)?.role === 'agent',
          };
        },
      },
    }),
  },
];
