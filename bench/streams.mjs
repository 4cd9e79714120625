// Owns the row `streams`: what it costs to read what agents say, and how soon a limit is heeded.
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figure, skipped } from './figures.mjs';
import * as lab from './lab.mjs';

const AGENTS = 200;
const SETTLED_MS = 5_000;
const WATCHED_MS = 20_000;
const SPEAKER = fileURLToPath(new URL('codex.pl', import.meta.url));

export const streams = {
  name: 'streams',
  about: `${AGENTS} agents that say 1 MB a second together, and one that meets a limit`,
  async measure({ herd }) {
    if (!lab.HAS_PROC) return [skipped('CPU of the supervisor', 'read from /proc')];
    const own = herd();
    const bin = own.path('bin');
    mkdirSync(bin);
    writeFileSync(`${bin}/codex`, `#!/bin/sh\nexec perl '${SPEAKER}' "$@"\n`);
    chmodSync(`${bin}/codex`, 0o755);
    const supervisor = own.up({ PATH: `${bin}:${process.env.PATH}` });
    await lab.until('it is up', async () => (await own.json('doctor')).supervisor.alive);
    await speak(own);
    await lab.pause(SETTLED_MS);
    const before = lab.residentMiB(supervisor.pid);
    const percent = await lab.cpuShare(supervisor.pid, WATCHED_MS);
    const grown = lab.residentMiB(supervisor.pid) - before;
    const heededMs = await meetLimit(own);
    await own.drover('stop', '--all', '--grace', '100ms');
    await supervisor.end('SIGTERM');
    return [
      figure('CPU of the supervisor', percent, '% of a core', { budget: 10 }),
      figure(`growth of its memory in ${WATCHED_MS / 1_000} s`, grown, 'MiB'),
      figure('from a line about a limit to the blocked pool', heededMs, 'ms', { budget: 1_000 }),
    ];
  },
};

async function speak(own) {
  const dispatches = Array.from({ length: AGENTS }, (_, n) => ({ name: `n${n}`, prompt: 'speak' }));
  const limited = { name: 'limited', pool: 'account', prompt: own.path('limit') };
  own.write(
    'speakers.yaml',
    JSON.stringify({
      campaign: 'speakers',
      pools: { herd: { slots: AGENTS }, account: { slots: 1 } },
      defaults: { agent: 'codex', pool: 'herd' },
      dispatches: [...dispatches, limited],
    }),
  );
  await own.drover('run', own.path('speakers.yaml'), '--detach');
  await lab.until('all of them run', async () => {
    const rows = await own.json('ps');
    return rows.length > AGENTS && rows.every(({ state }) => state === 'running');
  });
}

/** The file system dates the line, the supervisor its event. */
async function meetLimit(own) {
  const row = (await own.json('ps')).find(({ name }) => name === 'limited');
  own.write('limit', '');
  const blocked = await lab.until('its pool is blocked', async () => {
    const lines = (await own.drover('events', '--json')).trim().split('\n');
    return lines.map((line) => JSON.parse(line)).find(({ type }) => type === 'pool.blocked');
  });
  const said = statSync(`${own.stateDir}/runs/${row.id}.${row.fence}/stdout`).mtimeMs;
  return Date.parse(blocked.at) - said;
}
