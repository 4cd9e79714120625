// Owns the row `burden`: what a peer takes of the machine while 200 tasks do nothing.
import * as lab from '../lab.mjs';
import { askEach, line } from './ask.mjs';
import { processesWith } from '../../demo/processes.mjs';

const TASKS = 200;
const SLEEP = ['sleep', '900'];
const SETTLED_MS = 2_000;
/** What pm2 does each 30 s is to be seen, what Drover does each 10 s, too. */
const WATCHED_MS = { pm2: 31_000, Drover: 20_000 };
const WATCHED_ELSE_MS = 6_000;
const KIB_PER_MIB = 1_024;

export const burden = {
  name: 'burden',
  about: `memory and CPU with ${TASKS} running tasks that sleep`,
  notes: [
    'PSS counts pages that processes share in equal parts, those of other programs of the machine, too.',
    'A wrapper lives beside each task: it can outlive the main process, and say how the task ended.',
    'CPU is that of main process and wrappers, without tasks. Of these only Drover looks at what tasks do.',
  ],
  async measure(bench, peers) {
    const answers = await askEach(bench, peers, weigh);
    return [
      line('main process, RSS', 'MiB', answers, ({ main }) => main.resident),
      line('main process, PSS', 'MiB', answers, ({ main }) => main.proportional),
      line('wrapper of each task, RSS', 'MiB', answers, ({ each }) => each.resident),
      line('wrapper of each task, PSS', 'KiB', answers, ({ each }) => {
        return each.proportional * KIB_PER_MIB;
      }),
      line(`everything but ${TASKS} tasks, PSS`, 'MiB', answers, ({ all }) => all),
      line(`CPU with ${TASKS} tasks that sleep`, '% of a core', answers, ({ cpu }) => cpu),
    ];
  },
};

async function weigh(place, { name }) {
  await place.begin(
    Array.from({ length: TASKS }, () => SLEEP),
    TASKS,
  );
  const pids = await lab.until('all tasks run', () => {
    const all = processesWith(place.marker).map(({ pid }) => pid);
    const rest = all.filter((pid) => lab.commandLine(pid).trim() !== SLEEP.join(' '));
    return all.length - rest.length === TASKS && rest;
  });
  await lab.pause(SETTLED_MS);
  const main = place.main();
  // Clients that have only handed something over are gone by now.
  const wrappers = pids.filter((pid) => pid !== main && lab.commandLine(pid) !== '');
  const sum = (weight) => wrappers.reduce((total, pid) => total + weight(pid), 0);
  const proportional = { main: lab.proportionalMiB(main), wrappers: sum(lab.proportionalMiB) };
  return {
    main: { resident: lab.residentMiB(main), proportional: proportional.main },
    each: { resident: sum(lab.residentMiB) / TASKS, proportional: proportional.wrappers / TASKS },
    all: proportional.main + proportional.wrappers,
    cpu: await lab.cpuShare([main, ...wrappers], WATCHED_MS[name] ?? WATCHED_ELSE_MS),
  };
}
