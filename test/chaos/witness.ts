// Owns the witness: a process of its own, which reads the process table and the journals of the agents, never our ledger.
// It looks until its standard input ends, and says at once what may not be; then it judges, and its last line is its verdict
// as JSON.
//
//   node witness.js DIRECTORY
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { partsOfMark, readJournal } from '../e2e/harness/journal.ts';
import { droverProcesses, markedProcesses } from '../e2e/harness/process-list.ts';
import { placesIn } from './campaign-files.ts';
import { readFaults } from './fault-log.ts';
import { type Claims, judge } from './judge.ts';
import type { Plan } from './plan.ts';
import { runsIn } from './runs.ts';
import { Sampler, keyOf } from './sampling.ts';

const SAMPLE_EVERY_MS = 150;

const [dir = ''] = process.argv.slice(2);
const places = placesIn(dir);
const plan = JSON.parse(readFileSync(places.plan, 'utf8')) as Plan;
const sampler = new Sampler(places.state, plan, (what) => process.stdout.write(`seen: ${what}\n`));
/** On a busy machine a look takes long: at least as much time is left to others. */
const sampling = new AbortController();
void (async () => {
  while (!sampling.signal.aborted) {
    const before = performance.now();
    sampler.sample();
    await pause(Math.max(SAMPLE_EVERY_MS, 2 * (performance.now() - before)));
  }
})();
process.stdin.resume();
process.stdin.once('end', () => {
  sampling.abort();
  // Nobody is left to hear it: the run was given up.
  if (!existsSync(places.claims)) return;
  sampler.sample();
  process.stdout.write(`${JSON.stringify(verdict())}\n`);
});
process.stdout.write('watching\n');

function verdict() {
  const journals = readdirSync(places.journals).map((name) =>
    readJournal(join(places.journals, name)),
  );
  return judge({
    plan,
    runs: journals.flatMap(runsIn),
    faults: readFaults(places.faults),
    seen: sampler.seen(),
    survivors: survivors(),
    claims: JSON.parse(readFileSync(places.claims, 'utf8')) as Claims,
  });
}

/** Everything of the herd that is alive: what carries its mark, and what supervises it. */
function survivors() {
  const marked = markedProcesses(places.state).map((one) => ({
    what: `${keyOf(one)} ${one.mark} ${one.commandLine}`,
    dispatch: partsOfMark(one.mark ?? '').dispatch,
  }));
  const others = droverProcesses(places.state).map((one) => ({
    what: `${keyOf(one)} ${one.commandLine}`,
    dispatch: null,
  }));
  return [...marked, ...others];
}
