// Owns `npm run mutate`: every mutant of src/core before the unit tests of core, and a table of those that nobody noticed.
//
//   npm run mutate                         all of them
//   MUTATE=decide,retry npm run mutate     files whose names begin so
import { readFileSync, readdirSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { acceptedBy, notNeeded, type Reason } from './accepted.ts';
import { type MutantKey, state } from './active.ts';
import { type Mutant, mutate } from './mutants.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CORE = `${ROOT}src/core/`;
const JUDGES = [
  ...readdirSync(`${ROOT}test/unit/core`).map((name) => `core/${name}`),
  ...['duration', 'graph', 'identity', 'needs', 'order', 'quantities', 'submission'].map(
    (name) => `${name}.test.ts`,
  ),
]
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `${ROOT}test/unit/${name}`);
const WANTED = (process.env['MUTATE'] ?? '').split(',');
/** Far more than any test of core comes by; a list that grows while it is walked is at its end by then. */
const TURNS_MAX = 20_000_000;

interface Judge {
  readonly file: string;
  readonly index: number;
  readonly title: string;
  readonly run: () => unknown;
  readonly tookMs: number;
  readonly reaches: ReadonlySet<MutantKey>;
}

async function load(file: string): Promise<readonly { title: string; run: () => unknown }[]> {
  await import(/* @vite-ignore */ file);
  const { takeCollected } = await import('./collecting.ts');
  return takeCollected();
}

/** Runs every test once, on the original. */
async function judges(): Promise<{ judges: Judge[]; onLoad: Map<string, Set<MutantKey>> }> {
  const found: Judge[] = [];
  const onLoad = new Map<string, Set<MutantKey>>();
  for (const file of JUDGES) {
    vi.resetModules();
    state.reached.clear();
    const tests = await load(file);
    onLoad.set(file, new Set(state.reached));
    for (const [index, { title, run }] of tests.entries()) {
      state.reached.clear();
      const begunAt = performance.now();
      await run();
      const tookMs = performance.now() - begunAt;
      found.push({ file, index, title, run, tookMs, reaches: new Set(state.reached) });
    }
  }
  return { judges: found.toSorted((a, b) => a.tookMs - b.tookMs), onLoad };
}

async function fails(run: () => unknown): Promise<boolean> {
  state.turnsLeft = TURNS_MAX;
  try {
    await run();
    return false;
  } catch {
    return true;
  }
}

/** Whether any test fails with this mutant. */
async function isNoticed(
  key: MutantKey,
  all: readonly Judge[],
  onLoad: ReadonlyMap<string, ReadonlySet<MutantKey>>,
): Promise<boolean> {
  state.active = key;
  try {
    for (const judge of all) {
      if (judge.reaches.has(key) && (await fails(judge.run))) return true;
    }
    // What runs while modules are loaded was decided before the switch: they are loaded once more.
    for (const [file, reached] of onLoad) {
      if (!reached.has(key)) continue;
      vi.resetModules();
      let tests: readonly { run: () => unknown }[] = [];
      if (await fails(async () => (tests = await load(file)))) return true;
      const fastFirst = all.filter((judge) => judge.file === file);
      for (const { index } of fastFirst) {
        const again = tests[index];
        if (again !== undefined && (await fails(again.run))) return true;
      }
    }
    return false;
  } finally {
    state.active = null;
  }
}

test('every mutant of src/core is noticed by a unit test, or it is said why not', async () => {
  fc.configureGlobal({ seed: 1, endOnFailure: true });
  const { judges: all, onLoad } = await judges();
  const files = readdirSync(CORE)
    .map((name) => name.replace(/\.ts$/, ''))
    .filter((name) => WANTED.some((wanted) => name.startsWith(wanted)));
  const survivors: string[] = [];
  const needed = new Set<Reason>();
  let [count, noticed, accepted] = [0, 0, 0];
  for (const file of files) {
    const source = readFileSync(`${CORE}${file}.ts`, 'utf8');
    const { mutants } = mutate(source, file);
    let here = 0;
    for (const [number, mutant] of mutants.entries()) {
      if (await isNoticed(`${file} ${number}`, all, onLoad)) {
        here += 1;
        continue;
      }
      const reason = acceptedBy(file, mutant, source.split('\n')[mutant.line - 1]!);
      if (reason === undefined) {
        survivors.push(describe(file, mutant));
        say(describe(file, mutant));
      } else {
        needed.add(reason);
        accepted += 1;
      }
    }
    count += mutants.length;
    noticed += here;
    if (mutants.length > 0) say(row(file, here, mutants.length));
  }
  say(`${row('all', noticed, count)}, ${accepted} more accepted`);
  expect(count).toBeGreaterThan(0);
  expect(survivors, 'listed above').toHaveLength(0);
  expect(notNeeded(files, needed), 'accepted, and noticed or gone').toEqual([]);
});

/** As it goes: all of them take minutes, and the runner would show it at the end. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function row(name: string, noticed: number, count: number): string {
  return `${name}: ${noticed} of ${count} noticed (${((100 * noticed) / count).toFixed(1)} %)`;
}

function describe(file: string, { line, operator, before, after }: Mutant): string {
  const short = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 90);
  return `src/core/${file}.ts:${line} ${operator}: ${short(before)} → ${short(after) || 'nothing'}`;
}
