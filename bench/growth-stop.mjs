// Owns the growth row `stop-all`: how long it takes to end many agents at once that ignore SIGTERM.
import * as lab from './lab.mjs';

const SIZES = [10, 50, 200];
const GRACE_MS = 500;
const LOOK_EVERY_MS = 300;
const STUBBORN = ['sh', '-c', "trap '' TERM; exec sleep 900"];

export const stopAll = {
  name: 'stop-all',
  about: `drover stop --all of ${SIZES.join(', ')} agents that ignore SIGTERM`,
  columns: SIZES.map(String),
  notes: [
    'From the end of the grace to the proof that the last of them has gone, with a supervisor, by its events.',
    'Sixteen trees share each look at what can have changed of the process table, twice at least before their kill.',
  ],
  async measure({ herd }) {
    const times = [];
    for (const size of SIZES) times.push(await stopThem(herd(), size));
    return [
      { what: 'end of the grace to proven zero, all', unit: 'ms', cells: times },
      { what: 'the same for each', unit: 'ms', cells: times.map((ms, at) => ms / SIZES[at]) },
    ];
  },
};

async function stopThem(own, size) {
  const supervisor = own.up();
  await lab.until('the supervisor is up', async () => (await own.json('doctor')).supervisor.alive);
  const commands = Array.from({ length: size }, () => STUBBORN);
  await own.drover('run', own.writeCampaign('stubborn', size, commands), '--detach');
  await lab.until('all of them run', async () => {
    await lab.pause(LOOK_EVERY_MS);
    const rows = await own.json('ps');
    return rows.length === size && rows.every(({ state }) => state === 'running');
  });
  await own.drover('stop', '--all', '--grace', `${GRACE_MS}ms`);
  const lines = (await own.drover('events', '--json')).trim().split('\n');
  const events = lines.map((line) => JSON.parse(line));
  const moments = (type) =>
    events.filter((event) => event.type === type).map(({ at }) => Date.parse(at));
  await supervisor.end('SIGTERM');
  const dueAt = Math.max(...moments('attempt.stopping')) + GRACE_MS;
  return Math.max(...moments('dispatch.ended')) - dueAt;
}
