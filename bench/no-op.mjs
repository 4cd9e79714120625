// Owns the row `no-op`: what a dispatch costs that does nothing, against peers that promise less.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figure, median, ratio, skipped } from './figures.mjs';

const COUNT = 200;
const SLOTS = 4;
const ROUNDS = 5;
const LOOP = fileURLToPath(new URL('spawn-loop.mjs', import.meta.url));
/** `true` of the system, not of a shell. */
const NOTHING = '/bin/true';

export const noOp = {
  name: 'no-op',
  about: `${COUNT} dispatches that do nothing, ${SLOTS} slots, full durability, whole process`,
  async measure(lab) {
    const contestants = [
      { name: 'drover run', run: runDrover },
      { name: 'bare Node spawn loop', run: runLoop },
      ...peers(),
    ];
    const times = new Map(contestants.map(({ name }) => [name, []]));
    // One after the other in each round, so that a machine that changes its speed changes it for all.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const { name, run } of contestants) {
        const ms = await run(lab);
        if (round > 0) times.get(name).push(ms);
      }
    }
    return figuresOf(times);
  },
};

function figuresOf(times) {
  const ours = times.get('drover run');
  const loop = times.get('bare Node spawn loop');
  const perDispatch = median(ours.map((ms, round) => (ms - loop[round]) / COUNT));
  const figures = [
    figure('drover run', median(ours), 'ms'),
    figure('bare Node spawn loop', median(loop), 'ms'),
    figure('drover / spawn loop', ratio(ours, loop), 'x', { budget: 2.5 }),
    figure('drover above spawn loop, each dispatch', perDispatch, 'ms'),
  ];
  for (const [name, budget] of [
    ['GNU parallel', 1],
    ['task-spooler', undefined],
  ]) {
    const theirs = times.get(name);
    if (theirs === undefined) {
      figures.push(skipped(`drover / ${name}`, `${name} is not installed`));
      continue;
    }
    figures.push(figure(name, median(theirs), 'ms'));
    const more = budget === undefined ? {} : { budget };
    figures.push(figure(`drover / ${name}`, ratio(ours, theirs), 'x', more));
  }
  return figures;
}

/** Those that are installed. */
function peers() {
  const found = [];
  if (answers('parallel', '--version', 'GNU parallel'))
    found.push({ name: 'GNU parallel', run: runParallel });
  if (answers('tsp', '-V', 'Task Spooler')) found.push({ name: 'task-spooler', run: runSpooler });
  return found;
}

/** The right program, not another one of that name. */
function answers(program, flag, expected) {
  try {
    return execFileSync(program, [flag], { encoding: 'utf8', stdio: 'pipe' }).includes(expected);
  } catch {
    return false;
  }
}

async function runDrover(lab) {
  const herd = lab.herd();
  const runs = Array.from({ length: COUNT }, () => [NOTHING]);
  const file = herd.writeCampaign('no-op', SLOTS, runs);
  const ms = await herd.timeDrover('run', file);
  const ended = await herd.json('ps', '--all');
  const succeeded = ended.filter(({ outcome }) => outcome === 'succeeded').length;
  if (succeeded !== COUNT) throw new Error(`only ${succeeded} of ${COUNT} dispatches succeeded`);
  return ms;
}

async function runLoop(lab) {
  return await lab.time(process.execPath, [LOOP, String(COUNT), String(SLOTS), NOTHING]);
}

async function runParallel(lab) {
  const dir = lab.freshDir();
  const numbers = Array.from({ length: COUNT }, (_, n) => String(n));
  const options = [`-j${SLOTS}`, '--joblog', `${dir}/joblog`, '--results', `${dir}/results`];
  return await lab.time('parallel', [...options, NOTHING, ':::', ...numbers], { HOME: dir });
}

/** Its own server each time, ended within the time that counts, as drover's is. */
async function runSpooler(lab) {
  const dir = lab.freshDir();
  mkdirSync(`${dir}/output`);
  const script = `tsp -S ${SLOTS}
    i=0; while [ $i -lt ${COUNT} ]; do tsp ${NOTHING} >/dev/null; i=$((i + 1)); done
    tsp -w; tsp -K`;
  return await lab.time('sh', ['-c', script], {
    TS_SOCKET: `${dir}/socket`,
    TMPDIR: `${dir}/output`,
  });
}
