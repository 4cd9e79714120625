import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const report = process.env['DROVER_TEST_REPORT'];
const reportFile = process.argv.includes('e2e') ? `${report}.e2e` : report;

/** What takes a minute alone begins first: at the end it would keep one core waiting. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      /(?:mutants|operation)\.test\.ts$/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    // CI adds the reports up into its closing line (scripts/closing-line.mjs).
    ...(report === undefined
      ? {}
      : { reporters: ['default', 'json'], outputFile: { json: reportFile } }),
    projects: [
      {
        // Pure tests: one shared module graph, fast enough to run always.
        test: {
          name: 'pure',
          include: ['test/unit/**/*.test.ts', 'test/sim/worlds.test.ts', 'test/tidy.test.ts'],
          pool: 'threads',
          isolate: false,
          maxWorkers: 2,
          // A thousand worlds on a machine that has other work.
          testTimeout: 300_000,
        },
      },
      {
        // Bugs that the simulator must catch, each hunted through many worlds: too long for every check.
        test: {
          name: 'mutants',
          include: ['test/sim/mutants.test.ts'],
          pool: 'threads',
          maxWorkers: 2,
          testTimeout: 120_000,
        },
      },
      {
        // Ledgers, run directories and process tables against the real thing.
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The built CLI on real processes; each waits for conditions, the bound is for a hang only.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          pool: 'forks',
          // Most of the time they wait: for a stall window, a grace, a look.
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        // Real agent programs, where they are installed (scripts/install-agents.mjs), each test with a model server of its own.
        test: {
          name: 'agents',
          include: ['test/agents/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
