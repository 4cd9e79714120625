// Owns the proof that the simulator sees what it claims to see: every check and every fault has a planted bug that it
// catches. A bug that is not caught means that the worlds are too tame, or a check too weak.
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { Decide, PlanReap, PlantedBug } from './planted-bug.ts';
import type { WorldReport } from './run.ts';
import { BUGS_IN_ACTS } from './bugs-in-acts.ts';
import { BUGS_IN_BRAKES } from './bugs-in-brakes.ts';
import { BUGS_IN_CGROUPS } from './bugs-in-cgroups.ts';
import { BUGS_IN_DECISIONS } from './bugs-in-decisions.ts';
import { BUGS_IN_EVIDENCE } from './bugs-in-evidence.ts';
import { BUGS_IN_LEDGERS } from './bugs-in-ledgers.ts';
import { BUGS_IN_LIMITS } from './bugs-in-limits.ts';
import { BUGS_IN_LOOKS } from './bugs-in-looks.ts';
import { BUGS_IN_PROTECTION } from './bugs-in-protection.ts';
import { BUGS_IN_POOLS } from './bugs-in-pools.ts';
import { BUGS_IN_STREAMS } from './bugs-in-streams.ts';
import { BUGS_IN_REAPING } from './bugs-in-reaping.ts';
import { BUGS_IN_SILENCE } from './bugs-in-silence.ts';
import { BUGS_IN_CLEANING } from './bugs-in-cleaning.ts';
import { BUGS_IN_SUBREAPERS } from './bugs-in-subreapers.ts';
import { BUGS_IN_TIME } from './bugs-in-time.ts';
import { CHECKS } from './judge.ts';
import { FAULTS, type Fault } from './profile.ts';

const BUGS = [
  ...BUGS_IN_LOOKS,
  ...BUGS_IN_DECISIONS,
  ...BUGS_IN_ACTS,
  ...BUGS_IN_TIME,
  ...BUGS_IN_LEDGERS,
  ...BUGS_IN_LIMITS,
  ...BUGS_IN_SILENCE,
  ...BUGS_IN_SUBREAPERS,
  ...BUGS_IN_CGROUPS,
  ...BUGS_IN_EVIDENCE,
  ...BUGS_IN_PROTECTION,
  ...BUGS_IN_REAPING,
  ...BUGS_IN_CLEANING,
  ...BUGS_IN_STREAMS,
  ...BUGS_IN_POOLS,
  ...BUGS_IN_BRAKES,
];
const SEEDS_MAX = 1000;

const planted = vi.hoisted(() => ({
  decide: null as ((real: Decide) => Decide) | null,
  notice: null as PlantedBug['notice'] | null,
  planReap: null as PlantedBug['planReap'] | null,
}));

vi.mock('../../src/core/decide.ts', async (importOriginal) => {
  const real = await importOriginal<typeof import('../../src/core/decide.ts')>();
  const decide: Decide = (...args) => (planted.decide?.(real.decide) ?? real.decide)(...args);
  return { ...real, decide };
});

vi.mock('../../src/core/reap.ts', async (importOriginal) => {
  const real = await importOriginal<typeof import('../../src/core/reap.ts')>();
  const planReap: PlanReap = (...args) =>
    (planted.planReap?.(real.planReap) ?? real.planReap)(...args);
  return { ...real, planReap };
});

vi.mock('../../src/supervisor/time-watch.ts', async (importOriginal) => {
  const real = await importOriginal<typeof import('../../src/supervisor/time-watch.ts')>();
  const createTimeWatch: typeof real.createTimeWatch = (clock) => {
    const watch = real.createTimeWatch(clock);
    const check = () => planted.notice?.(watch.check()) ?? watch.check();
    return { planSleep: watch.planSleep, check };
  };
  return { ...real, createTimeWatch };
});

// Files of this project share their modules; these must be loaded after the mock.
vi.resetModules();
const { runWorld } = await import('./run.ts');

async function run(bug: PlantedBug, seed: number, faults: readonly Fault[]): Promise<WorldReport> {
  planted.decide = bug.decide ?? null;
  planted.notice = bug.notice ?? null;
  planted.planReap = bug.planReap ?? null;
  const { plant, plantInLedger } = bug;
  const plants = {
    ...(plant === undefined ? {} : { plant }),
    ...(plantInLedger === undefined ? {} : { plantInLedger }),
  };
  try {
    const { streams = false } = bug;
    return await runWorld({ seed, trace: false, faults, streams, ...plants });
  } finally {
    planted.decide = null;
    planted.notice = null;
    planted.planReap = null;
  }
}

/** The first seed whose world shows the bug, and does not without the fault; `others`: what was caught meanwhile. */
async function hunt(bug: PlantedBug): Promise<{ seed: number | null; others: string[] }> {
  const others = new Set<string>();
  const { firstSeed = 1 } = bug;
  for (let seed = firstSeed; seed < firstSeed + SEEDS_MAX; seed++) {
    const { violation } = await run(bug, seed, bug.faults);
    if (violation === null) continue;
    others.add(violation.check);
    if (violation.check !== bug.caughtBy) continue;
    const [, ...rest] = bug.faults;
    const without = bug.faults.length === 0 ? null : (await run(bug, seed, rest)).violation;
    if (without !== null) {
      others.add(`${without.check} without that fault`);
      continue;
    }
    return { seed, others: [...others] };
  }
  return { seed: null, others: [...others] };
}

describe('a planted bug is caught', () => {
  const caught: string[] = [];

  test.each(BUGS.map((bug) => [bug.name, bug] as const))('%s', async (_, bug) => {
    const { seed, others } = await hunt(bug);
    const message = `not caught in ${SEEDS_MAX} seeds; other checks that complained: ${others.join(', ')}`;
    expect(seed, message).not.toBeNull();
    caught.push(`seed ${String(seed).padStart(3)}  ${bug.caughtBy}  ←  ${bug.name}`);
  });

  afterAll(() => console.log(caught.join('\n')));
});

describe('nothing in the simulator is there without a proof', () => {
  test('every check catches a planted bug', () => {
    const proved = new Set(BUGS.map(({ caughtBy }) => caughtBy));
    expect(CHECKS.filter((check) => !proved.has(check))).toEqual([]);
  });

  test('every fault brings a planted bug to light that does not show without it', () => {
    const proved = new Set(BUGS.map(({ faults }) => faults[0]));
    expect(FAULTS.filter((fault) => !proved.has(fault))).toEqual([]);
  });

  test('the worlds of these seeds are sound where nothing is planted', async () => {
    const sound: PlantedBug = { name: 'none', caughtBy: 'I1 intent first', faults: [] };
    for (let seed = 1; seed <= 20; seed++) {
      expect((await run({ ...sound, streams: seed % 2 === 0 }, seed, [])).violation).toBeNull();
    }
  });
});
