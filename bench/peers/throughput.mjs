// Owns the row `throughput`: what a task costs that does nothing.
import { median, ratio } from '../figures.mjs';
import { ABSENT } from './ask.mjs';

const COUNT = 200;
const SLOTS = 4;
const ROUNDS = 5;
export const NO_QUEUE = 'no queue';

export const throughput = {
  name: 'throughput',
  about: `${COUNT} tasks that do nothing, ${SLOTS} at a time, ${ROUNDS} rounds`,
  notes: [
    'Drover writes each claim and each end to disk before it goes on; parallel writes a line for each job,',
    'task-spooler keeps ends in memory, xargs and the loop keep nothing. supervisord and pm2 have neither queue nor cap.',
  ],
  async measure(lab, peers) {
    const runs = peers.filter(({ isQueue, version }) => isQueue && version !== null);
    const times = new Map(runs.map(({ name }) => [name, []]));
    // One after the other in each round, so that a machine that changes its speed changes it for all.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const { name, noOps } of runs) {
        const { ms } = await noOps(lab, COUNT, SLOTS);
        if (round > 0) times.get(name).push(ms);
      }
    }
    const [ours] = times.values();
    const cells = (pick) =>
      peers.map(({ name, version, isQueue }) => {
        if (version === null) return ABSENT;
        return isQueue ? pick(times.get(name)) : NO_QUEUE;
      });
    return [
      { what: `${COUNT} no-ops, ${SLOTS} slots`, unit: 'ms', cells: cells(median) },
      { what: 'the same for each', unit: 'ms', cells: cells((all) => median(all) / COUNT) },
      {
        what: 'Drover takes so many times as long',
        unit: 'x',
        cells: cells((all) => ratio(ours, all)),
      },
    ];
  },
};
