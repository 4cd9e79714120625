// Owns `npm run fuzz`: hours of what the suite does for a second, guided by what its inputs reach.
//
//   npm run fuzz                              every target for 10 s
//   npm run fuzz -- --seconds 600 --seed 7    longer, and from another beginning
//   npm run fuzz -- --only stat
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSequence } from '../../src/host/crash-point.ts';
import { breed } from './breed.ts';
import { filesIn, removeFiles } from './files.ts';
import { type Guide, openGuide } from './guide.ts';
import { SAID } from './said.ts';
import { type Target, faultOf } from './target.ts';
import { TEXTS } from './texts.ts';

/** Asking what was reached costs more than most inputs do. */
const INPUTS_PER_LOOK = 20;
const SHOWN_CHARACTERS_MAX = 600;

interface Outcome {
  readonly inputs: number;
  /** that reached something new and are bred from */
  readonly kept: number;
  readonly fault: { readonly input: Buffer; readonly what: string } | null;
}

async function hunt(target: Target, guide: Guide, { seed = 1, seconds = 10 }): Promise<Outcome> {
  const chance = createSequence(seed);
  const pool = [...target.examples];
  const untilMs = performance.now() + seconds * 1_000;
  let inputs = 0;
  for (const input of pool) {
    const what = faultOf(target, input);
    if (what !== null) return { inputs, kept: 0, fault: { input, what } };
  }
  await guide.isNew();
  while (performance.now() < untilMs) {
    const batch = Array.from({ length: INPUTS_PER_LOOK }, () => breed(pool, target.words, chance));
    for (const input of batch) {
      const what = faultOf(target, input);
      inputs += 1;
      if (what !== null) return { inputs, kept: pool.length, fault: { input, what } };
    }
    if (await guide.isNew()) pool.push(...batch);
  }
  return { inputs, kept: pool.length - target.examples.length, fault: null };
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
    },
  });
  const dir = mkdtempSync(join(tmpdir(), 'drover-fuzz-'));
  const guide = await openGuide((url) => url.includes('/.fuzz/src/'));
  const targets = [...TEXTS, ...SAID, ...filesIn(dir)].filter(({ name }) =>
    name.includes(values.only),
  );
  let isSound = targets.length > 0;
  for (const target of targets) {
    const [seed, seconds] = [Number(values.seed), Number(values.seconds)];
    const before = guide.reached();
    const { inputs, kept, fault } = await hunt(target, guide, { seed, seconds });
    const reached = guide.reached() - before;
    console.log(`${target.name}: ${inputs} inputs, ${kept} kept, ${reached} new blocks of code`);
    if (fault === null) continue;
    isSound = false;
    const { input, what } = fault;
    console.log(
      `  ${what}\n  ${JSON.stringify(input.toString('latin1')).slice(0, SHOWN_CHARACTERS_MAX)}`,
    );
  }
  await guide.close();
  removeFiles(dir);
  return isSound;
}

process.exitCode = (await main()) ? 0 : 1;
