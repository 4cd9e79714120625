// Owns the row `sweep`: how long a look at everybody on the machine keeps a supervisor from everything else.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { figure, skipped } from './figures.mjs';
import * as lab from './lab.mjs';

const OTHERS = 1_000;
const SETTLED_MS = 3_000;
const LAG_MS = 20_000;
const LAG_PROBE = new URL('lag-probe.mjs', import.meta.url).href;

export const sweep = {
  name: 'sweep',
  about: `a supervisor that sweeps each second, beside ${OTHERS} other processes`,
  async measure({ herd, crowd }) {
    if (!lab.HAS_PROC) return [skipped('a sweep', 'processes are read from /proc')];
    const others = await crowd(OTHERS);
    const own = herd();
    mkdirSync(own.stateDir, { mode: 0o700 });
    writeFileSync(`${own.stateDir}/config.yaml`, 'sweep: 1s\n', { mode: 0o600 });
    const lagFile = own.path('lag.json');
    const supervisor = own.up({ NODE_OPTIONS: `--import=${LAG_PROBE}`, BENCH_LAG_FILE: lagFile });
    await lab.until(
      'the supervisor is up',
      async () => (await own.json('doctor')).supervisor.alive,
    );
    await lab.pause(SETTLED_MS);
    process.kill(supervisor.pid, 'SIGUSR2');
    const percent = await lab.cpuShare(supervisor.pid, LAG_MS);
    process.kill(supervisor.pid, 'SIGUSR2');
    await lab.until('the probe has written', () => existsSync(lagFile));
    const late = JSON.parse(readFileSync(lagFile, 'utf8'));
    await supervisor.end('SIGTERM');
    await others.end();
    return [
      figure('its event loop is late, 99th percentile', late.p99Ms, 'ms', { budget: 10 }),
      figure('the same, most', late.maxMs, 'ms', { budget: 10 }),
      figure('CPU of a sweep each second', percent, '% of a core'),
    ];
  },
};
