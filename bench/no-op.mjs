// Owns the row `no-op`: what a dispatch costs that does nothing, against peers that promise less.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figure, median, ratio, skipped } from './figures.mjs';
import { HAS_PROC, NOTHING } from './lab.mjs';

const COUNT = 200;
const SLOTS = 4;
const ROUNDS = 5;
const OURS = 'drover run';
const LOOP_NAME = 'bare Node spawn loop';
const LOOP = fileURLToPath(new URL('spawn-loop.mjs', import.meta.url));
const PEERS = [
  {
    name: 'GNU parallel',
    run: runParallel,
    budget: 1,
    program: 'parallel',
    flag: '--version',
    answer: 'GNU parallel',
  },
  {
    name: 'task-spooler',
    run: runSpooler,
    budget: undefined,
    program: 'tsp',
    flag: '-V',
    answer: 'Task Spooler',
  },
];

export const noOp = {
  name: 'no-op',
  about: `${COUNT} dispatches that do nothing, ${SLOTS} slots, full durability, whole process`,
  async measure(lab) {
    const contestants = [
      { name: OURS, run: runDrover },
      { name: LOOP_NAME, run: runLoop },
      ...peers(),
    ];
    const times = new Map(contestants.map(({ name }) => [name, []]));
    // One after the other in each round, so that a machine that changes its speed changes it for all.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const { name, run } of contestants) {
        const time = await run(lab);
        if (round > 0) times.get(name).push(time);
      }
    }
    return figuresOf(times);
  },
};

function figuresOf(times) {
  const wall = (name) => times.get(name).map(({ ms }) => ms);
  const cpu = (name) => times.get(name).map(({ cpuMs }) => cpuMs);
  const ours = wall(OURS);
  const figures = [
    figure(OURS, median(ours), 'ms'),
    figure(LOOP_NAME, median(wall(LOOP_NAME)), 'ms'),
    figure('drover / spawn loop', ratio(ours, wall(LOOP_NAME)), 'x', { budget: 2.5 }),
  ];
  if (HAS_PROC) {
    figures.push(
      figure('CPU of drover run, each dispatch', median(cpu(OURS)) / COUNT, 'ms'),
      figure('CPU of the spawn loop, each', median(cpu(LOOP_NAME)) / COUNT, 'ms'),
    );
  }
  for (const { name, budget } of PEERS) {
    if (!times.has(name)) {
      figures.push(skipped(`drover / ${name}`, `${name} is not installed`));
      continue;
    }
    figures.push(figure(name, median(wall(name)), 'ms'));
    figures.push(figure(`drover / ${name}`, ratio(ours, wall(name)), 'x', { budget }));
  }
  return figures;
}

/** Those that are installed. */
function peers() {
  return PEERS.filter(({ program, flag, answer }) => answers(program, flag, answer));
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
  const time = await herd.timeDrover('run', file);
  const ended = await herd.json('ps', '--all');
  const succeeded = ended.filter(({ outcome }) => outcome === 'succeeded').length;
  if (succeeded !== COUNT) throw new Error(`only ${succeeded} of ${COUNT} dispatches succeeded`);
  return time;
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
