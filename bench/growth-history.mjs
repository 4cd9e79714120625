// Owns the growth row `ledger`: what a history of ended dispatches costs those that come after it.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './figures.mjs';
import { NOTHING } from './lab.mjs';

const SIZES = [100, 1_000, 5_000];
const SLOTS = 4;
const NEW = 200;
const ROUNDS = 3;
const LOOKS = 5;

export const history = {
  name: 'ledger',
  about: `${SIZES.join(', ')} ended dispatches in the ledger`,
  columns: SIZES.map(String),
  notes: [
    'Dispatches that have ended; each column is filled up by one campaign of no-ops, which wait for their turn meanwhile.',
    'ps asks an index for what is open, so that history costs it nothing; ps --all prints every row.',
    'A claim asks for the live rows of its pool and the next in the queue, by index: neither history nor backlog counts.',
  ],
  async measure(lab) {
    const own = lab.herd();
    const columns = [];
    for (const [at, size] of SIZES.entries()) {
      const more = size - (SIZES[at - 1] ?? 0);
      const { ms } = await own.timeDrover('run', noOps(own, `fill-${size}`, more));
      const rows = await own.json('ps', '--all');
      if (rows.length !== size) throw new Error(`${rows.length} of ${size} dispatches are there`);
      columns.push({
        fill: ms / more,
        ps: await look(own, ['ps']),
        all: await look(own, ['ps', '--all']),
        run: (await runBeside(lab, own)) / NEW,
      });
    }
    const row = (what, pick) => ({ what, unit: 'ms', cells: columns.map(pick) });
    return [
      row('drover ps', ({ ps }) => ps),
      row('drover ps --all', ({ all }) => all),
      row(`${NEW} no-ops beside them, each`, ({ run }) => run),
      row('no-ops that fill it up to here, each', ({ fill }) => fill),
    ];
  },
};

function noOps(herd, name, count) {
  const runs = Array.from({ length: count }, () => [NOTHING]);
  return herd.writeCampaign(name, SLOTS, runs, 'herd');
}

async function look(own, words) {
  const times = [];
  for (let n = 0; n <= LOOKS; n++) times.push((await own.timeDrover(...words)).ms);
  // The first warms the caches of the disk.
  return median(times.slice(1));
}

/**
 * Each in a copy of the herd as it is after `drover clean`, so that the history stays as long as it is.
 *
 * @returns ms, median
 */
async function runBeside(lab, { stateDir }) {
  const times = [];
  for (let n = 0; n < ROUNDS; n++) {
    const copy = lab.herd();
    const runs = join(stateDir, 'runs');
    cpSync(stateDir, copy.stateDir, { recursive: true, filter: (path) => path !== runs });
    times.push((await copy.timeDrover('run', noOps(copy, 'beside', NEW))).ms);
  }
  return median(times);
}
