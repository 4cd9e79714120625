// Owns the schedule of faults: a pure function of seed and length.
import { type Random, createRandom } from '../sim/random.ts';
import { shuffled } from './plan.ts';

export interface Fault {
  readonly id: number;
  /** after the start */
  readonly atMs: number;
  readonly fault: FaultName;
  readonly parameters: Readonly<Record<string, number>>;
}

type Parameters = (random: Random) => Readonly<Record<string, number>>;

/** Whom it meets of those that are there at its moment: a place in their list, in [0, 1). */
const pick: Parameters = (random) => ({ pick: round(random.next()) });
const pickFew: Parameters = (random) => ({ ...pick(random), count: random.int(1, 3) });
const pickFor: Parameters = (random) => ({ ...pickFew(random), forMs: random.int(300, 2_500) });
const none: Parameters = () => ({});

/** By name; how each is drawn. What each does is in the faults-….ts. */
const DRAWN = {
  'supervisor killed': none,
  'supervisor stopped and continued': (random) => ({ forMs: random.int(300, 6_000) }),
  'supervisor terminated': none,
  'supervisors started at once': (random) => ({ count: random.int(2, 4) }),
  'restart storm': (random) => ({ times: random.int(3, 6), gapMs: random.int(0, 400) }),
  'starter killed': none,
  'shims killed': pickFew,
  'shims stopped and continued': pickFor,
  'shims terminated': pickFew,
  'agents killed': pickFew,
  'agents stopped and continued': pickFor,
  'agents terminated': pickFew,
  'tools killed': pickFew,
  'supervisor, shim and agent killed together': pick,
  'everything killed at once': none,
  'ledger locked': (random) => ({ forMs: random.int(500, 7_000), exclusive: random.int(0, 1) }),
  'ledger read-only': (random) => ({ forMs: random.int(500, 2_000) }),
  'disk full': (random) => ({ forMs: random.int(500, 4_000) }),
  'no room for the supervisor': (random) => ({ forMs: random.int(500, 3_000) }),
  'run directory removed': pick,
  'record removed': pick,
  'record truncated': pick,
  'output removed': pick,
  'output truncated': pick,
  'deadline and leases removed': pick,
  'clock set': (random) => ({
    byMs: random.pick([-7_200_000, -90_000, 90_000, 7_200_000]),
    forMs: random.int(500, 3_000),
  }),
  stop: pickFew,
  'stop without grace': pick,
  retry: pickFew,
  extend: pick,
  'pool paused and resumed': (random) => ({ ...pick(random), forMs: random.int(300, 2_500) }),
  reap: none,
  'what the brake held confirmed': none,
  clean: none,
  'commands killed': (random) => ({ ...pick(random), afterMs: random.int(50, 400) }),
} satisfies Readonly<Record<string, Parameters>>;

export type FaultName = keyof typeof DRAWN;

export const FAULT_NAMES = Object.keys(DRAWN) as FaultName[];

/** So many a second, at most: the herd has to come to something in between. */
const EVERY_MS = 500;
/** Agents have to be there first, and some time has to be left for the last ones. */
const FIRST_MS = 1_500;

/** Every kind comes once before one of them comes again. Sorted by time. */
export function makeSchedule(seed: number, lengthMs: number): Fault[] {
  const random = createRandom(seed).fork('schedule');
  const count = Math.max(1, Math.floor((lengthMs - FIRST_MS) / EVERY_MS));
  const faults: Fault[] = [];
  let left: FaultName[] = [];
  for (let id = 1; id <= count; id += 1) {
    if (left.length === 0) left = shuffled(random, FAULT_NAMES);
    const fault = left.pop()!;
    const draw: Parameters = DRAWN[fault];
    const atMs = FIRST_MS + random.int(0, Math.max(0, lengthMs - FIRST_MS));
    faults.push({ id, atMs, fault, parameters: draw(random) });
  }
  return faults.sort((a, b) => a.atMs - b.atMs);
}

/** A line for people. */
export function describeFault({ atMs, fault, parameters }: Fault): string {
  const words = Object.entries(parameters).map(([name, value]) => `${name} ${value}`);
  return `${(atMs / 1_000).toFixed(1).padStart(7)} s  ${fault}${words.length === 0 ? '' : `: ${words.join(', ')}`}`;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
