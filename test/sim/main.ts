// Owns `npm run sim`: replays one world with its trace, or runs a range of them.
//
//   npm run sim -- --seed 42            one world, with a readable trace
//   npm run sim -- --seeds 1..5000      many, and what they showed
//   … --streams                          with agents that have a stream, whatever the seed says
import { parseArgs } from 'node:util';
import { runWorld } from './run.ts';

const USAGE = 'npm run sim -- --seed N | --seeds FROM..TO';

type Streams = { readonly streams?: boolean };

async function replay(seed: number, streams: Streams): Promise<boolean> {
  const options = { seed, trace: true, ...streams };
  const { trace, violation, steps, attempts, lastedMs } = await runWorld(options);
  console.log(trace.join('\n'));
  console.log(`seed ${seed}: ${steps} steps, ${attempts} attempts, ${lastedMs} simulated ms`);
  console.log(violation === null ? 'every check held' : `${violation.check}: ${violation.message}`);
  return violation === null;
}

async function runRange(from: number, to: number, streams: Streams): Promise<boolean> {
  const startedAt = performance.now();
  let steps = 0;
  let broken = 0;
  for (let seed = from; seed <= to; seed += 1) {
    const report = await runWorld({ seed, trace: false, ...streams });
    steps += report.steps;
    if (report.violation === null) continue;
    broken += 1;
    console.log(`seed ${seed}: ${report.violation.check}: ${report.violation.message}`);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const worlds = to - from + 1;
  console.log(
    `${worlds} worlds, ${steps} steps in ${seconds.toFixed(1)} s ` +
      `(${Math.round(worlds / seconds)} worlds a second): ${broken} broke an invariant`,
  );
  return broken === 0;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      streams: { type: 'boolean' },
    },
  });
  const streams = values.streams === true ? { streams: true } : {};
  if (/^\d+$/.test(values.seed ?? '')) return await replay(Number(values.seed), streams);
  const range = /^(\d+)\.\.(\d+)$/.exec(values.seeds ?? '');
  if (range !== null) return await runRange(Number(range[1]), Number(range[2]), streams);
  console.error(USAGE);
  return false;
}

process.exitCode = (await main()) ? 0 : 1;
