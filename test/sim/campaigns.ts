// Owns the small campaigns that simulated people submit.
import { type Campaign, NO_SPEND_LIMITS, type PlannedDispatch } from '../../src/core/campaign.ts';
import type { DispatchSpec } from '../../src/core/dispatch.ts';
import type { SpendLimits, UseLimits } from '../../src/core/task.ts';
import type { Random } from './random.ts';
import { OWN, OWN_MODULE, PRESET } from './adapters.ts';
import type { Stage } from './stage.ts';
import { MIB, MISSING_PROGRAM } from './program.ts';

/** The name begins with `halting` where the first failure of class `agent` halts it. */
export function writeCampaign(random: Random, number: number, streams: boolean): Campaign {
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
        ...(streams ? writeTask(own.fork('task')) : {}),
      },
    });
  }
  return {
    name,
    onFailure: halts ? 'halt' : 'continue',
    limits: streams ? writeBudget(random.fork('budget')) : NO_SPEND_LIMITS,
    pools: [{ name: 'work', slots: random.int(1, 4) }],
    dispatches,
  };
}

/** Slots that nobody else uses: who waits for a child must not hold the only slot that it can have. */
export const CHILD_POOL = { name: 'children', slots: 2 } as const;

/** What an attempt of that dispatch adds, whichever attempt it is: the next one names the same again. */
export function writeChildCampaign(random: Random, parent: string): Campaign {
  const names = ['first', 'second'].slice(0, random.pick([1, 1, 2]));
  const retries = { infrastructure: 1, stalled: random.int(0, 1), 'timed-out': 0, agent: 0 };
  const dispatches = names.map((name) => {
    const own = random.fork(name);
    // Some hang for much longer than whoever waits for them may be silent.
    const stallMs = own.fork('stall').pick([1_000, 5_000, 20_000, 180_000, 180_000]);
    const spec = { ...writeSpec(own), ...NO_LIMITS, stallMs, retries, evidenceFiles: [] };
    return { name: `${parent}-${name}`, pool: CHILD_POOL.name, priority: 0, after: [], spec };
  });
  return {
    name: campaignOf(parent),
    onFailure: 'continue',
    limits: NO_SPEND_LIMITS,
    pools: [CHILD_POOL],
    dispatches,
  };
}

export function haveChildrenEnded({ truth }: Stage, parent: string): boolean {
  const campaign = campaignOf(parent);
  const all = [...truth.rows.values()].filter(({ dispatch }) => dispatch.campaign === campaign);
  return all.every(({ dispatch }) => dispatch.state.kind === 'ended');
}

function campaignOf(parent: string): string {
  return `children-of-${parent}`;
}

function writeSpec(random: Random): Omit<DispatchSpec, keyof UseLimits | 'evidenceFiles'> {
  const stallMs = random.pick([1_000, 3_000, 5_000, 10_000, 20_000, 60_000, 180_000]);
  return {
    agent: 'command',
    run: [random.chance(0.04) ? MISSING_PROGRAM : 'agent'],
    task: null,
    workspace: 'shared',
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
    toolBoundMs: 1_800_000,
  };
}

/** Of most dispatches in a world in which agents have streams. */
function writeTask(random: Random): Partial<DispatchSpec> {
  if (random.chance(0.2)) return {};
  const agent = random.pick([PRESET, OWN]);
  return {
    agent,
    task: {
      prompt: 'do it',
      continuePrompt: 'go on',
      model: random.pick([null, 'm1', 'm1', 'm2']),
      args: [],
      module: agent === OWN ? OWN_MODULE : null,
      resume: random.pick(['auto', 'auto', 'auto', 'require', 'never']),
    },
    toolBoundMs: random.pick([2_000, 60_000, 1_800_000]),
    maxTokens: random.chance(0.2) ? random.int(300, 3_000) : null,
  };
}

/** Some that a campaign of a few dispatches reaches. */
function writeBudget(random: Random): SpendLimits {
  return { ...NO_SPEND_LIMITS, maxTokens: random.chance(0.25) ? random.int(300, 6_000) : null };
}

const NO_LIMITS: UseLimits = {
  maxOutputBytes: null,
  maxMemoryBytes: null,
  maxProcesses: null,
  maxTokens: null,
  maxCostUsd: null,
};

/** Some that nobody reaches, some that many do (program.ts). */
function writeLimits(random: Random): UseLimits {
  const often = 0.1;
  return {
    ...NO_LIMITS,
    // Few write so much that it matters.
    maxOutputBytes: random.chance(3 * often) ? random.int(2, 30) * 100 : null,
    maxMemoryBytes: random.chance(often) ? random.int(50, 500) * MIB : null,
    maxProcesses: random.chance(often) ? random.int(1, 4) : null,
  };
}
