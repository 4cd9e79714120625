// Owns the worlds that every check runs: a thousand seeds. A second run on another Node makes do with fewer.
import { expect, test } from 'vitest';
import { SPAWN_FAULTS } from './spawn-faults.ts';
import { type WorldOptions, type WorldReport, runWorld } from './run.ts';

const SEEDS = Number(process.env['SIM_SEEDS'] ?? 1_000);

function describe({ seed, violation }: WorldReport): string {
  return `seed ${seed}: ${violation?.check}: ${violation?.message} — npm run sim -- --seed ${seed}`;
}

/** Stops after a few: one bug breaks many worlds, and one trace is enough to find it. */
async function violations(
  seeds: Iterable<number>,
  most: number,
  more: Partial<WorldOptions> = {},
): Promise<string[]> {
  const found: string[] = [];
  for (const seed of seeds) {
    const report = await runWorld({ seed, trace: false, ...more });
    if (report.violation !== null) found.push(describe(report));
    if (found.length === most) break;
  }
  return found;
}

function* upTo(count: number): Generator<number> {
  for (let seed = 1; seed <= count; seed += 1) yield seed;
}

test(`every invariant holds in ${SEEDS} worlds, and each world comes to an end`, async () => {
  expect(await violations(upTo(SEEDS), 3)).toEqual([]);
});

test.each(SPAWN_FAULTS)('18. every invariant holds where a start fails %s', async (_, plant) => {
  expect(await violations(upTo(25), 3, { plant, faults: [] })).toEqual([]);
});

test('the same seed is the same world, step by step', async () => {
  for (const seed of [3, 41, 977]) {
    const [first, second] = [
      await runWorld({ seed, trace: true }),
      await runWorld({ seed, trace: true }),
    ];
    expect(first.trace.length).toBeGreaterThan(10);
    expect(second).toEqual(first);
  }
});
