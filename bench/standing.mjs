// Owns the rows `idle`, `herd` and `recovery`: what it costs to watch, and to find everything again.
import { existsSync, readFileSync } from 'node:fs';
import { processesWith } from '../demo/processes.mjs';
import { figure, median, skipped } from './figures.mjs';
import * as lab from './lab.mjs';

const AGENTS = 200;
/** A herd of a night; the row `standing` has the one that fills a machine. */
const QUIET = 40;
const WATCHED_MS = 20_000;
const LAG_MS = 10_000;
/** From the start to a steady state: the code is compiled, the heap has its size. */
const SETTLED_MS = 3_000;
const CRASHES = 3;
const LAG_PROBE = new URL('lag-probe.mjs', import.meta.url).href;

export const idle = {
  name: 'idle',
  about: `a supervisor with nothing to do, then of ${QUIET} quiet agents`,
  async measure({ herd }) {
    if (!lab.HAS_PROC) return [skipped('CPU of the supervisor', 'read from /proc')];
    const own = herd();
    const supervisor = own.up();
    await lab.pause(SETTLED_MS);
    const percent = await lab.cpuShare(supervisor.pid, WATCHED_MS);
    const resident = lab.residentMiB(supervisor.pid);
    await fillWithSleepers(own, QUIET);
    await lab.pause(SETTLED_MS);
    const quiet = await lab.cpuShare(supervisor.pid, 3 * WATCHED_MS);
    await own.drover('stop', '--all', '--grace', '100ms');
    await supervisor.end('SIGTERM');
    return [
      figure('CPU of the supervisor', percent, '% of a core', { budget: 0.5 }),
      figure('RSS of the supervisor', resident, 'MiB'),
      figure(`CPU with ${QUIET} quiet agents`, quiet, '% of a core', { budget: 0.5 }),
    ];
  },
};

export const standing = {
  name: 'standing',
  about: `${AGENTS} running agents that sleep, for ${WATCHED_MS / 1_000} s`,
  async measure({ herd }) {
    if (!lab.HAS_PROC) return [skipped('CPU and RSS of the supervisor', 'read from /proc')];
    const own = herd();
    const lagFile = own.path('lag.json');
    const supervisor = own.up({ NODE_OPTIONS: `--import=${LAG_PROBE}`, BENCH_LAG_FILE: lagFile });
    await fillWithSleepers(own, AGENTS);
    await lab.pause(SETTLED_MS);
    const [percent, resident] = await Promise.all([
      lab.cpuShare(supervisor.pid, WATCHED_MS),
      lab.sample(WATCHED_MS, 500, () => lab.residentMiB(supervisor.pid)),
    ]);
    const late = await measureLag(supervisor, lagFile);
    const figures = [
      figure('RSS of the supervisor, most', Math.max(...resident), 'MiB', { budget: 100 }),
      figure('CPU of the supervisor', percent, '% of a core', { budget: 3 }),
      figure('its event loop is late, median', late.medianMs, 'ms'),
      figure('the same, 99th percentile', late.p99Ms, 'ms'),
      figure('the same, most', late.maxMs, 'ms'),
    ];
    await own.drover('stop', '--all', '--grace', '100ms');
    await supervisor.end('SIGTERM');
    return figures;
  },
};

const SHIM_MIB = { subreaper: 6, sh: 2 };
const SHIMS = 10;

export const shims = {
  name: 'shims',
  about: `the memory of ${SHIMS} shims of each containment tier`,
  async measure({ herd }) {
    if (!lab.HAS_PROC) return [skipped('memory of a shim', 'read from /proc')];
    const figures = [];
    for (const [tier, budget] of Object.entries(SHIM_MIB)) {
      const own = herd();
      const { containment } = await own.json('doctor');
      if (!containment.tiers.some(({ name, available }) => name === tier && available)) {
        figures.push(skipped(`RSS of a shim, tier ${tier}`, 'this machine has not got that tier'));
        continue;
      }
      const supervisor = own.up({}, '--containment', tier);
      await fillWithSleepers(own, SHIMS);
      const pids = shimsOf(own);
      const resident = median(pids.map(lab.residentMiB));
      const proportional = median(pids.map(lab.proportionalMiB));
      figures.push(
        figure(`RSS of a shim, tier ${tier}, median`, resident, 'MiB', { budget }),
        figure(`PSS of a shim, tier ${tier}, median`, proportional, 'MiB'),
      );
      await own.drover('stop', '--all', '--grace', '100ms');
      await supervisor.end('SIGTERM');
    }
    return figures;
  },
};

async function measureLag(supervisor, lagFile) {
  process.kill(supervisor.pid, 'SIGUSR2');
  await lab.pause(LAG_MS);
  process.kill(supervisor.pid, 'SIGUSR2');
  await lab.until('the probe has written', () => existsSync(lagFile));
  return JSON.parse(readFileSync(lagFile, 'utf8'));
}

export const recovery = {
  name: 'recovery',
  about: `kill -9 of the supervisor of ${AGENTS} live agents, ${CRASHES} times`,
  async measure({ herd }) {
    if (!lab.HAS_PROC) return [skipped('recovery after SIGKILL', 'processes are counted in /proc')];
    const own = herd();
    let supervisor = own.up();
    await fillWithSleepers(own, AGENTS - 1);
    const times = [];
    for (let crash = 1; crash <= CRASHES; crash++) {
      await addPair(own, crash);
      await supervisor.end('SIGKILL');
      // The first of the pair ends while nobody supervises; the second waits for its slot.
      own.write(`end-${crash}`, '');
      await lab.until('its exit is on record', () => shimsOf(own).length === AGENTS - 1);
      supervisor = own.up();
      times.push(await timesOf(own, supervisor, crash));
    }
    const starts = readFileSync(own.path('starts'), 'utf8').trim().split('\n');
    const alive = shimsOf(own).length;
    await own.drover('stop', '--all', '--grace', '100ms');
    await supervisor.end('SIGTERM');
    const medianOf = (key) => median(times.map((one) => one[key]));
    return [
      figure('from its start to the first decision, median', medianOf('decidedMs'), 'ms', {
        budget: 1_000,
      }),
      figure('to the last adoption, median', medianOf('adoptedMs'), 'ms', { budget: 3_000 }),
      figure('to the start of the next agent, median', medianOf('startedMs'), 'ms'),
      figure('agents started twice', starts.length - new Set(starts).size, '', { budget: 0 }),
      figure('agents lost', AGENTS - 1 - alive, '', { budget: 0 }),
    ];
  },
};

/** All slots are taken with the first of the pair; the second starts once that one has ended. */
async function addPair(own, crash) {
  const first = `while [ ! -e '${own.path(`end-${crash}`)}' ]; do sleep 0.05; done`;
  const second = `date +%s%3N >'${own.path(`started-${crash}`)}'`;
  const pair = [
    ['sh', '-c', first],
    ['sh', '-c', second],
  ];
  const file = own.writeCampaign(`pair-${crash}`, AGENTS, pair, 'herd');
  await own.drover('run', file, '--detach');
  await lab.until('all slots are taken', async () => {
    const states = (await own.json('ps')).map(({ state }) => state);
    return states.filter((state) => state === 'running').length === AGENTS;
  });
}

/** The supervisor dates its events; the agent dates its start. */
async function timesOf(own, { startedAt }, crash) {
  const journal = own.path(`started-${crash}`);
  await lab.until(
    'the second of the pair has run',
    () => existsSync(journal) && readFileSync(journal, 'utf8') !== '',
  );
  const lines = (await own.drover('events', '--json')).trim().split('\n');
  const events = lines
    .map((line) => JSON.parse(line))
    .filter(({ at }) => Date.parse(at) >= startedAt);
  const lastOf = (type) =>
    Date.parse(events.findLast((event) => event.type === type).at) - startedAt;
  const firstOf = (type) => Date.parse(events.find((event) => event.type === type).at) - startedAt;
  const adopted = events.filter(({ type }) => type === 'attempt.adopted').length;
  if (adopted !== AGENTS - 1) throw new Error(`${adopted} of ${AGENTS - 1} agents were adopted`);
  return {
    decidedMs: firstOf('dispatch.ended'),
    adoptedMs: lastOf('attempt.adopted'),
    startedMs: Number(readFileSync(journal, 'utf8')) - startedAt,
  };
}

/** Agents that write down that they started, and sleep. */
async function fillWithSleepers(own, count) {
  const line = `echo "$0" >>'${own.path('starts')}'; exec sleep 900`;
  const commands = Array.from({ length: count }, (_, n) => ['sh', '-c', line, `n${n}`]);
  const file = own.writeCampaign('sleepers', AGENTS, commands, 'herd');
  await lab.until('the supervisor is up', async () => (await own.json('doctor')).supervisor.alive);
  await own.drover('run', file, '--detach');
  await lab.until('all of them run', async () => {
    const rows = await own.json('ps');
    return rows.length === count && rows.every(({ state }) => state === 'running');
  });
}

/** @returns {number[]} their pids */
function shimsOf({ stateDir }) {
  const own = processesWith(`DROVER_STATE_DIR=${stateDir}`).map(({ pid }) => pid);
  return own.filter((pid) => /\bdrover-shim\b|\bshim\.sh\b/.test(lab.commandLine(pid)));
}
