// Owns Drover beside its peers: the same questions, through its command line.
import { readFileSync } from 'node:fs';
import { NOTHING, until } from '../lab.mjs';

const DESCRIBED = new URL('../../package.json', import.meta.url);

export const drover = {
  name: 'Drover',
  install: '',
  version: () => JSON.parse(readFileSync(DESCRIBED, 'utf8')).version,
  isQueue: true,
  async noOps(lab, count, slots) {
    const herd = lab.herd();
    const runs = Array.from({ length: count }, () => [NOTHING]);
    const file = herd.writeCampaign('no-op', slots, runs);
    const time = await herd.timeDrover('run', file);
    const ended = await herd.json('ps', '--all');
    const succeeded = ended.filter(({ outcome }) => outcome === 'succeeded').length;
    if (succeeded !== count) throw new Error(`only ${succeeded} of ${count} dispatches succeeded`);
    return time;
  },
  open(lab) {
    const herd = lab.herd();
    let supervisor;
    return {
      marker: `DROVER_STATE_DIR=${herd.stateDir}`,
      async begin(tasks, slots) {
        supervisor = herd.up();
        await until('it is up', async () => (await herd.json('doctor')).supervisor.alive);
        await herd.drover('run', herd.writeCampaign('tasks', slots, tasks), '--detach');
      },
      main: () => supervisor.pid,
      restart: async () => {
        supervisor = herd.up();
      },
      async exitCode(task) {
        const rows = await herd.json('ps', '--all');
        return rows.find(({ name }) => name === `n${task}`)?.exitCode ?? null;
      },
      stop: async () => {
        await herd.drover('stop', '--all', '--grace', '1s');
      },
    };
  },
};
