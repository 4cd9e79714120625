// Owns the row `round`: what one look at everybody costs, and how long it keeps everything else waiting.
import { fileURLToPath } from 'node:url';
import { figure, median, quantile, skipped } from './figures.mjs';
import * as lab from './lab.mjs';

const AGENTS = 200;
const CHILDREN = 4;
/** What leaks at every round shows in a few hundred; `--full` takes its time. */
const ROUNDS = 500;
const ROUNDS_FULL = 10_000;
const WATCHED_MS = 30_000;
const SETTLED_MS = 3_000;
const PROBE = fileURLToPath(new URL('round-probe.mjs', import.meta.url));

export const round = {
  name: 'round',
  about: `evidence of ${AGENTS} quiet agents with ${CHILDREN} children each`,
  async measure({ herd }, { full }) {
    if (!lab.HAS_PROC) return [skipped('a round of evidence', 'processes are counted in /proc')];
    const own = herd();
    const supervisor = own.up();
    await fillWithTrees(own);
    await lab.pause(SETTLED_MS);
    const percent = await lab.cpuShare(supervisor.pid, WATCHED_MS);
    await supervisor.end('SIGTERM');
    const rounds = full ? ROUNDS_FULL : ROUNDS;
    const seen = JSON.parse(await own.node('--expose-gc', PROBE, own.stateDir, String(rounds)));
    const wanted = AGENTS * (CHILDREN + 1);
    if (seen.attempts !== AGENTS || seen.processes !== wanted) {
      throw new Error(`${seen.processes} of ${wanted} processes were seen`);
    }
    await own.drover('stop', '--all', '--grace', '100ms');
    const longest = (key) => seen.blocks.map((one) => one[key]);
    return [
      figure('CPU of one round, median', median(seen.cpuMs), 'ms', { budget: 60 }),
      figure('the same, 99th percentile', quantile(seen.cpuMs, 0.99), 'ms'),
      figure('its longest block of the event loop, CPU, median', median(longest('cpuMs')), 'ms'),
      figure('the same, 99th percentile', quantile(longest('cpuMs'), 0.99), 'ms'),
      figure('the same, most', Math.max(...longest('cpuMs')), 'ms', { budget: 10 }),
      figure('the same by the clock, median', median(longest('ms')), 'ms'),
      figure(`growth of RSS over ${rounds} rounds`, seen.grownMiB, 'MiB', { budget: 5 }),
      figure('CPU of the supervisor of this herd', percent, '% of a core', { budget: 3 }),
    ];
  },
};

/** Agents that wait for children that sleep. */
async function fillWithTrees(own) {
  const line = `${'sleep 900 & '.repeat(CHILDREN)}wait`;
  const commands = Array.from({ length: AGENTS }, () => ['sh', '-c', line]);
  const file = own.writeCampaign('trees', AGENTS, commands);
  await lab.until('the supervisor is up', async () => (await own.json('doctor')).supervisor.alive);
  await own.drover('run', file, '--detach');
  await lab.until('all of them run', async () => {
    const rows = await own.json('ps');
    return rows.length === AGENTS && rows.every(({ state }) => state === 'running');
  });
}
