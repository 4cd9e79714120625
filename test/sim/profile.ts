// Owns which faults there are, and how wild a world is. Some worlds are calm, some know one fault, some know all.
import type { Random } from './random.ts';

export const FAULTS = [
  'supervisor-killed',
  'supervisor-stopped',
  'shim-killed',
  'shim-stopped',
  'agent-killed',
  'both-killed',
  'exit-lost',
  'records-removed',
  'records-cut',
  'pids-recycled',
  'term-ignored',
  'stuck',
  'elusive',
  'spawn-fails',
  'scan-unknown',
  'sight-unknown',
  'dirs-unreadable',
  'seize-unknown',
  'goal-unknown',
  'ledger-begin-fails',
  'ledger-commit-fails',
  'disk-full',
  'hints-lost',
  'clock-steps',
  'suspends',
  'reboots',
  'slow',
  'io-unknown',
  'protection-unknown',
] as const;

export type Fault = (typeof FAULTS)[number];

/** 0: never; 1: as often as it gets */
export type Profile = Readonly<Record<Fault, number>>;

export function profileOf(random: Random, only?: readonly Fault[]): Profile {
  const wildness = random.pick([0, 0.15, 0.3, 0.3, 0.5, 0.8]);
  const profile = {} as Record<Fault, number>;
  for (const fault of FAULTS) {
    const level = 0.2 + 0.8 * random.next();
    const on = random.chance(wildness);
    if (only === undefined) profile[fault] = on ? level : 0;
    else profile[fault] = only.includes(fault) ? level : 0;
  }
  return profile;
}
