// Owns the peer pm2: a daemon that keeps programs running. It has no queue and no cap. `npm run peers:install` puts it apart
// from Drover; nothing of ours imports it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPlace } from './place.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = process.env.DROVER_BENCH_PEERS ?? join(ROOT, '.peers');
const PROGRAM = join(FOLDER, 'node_modules/pm2/bin/pm2');
/** It talks through sockets in its home; this switches off that it asks for newer versions of itself. */
const ALONE = { PM2_DISABLE_VERSION_CHECK: 'true', PM2_DISCRETE_MODE: 'true' };
const KILL_TIMEOUT_MS = 1_000;

export const pm2 = {
  name: 'pm2',
  install: 'npm run peers:install',
  version: () => {
    try {
      const described = readFileSync(join(FOLDER, 'node_modules/pm2/package.json'), 'utf8');
      return JSON.parse(described).version;
    } catch {
      return null;
    }
  },
  isQueue: false,
  open(lab) {
    const home = lab.freshDir();
    const place = openPlace(lab, { ...ALONE, PM2_HOME: home });
    const file = `${place.dir}/ecosystem.json`;
    const run = async (...words) => await place.run(process.execPath, [PROGRAM, ...words]);
    return {
      marker: place.marker,
      async begin(tasks) {
        const apps = place.writeTasks(tasks).map((script, n) => ({
          name: `n${n}`,
          script,
          interpreter: '/bin/sh',
          autorestart: false,
          kill_timeout: KILL_TIMEOUT_MS,
        }));
        writeFileSync(file, JSON.stringify({ apps }));
        await run('start', file);
        await run('save');
      },
      main: () => Number(readFileSync(`${home}/pm2.pid`, 'utf8')),
      restart: async () => {
        await run('resurrect');
      },
      async exitCode(task) {
        const { output } = await run('jlist');
        const line = output.split('\n').find((one) => one.startsWith('[{')) ?? '[]';
        const app = JSON.parse(line).find(({ name }) => name === `n${task}`);
        return app?.pm2_env.status === 'stopped' ? (app.pm2_env.exit_code ?? null) : null;
      },
      stop: async () => {
        await run('stop', 'all');
      },
    };
  },
};
