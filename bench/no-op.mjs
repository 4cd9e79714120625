// Owns the row `no-op`: what a dispatch costs that does nothing, against peers that promise less.
import { figure, median, ratio, skipped } from './figures.mjs';
import { HAS_PROC } from './lab.mjs';
import { drover } from './peers/drover.mjs';
import { parallel, spawnLoop } from './peers/lists.mjs';
import { taskSpooler } from './peers/task-spooler.mjs';

const COUNT = 200;
const SLOTS = 4;
const ROUNDS = 5;
const BUDGETS = new Map([
  [parallel, 1],
  [taskSpooler, undefined],
]);

export const noOp = {
  name: 'no-op',
  about: `${COUNT} dispatches that do nothing, ${SLOTS} slots, full durability, whole process`,
  async measure(lab) {
    const installed = [...BUDGETS.keys()].filter((peer) => peer.version() !== null);
    const contestants = [drover, spawnLoop, ...installed];
    const times = new Map(contestants.map((one) => [one, []]));
    // One after the other in each round, so that a machine that changes its speed changes it for all.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const one of contestants) {
        const time = await one.noOps(lab, COUNT, SLOTS);
        if (round > 0) times.get(one).push(time);
      }
    }
    return figuresOf(times);
  },
};

function figuresOf(times) {
  const wall = (one) => times.get(one).map(({ ms }) => ms);
  const cpu = (one) => times.get(one).map(({ cpuMs }) => cpuMs);
  const ours = wall(drover);
  const figures = [
    figure('drover run', median(ours), 'ms'),
    figure('bare Node spawn loop', median(wall(spawnLoop)), 'ms'),
    figure('drover / spawn loop', ratio(ours, wall(spawnLoop)), 'x', { budget: 2.5 }),
  ];
  if (HAS_PROC) {
    figures.push(
      figure('CPU of drover run, each dispatch', median(cpu(drover)) / COUNT, 'ms'),
      figure('CPU of the spawn loop, each', median(cpu(spawnLoop)) / COUNT, 'ms'),
    );
  }
  for (const [peer, budget] of BUDGETS) {
    if (!times.has(peer)) {
      figures.push(skipped(`drover / ${peer.name}`, `${peer.name} is not installed`));
      continue;
    }
    figures.push(figure(peer.name, median(wall(peer)), 'ms'));
    figures.push(figure(`drover / ${peer.name}`, ratio(ours, wall(peer)), 'x', { budget }));
  }
  return figures;
}
