// Owns `npm run sim`: replays one world with its trace, or runs a range of them.
//
//   npm run sim -- --seed 42            one world, with a readable trace
//   npm run sim -- --seeds 1..5000      many, and what they showed
//   … --jobs 8                           on so many threads; as many as the machine has, if not said
//   … --streams                          with agents that have a stream, whatever the seed says
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type RangeReport, runRange } from './range.ts';
import { runWorld } from './run.ts';

const USAGE = 'npm run sim -- --seed N | --seeds FROM..TO [--jobs N] [--streams]';
const TELL_EVERY_WORLDS = 10_000;

async function replay(seed: number, streams: boolean): Promise<boolean> {
  const options = { seed, trace: true, ...(streams && { streams }) };
  const { trace, violation, steps, attempts, lastedMs } = await runWorld(options);
  console.log(trace.join('\n'));
  console.log(`seed ${seed}: ${steps} steps, ${attempts} attempts, ${lastedMs} simulated ms`);
  console.log(violation === null ? 'every check held' : `${violation.check}: ${violation.message}`);
  return violation === null;
}

async function range(from: number, to: number, jobs: number, streams: boolean): Promise<boolean> {
  const startedAt = performance.now();
  const tell = ({ worlds, steps, broken }: RangeReport) => {
    const seconds = (performance.now() - startedAt) / 1_000;
    console.log(
      `${worlds} worlds, ${steps} steps in ${seconds.toFixed(1)} s ` +
        `(${Math.round(worlds / seconds)} worlds a second): ${broken} broke an invariant`,
    );
  };
  const report = await runRange(from, to, {
    jobs,
    streams,
    onBroken: (line) => console.log(line),
    onPiece: (soFar) => {
      if (soFar.worlds % TELL_EVERY_WORLDS === 0) tell(soFar);
    },
  });
  tell(report);
  return report.broken === 0;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      streams: { type: 'boolean', default: false },
    },
  });
  if (/^\d+$/.test(values.seed ?? '')) return await replay(Number(values.seed), values.streams);
  const seeds = /^(\d+)\.\.(\d+)$/.exec(values.seeds ?? '');
  if (seeds !== null && /^[1-9]\d*$/.test(values.jobs)) {
    return await range(Number(seeds[1]), Number(seeds[2]), Number(values.jobs), values.streams);
  }
  console.error(USAGE);
  return false;
}

process.exitCode = (await main()) ? 0 : 1;
