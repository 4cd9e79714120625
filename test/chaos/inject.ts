// Owns doing a schedule: each fault at its time, beside whatever else goes on, and what was done written down.
import { setTimeout as pause } from 'node:timers/promises';
import { type Random, createRandom } from '../sim/random.ts';
import * as people from './faults-commands.ts';
import * as places from './faults-places.ts';
import * as signals from './faults-signals.ts';
import type { Fault, FaultName } from './schedule.ts';
import type { Stage } from './stage.ts';

interface Means {
  readonly stage: Stage;
  readonly random: Random;
  readonly undo: places.Undo;
}

type Doing = (fault: Fault, means: Means) => places.Injected | Promise<places.Injected>;

const DOINGS: Readonly<Record<FaultName, Doing>> = {
  'supervisor killed': (f, { stage }) => signals.signalSupervisors(stage, f, 'SIGKILL'),
  'supervisor stopped and continued': (f, { stage }) =>
    signals.signalSupervisors(stage, f, 'SIGSTOP'),
  'supervisor terminated': (f, { stage }) => signals.signalSupervisors(stage, f, 'SIGTERM'),
  'supervisors started at once': (f, { stage, random }) => people.startTogether(stage, f, random),
  'restart storm': (f, { stage, random }) => people.storm(stage, f, random),
  'starter killed': (f, { stage }) => signals.killStarters(stage, f),
  'shims killed': (f, { stage }) => signals.signalShims(stage, f, 'SIGKILL'),
  'shims stopped and continued': (f, { stage }) => signals.signalShims(stage, f, 'SIGSTOP'),
  'shims terminated': (f, { stage }) => signals.signalShims(stage, f, 'SIGTERM'),
  'agents killed': (f, { stage }) => signals.signalAgents(stage, f, 'SIGKILL'),
  'agents stopped and continued': (f, { stage }) => signals.signalAgents(stage, f, 'SIGSTOP'),
  'agents terminated': (f, { stage }) => signals.signalAgents(stage, f, 'SIGTERM'),
  'tools killed': (f, { stage }) => signals.killTools(stage, f),
  'supervisor, shim and agent killed together': (f, { stage }) => signals.killTogether(stage, f),
  'everything killed at once': (f, { stage }) => signals.killEverything(stage, f),
  'ledger locked': (f, { stage, undo }) => places.lockLedger(stage, f, undo),
  'ledger read-only': (f, { stage, undo }) => places.makeReadOnly(stage, f, undo),
  'disk full': (f, { stage, undo }) => places.fillDisk(stage, f, undo),
  'no room for the supervisor': (f, { stage, undo }) => places.limitFiles(stage, f, undo),
  'run directory removed': (f, { stage }) =>
    places.damage(stage, f, { part: 'directory', how: 'removed' }),
  'record removed': (f, { stage }) => places.damage(stage, f, { part: 'record', how: 'removed' }),
  'record truncated': (f, { stage }) =>
    places.damage(stage, f, { part: 'record', how: 'truncated' }),
  'output removed': (f, { stage }) => places.damage(stage, f, { part: 'output', how: 'removed' }),
  'output truncated': (f, { stage }) =>
    places.damage(stage, f, { part: 'output', how: 'truncated' }),
  'deadline and leases removed': (f, { stage }) =>
    places.damage(stage, f, { part: 'leases', how: 'removed' }),
  'clock set': (f, { stage, undo }) => places.setClock(stage, f, undo),
  stop: (f, { stage }) => people.stop(stage, f, []),
  'stop without grace': (f, { stage }) => people.stop(stage, f, ['--grace', '0s']),
  retry: (f, { stage }) => people.retry(stage, f),
  extend: (f, { stage }) => people.extend(stage, f),
  'pool paused and resumed': (f, { stage }) => people.pausePool(stage, f),
  reap: (_, { stage }) => people.reap(stage),
  'what the brake held confirmed': (_, { stage }) => people.confirm(stage),
  clean: (_, { stage }) => people.clean(stage),
  'commands killed': (f, { stage }) => people.killCommands(stage, f),
};

/** How often somebody looks whether anybody supervises, and how long nobody may. */
const KEEP_EVERY_MS = 400;
const ALONE_MS_MAX = 1_500;

/**
 * Submits the campaigns, injects the faults and keeps the herd supervised, until the length of the plan is over and the
 * last fault is undone.
 *
 * @param signal aborted: everything is undone at once
 */
export async function inject(
  stage: Stage,
  schedule: readonly Fault[],
  signal: AbortSignal,
): Promise<void> {
  const { plan } = stage;
  const startedAt = performance.now();
  const until = async (atMs: number) => {
    await pause(Math.max(0, atMs - (performance.now() - startedAt)), undefined, { signal });
  };
  const undo = undoing(signal);
  const random = createRandom(plan.seed).fork('people');
  const faults = schedule.map(async (fault) => {
    await until(fault.atMs);
    const means = { stage, undo, random: random.fork(String(fault.id)) };
    await injectOne(fault, means);
  });
  const submissions = plan.campaigns.map(async ({ campaign, atMs }) => {
    await until(atMs);
    await stage.drover(['run', stage.file(campaign), '--detach']);
  });
  const keeper = random.fork('keeper');
  const over = new AbortController();
  const keeping = (async () => {
    while (!over.signal.aborted) await keepSupervised(stage, keeper);
  })();
  try {
    await Promise.all([...faults, ...submissions, until(plan.lengthMs)]);
  } finally {
    over.abort();
    await keeping;
  }
}

async function injectOne(fault: Fault, means: Means): Promise<void> {
  const { fault: name, id } = fault;
  const { stage } = means;
  let done = await DOINGS[name](fault, means);
  for (let tries = 1; done === 0 && tries < TRIES_MAX; tries += 1) {
    await pause(TRY_AGAIN_MS);
    done = await DOINGS[name](fault, means);
  }
  if (typeof done === 'number') stage.log({ fault: id, what: 'injected', name, count: done });
  else stage.log({ fault: id, what: 'skipped', name, because: done.skipped });
}

async function keepSupervised(stage: Stage, random: Random): Promise<void> {
  await pause(KEEP_EVERY_MS);
  if (stage.supervisors().length > 0) return;
  await pause(random.int(0, ALONE_MS_MAX));
  if (stage.supervisors().length === 0) people.superviseSomehow(stage, random);
}

/** Where nobody is there whom it could meet it waits for somebody, for a while. */
const TRIES_MAX = 12;
const TRY_AGAIN_MS = 250;

function undoing(signal: AbortSignal): places.Undo {
  return {
    add: (undo) => {
      let isUndone = false;
      const once = () => {
        signal.removeEventListener('abort', once);
        if (!isUndone) undo();
        isUndone = true;
      };
      signal.addEventListener('abort', once);
      return once;
    },
  };
}
