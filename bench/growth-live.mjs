// Owns the growth row `live`: what running agents cost their supervisor.
import { fileURLToPath } from 'node:url';
import { endProcessesWith } from '../demo/processes.mjs';
import { median, quantile } from './figures.mjs';
import * as lab from './lab.mjs';

const SIZES = [10, 100, 500];
const SETTLED_MS = 3_000;
const WATCHED_MS = 15_000;
const ROUNDS = 50;
const LOOK_EVERY_MS = 300;
const SECONDS_PER_MINUTE = 60;
const PERCENT = 100;
const PROBE = fileURLToPath(new URL('round-probe.mjs', import.meta.url));

export const live = {
  name: 'live',
  about: `${SIZES.join(', ')} live attempts that sleep`,
  columns: SIZES.map(String),
  notes: [
    'Agents of one process that say nothing. A round looks at all of them, as the supervisor does each 10 s; its CPU is',
    'taken apart, by the same code: it grows with the processes that are to be read, and the supervisor with its rounds.',
  ],
  async measure({ herd }) {
    const own = herd();
    const columns = [];
    for (const [at, size] of SIZES.entries()) {
      const supervisor = own.up();
      const startMs = await addSleepers(own, size, size - (SIZES[at - 1] ?? 0));
      await lab.pause(SETTLED_MS);
      const percent = await lab.cpuShare(supervisor.pid, WATCHED_MS);
      const resident = lab.residentMiB(supervisor.pid);
      await supervisor.end('SIGTERM');
      const rounds = [String(ROUNDS), String(ROUNDS)];
      const text = await own.node('--expose-gc', PROBE, own.stateDir, ...rounds);
      const { attempts, cpuMs, blocks } = JSON.parse(text);
      if (attempts !== size) throw new Error(`${attempts} of ${size} attempts were seen`);
      columns.push({ percent, resident, startMs, cpuMs, blocks });
    }
    endProcessesWith(`DROVER_STATE_DIR=${own.stateDir}`);
    const row = (what, unit, pick) => ({ what, unit, cells: columns.map(pick) });
    return [
      row('CPU of the supervisor in a minute', 's', ({ percent }) => {
        return (percent / PERCENT) * SECONDS_PER_MINUTE;
      }),
      row('RSS of the supervisor', 'MiB', ({ resident }) => resident),
      row('CPU of one round, median', 'ms', ({ cpuMs }) => median(cpuMs)),
      row('the same, 99th percentile', 'ms', ({ cpuMs }) => quantile(cpuMs, 0.99)),
      row('its longest block of the event loop, median', 'ms', ({ blocks }) => {
        return median(blocks.map((one) => one.cpuMs));
      }),
      row('start of one more beside those before', 'ms', ({ startMs }) => startMs),
    ];
  },
};

/** @returns ms for each, by the ledger's moments of the hand-over and of the last start */
async function addSleepers(own, size, count) {
  await lab.until('the supervisor is up', async () => (await own.json('doctor')).supervisor.alive);
  const commands = Array.from({ length: count }, () => ['sleep', '900']);
  const campaign = `up-to-${size}`;
  const file = own.writeCampaign(campaign, SIZES.at(-1), commands, 'herd');
  await own.drover('run', file, '--detach');
  const rows = await lab.until('all of them run', async () => {
    // Each look takes time of the processor that the start of agents needs.
    await lab.pause(LOOK_EVERY_MS);
    const all = await own.json('ps');
    return all.length === size && all.every(({ state }) => state === 'running') && all;
  });
  const added = rows.filter((row) => row.campaign === campaign);
  const moments = (key) => added.map((row) => Date.parse(row[key]));
  return (Math.max(...moments('startedAt')) - Math.min(...moments('createdAt'))) / count;
}
