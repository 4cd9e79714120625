// Owns the small campaigns that simulated people submit.
import type { Campaign, PlannedDispatch } from '../../src/core/campaign.ts';
import type { DispatchSpec, UseLimits } from '../../src/core/dispatch.ts';
import type { Random } from './random.ts';
import { MIB } from './program.ts';
import { MISSING_PROGRAM } from './run-dirs-port.ts';

/** The name begins with `halting` where the first failure of class `agent` halts it. */
export function writeCampaign(random: Random, number: number): Campaign {
  const halts = random.chance(0.15);
  const name = `${halts ? 'halting' : 'campaign'}${number}`;
  const count = random.pick([1, 1, 2, 2, 3, 4]);
  const dispatches: PlannedDispatch[] = [];
  for (let index = 0; index < count; index++) {
    const dispatch = `d${number}${index}`;
    const own = random.fork(dispatch);
    const after = dispatches.filter(() => random.chance(0.2)).map((earlier) => earlier.name);
    dispatches.push({
      name: dispatch,
      pool: random.chance(0.75) ? 'work' : 'default',
      priority: random.pick([0, 0, 0, 5]),
      after,
      spec: {
        ...writeSpec(random),
        ...writeLimits(own.fork('limits')),
        evidenceFiles: own.chance(0.3) ? [`/sessions/${dispatch}.jsonl`] : [],
      },
    });
  }
  return {
    name,
    onFailure: halts ? 'halt' : 'continue',
    pools: [{ name: 'work', slots: random.int(1, 4) }],
    dispatches,
  };
}

function writeSpec(random: Random): Omit<DispatchSpec, keyof UseLimits | 'evidenceFiles'> {
  const stallMs = random.pick([1_000, 3_000, 5_000, 10_000, 20_000, 60_000, 180_000]);
  return {
    agent: 'command',
    run: [random.chance(0.04) ? MISSING_PROGRAM : 'agent'],
    cwd: '/',
    env: {},
    envFrom: [],
    doneWhen: random.chance(0.35) ? 'goal' : null,
    deadlineMs: random.chance(0.5) ? random.int(500, 40_000) : null,
    extendMs: random.pick([0, 2_000, 30_000, 30_000, 400_000]),
    stallMs,
    lingerMs: random.fork('linger').pick([1_000, 1_000, 5_000, 30_000, 120_000]),
    graceMs: random.pick([0, 100, 1_000, 5_000]),
    retries: {
      infrastructure: random.int(0, 3),
      stalled: random.int(0, 1),
      'timed-out': random.int(0, 1),
      agent: random.pick([0, 0, 1]),
    },
    containment: null,
    leftovers: random.chance(0.85) ? 'end' : 'keep',
    leftoverGraceMs: random.pick([0, 300, 2_000]),
    cpuShareMin: 0.01,
  };
}

/** Some that nobody reaches, some that many do (program.ts). */
function writeLimits(random: Random): UseLimits {
  const often = 0.1;
  return {
    // Few write so much that it matters.
    maxOutputBytes: random.chance(3 * often) ? random.int(2, 30) * 100 : null,
    maxMemoryBytes: random.chance(often) ? random.int(50, 500) * MIB : null,
    maxProcesses: random.chance(often) ? random.int(1, 4) : null,
  };
}
