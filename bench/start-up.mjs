// Owns the rows `version` and `ps`: how long commands take that only look, against an empty program.
import { figure, median, ratio } from './figures.mjs';
import { NOTHING, until } from './lab.mjs';

const ROUNDS = 11;
const DISPATCHES = 10_000;

export const version = {
  name: 'version',
  about: 'drover --version',
  async measure(lab) {
    const { ours, empty } = await race(lab, lab.herd(), ['--version']);
    return [
      figure('node -e 0', median(empty), 'ms'),
      figure('drover --version', median(ours), 'ms'),
      figure('drover --version / node -e 0', ratio(ours, empty), 'x', { budget: 2 }),
    ];
  },
};

export const ps = {
  name: 'ps',
  about: `drover ps with ${DISPATCHES} dispatches in the ledger`,
  async measure(lab) {
    const herd = lab.herd();
    await fill(herd);
    const open = await race(lab, herd, ['ps']);
    await herd.drover('stop', '--campaign', 'many');
    const someOpen = await race(lab, herd, ['ps']);
    const ended = await race(lab, herd, ['ps', '--all']);
    return [
      figure('node -e 0', median(open.empty), 'ms'),
      ...both('drover ps, all of them open', open),
      ...both('drover ps, all of them ended', someOpen),
      ...both('drover ps --all, all of them ended', ended, {}),
    ];
  },
};

function both(what, { ours, empty }, more = { budget: 2 }) {
  return [
    figure(what, median(ours), 'ms'),
    figure(`${what} / node -e 0`, ratio(ours, empty), 'x', more),
  ];
}

/** Queued in a pool that is paused, and nobody supervises. */
async function fill(herd) {
  await herd.drover('run', herd.writeCampaign('first', 1, [[NOTHING]]));
  await herd.drover('pause', 'first');
  const runs = Array.from({ length: DISPATCHES }, (_, n) => [NOTHING, String(n)]);
  await herd.drover('run', herd.writeCampaign('many', 1, runs, 'first'), '--detach');
  await herd.drover('down');
  await until('nobody supervises', async () => !(await herd.json('doctor')).supervisor.alive);
}

/** Turn by turn. @returns the times of each, ms */
async function race(lab, herd, words) {
  const ours = [];
  const empty = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const { ms: own } = await herd.timeDrover(...words);
    const { ms: other } = await lab.time(process.execPath, ['-e', '0']);
    // The first round warms the caches of the disk.
    if (round === 0) continue;
    ours.push(own);
    empty.push(other);
  }
  return { ours, empty };
}
