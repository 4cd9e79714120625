// Owns `npm run chaos`: injects a seeded schedule of faults into a herd of real processes, and prints what a witness saw.
//
//   npm run chaos -- [--minutes N] [--seed S]     default: one minute, seed 1
//   … --json                                      the table as one JSON value
//   … --schedule FILE                             the faults of FILE (JSON, as printed when a run fails) and no others
//   … --keep FOLDER                               a copy of journals, ledger and run directories of the first run
//   … --no-shrink                                 do not look for a smaller schedule when it fails
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { HAS_PROC } from '../e2e/harness/process-list.ts';
import { type Summary, isFlawless, summarize, table, untilViolation } from './report.ts';
import { runChaos } from './run.ts';
import { type Fault, describeFault, makeSchedule } from './schedule.ts';
import { shrink } from './shrink.ts';

const USAGE =
  'npm run chaos -- [--minutes N] [--seed S] [--json] [--schedule FILE] [--keep FOLDER] [--no-shrink]';

/** Re-runs when a run has failed: at most so many, and not for longer than so many times what the first one took. */
const SHRINK_RUNS_MAX = 24;
const SHRINK_TIMES_MAX = 16;
const SHRINK_TRIES_MAX = 2;
const SHRINK_REPEATS_MAX = 3;

interface Wanted {
  readonly seed: number;
  readonly lengthMs: number;
  readonly schedule: readonly Fault[];
}

const interrupted = new AbortController();

async function runOnce(wanted: Wanted, keep: string | null = null): Promise<Summary> {
  const { seed, lengthMs, schedule } = wanted;
  const { signal } = interrupted;
  const report = await runChaos({ seed, lengthMs, schedule, signal, keep });
  return summarize(seed, lengthMs, report);
}

async function minimal(wanted: Wanted, failed: Summary): Promise<string> {
  const startedAt = performance.now();
  const boundMs = SHRINK_TIMES_MAX * failed.seconds * 1_000;
  const whole = untilViolation(wanted.schedule, failed);
  const kinds = new Set(failed.violations.map(({ count }) => count));
  const fails = async (schedule: readonly Fault[]) => {
    const { violations } = await runOnce({ ...wanted, schedule });
    const again = violations.filter(({ count }) => kinds.has(count));
    console.error(`  ${schedule.length} faults: ${again.length === 0 ? 'holds' : again[0]!.what}`);
    return again.length > 0;
  };
  console.error(`looking for a smaller schedule, at most ${SHRINK_RUNS_MAX} runs`);
  const { smallest, failures, runs, runsInAll, isCutShort } = await shrink(whole, fails, {
    runsMax: SHRINK_RUNS_MAX,
    triesMax: SHRINK_TRIES_MAX,
    repeatsMax: SHRINK_REPEATS_MAX,
    isOver: () => performance.now() - startedAt > boundMs,
  });
  return [
    `\nthe smallest schedule that failed, ${smallest.length} of ${wanted.schedule.length} faults; ` +
      `it failed in ${failures} of ${runs} runs` +
      ` (${runsInAll} runs in all${isCutShort ? ', then the search was cut short' : ''}):`,
    ...smallest.map(describeFault),
    `\nseed ${wanted.seed}, --schedule: ${JSON.stringify(smallest)}`,
  ].join('\n');
}

function wantedIn(values: { seed?: string; minutes?: string; schedule?: string }): Wanted | null {
  const { seed = '1', minutes = '1' } = values;
  const lengthMs = Math.round(Number(minutes) * 60_000);
  if (!/^\d+$/.test(seed) || !(lengthMs > 0)) return null;
  const schedule =
    values.schedule === undefined
      ? makeSchedule(Number(seed), lengthMs)
      : (JSON.parse(readFileSync(values.schedule, 'utf8')) as Fault[]);
  return { seed: Number(seed), lengthMs, schedule };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string' },
      schedule: { type: 'string' },
      keep: { type: 'string' },
      json: { type: 'boolean' },
      'no-shrink': { type: 'boolean' },
    },
  });
  const wanted = wantedIn(values);
  if (wanted === null) {
    console.error(USAGE);
    return 2;
  }
  if (!HAS_PROC) {
    console.error('without /proc nobody but Drover could say who lives');
    return 2;
  }
  const summary = await runOnce(wanted, values.keep ?? null);
  console.log(values.json === true ? JSON.stringify(summary, null, 2) : table(summary));
  if (isFlawless(summary)) return 0;
  const say = values.json === true ? console.error : console.log;
  if (values['no-shrink'] !== true) say(await minimal(wanted, summary));
  return 1;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
}
try {
  process.exitCode = await main();
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  console.error(String(interrupted.signal.reason));
  process.exitCode = 130;
}
