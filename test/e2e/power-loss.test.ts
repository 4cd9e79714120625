// Owns the test of a loss of power: what real commands wrote is recorded, and then the power goes after each write, with
// some, all or nothing kept of what was not flushed. `npm run power-loss` goes through all of it.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeSqlite } from '../../src/ledger/sqlite-node.ts';
import { libsql } from '../../src/ledger/sqlite-libsql.ts';
import type { Loss } from '../power-loss/disk.ts';
import { type Case, Judge } from '../power-loss/judge.ts';
import { type Recorded, record, whyNoRecording } from '../power-loss/recording.ts';

const WHY_NOT = whyNoRecording();
const IS_LONG = process.env['POWER_LOSS'] === 'all';
/** Of ledgers, what is lost at each place: a ledger that was seen before is not opened again. */
const LOSSES: readonly Loss[] = ['nothing', 'everything', 'contents', 'names'];
const SEEDS_EACH = IS_LONG ? 3 : 1;
const RECOVERIES = IS_LONG ? 300 : 4;
/** In a short run every so manieth place is tried. */
const STRIDE = IS_LONG ? 3 : 23;
const LONG_MS = 1_800_000;

describe.skipIf(WHY_NOT !== null)('when the power goes', () => {
  let dir: string;
  let recorded: Recorded;
  let judge: Judge;
  const figures: string[] = [];

  beforeAll(async () => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'drover-power-')));
    recorded = record(dir, { isLong: IS_LONG });
    const drivers = [nodeSqlite(), libsql()].flatMap((engine) => engine?.name ?? []);
    judge = await Judge.of(recorded, drivers);
    const { effects } = recorded.disk;
    const node = recorded.disk.find('state/ledger.db');
    const copied = effects.filter((one) => one.kind === 'write' && one.node === node).length;
    const { commits, reports } = judge.told;
    figures.push(
      `${effects.length} writes, flushes and names, ${copied} of them into the database`,
    );
    figures.push(
      `${commits} commits and ${reports} reports asked after; drivers ${drivers.join()}`,
    );
  });

  afterAll(() => {
    rmSync(dir, { recursive: true, force: true });
    console.log(figures.join('\n'));
  });

  test(
    'I12: what is told is there: commits, reports, flushed exits',
    async () => {
      const wrong: string[] = [];
      const cases = ledgerCases(recorded);
      for (const one of cases) {
        for (const what of await judge.ledger(one)) wrong.push(`${at(one)}: ${what}`);
      }
      figures.push(
        `${cases.length} losses of power, which left ${judge.ledgers} different ledgers`,
      );
      expect(wrong.slice(0, 10)).toEqual([]);
      expect(judge.told.commits).toBeGreaterThan(20);
      expect(judge.told.reports).toBeGreaterThan(5);
      // Both orphans, each with the names that lead to its record.
      expect(recorded.flushedExits.map(({ after }) => Number.isFinite(after))).toEqual([
        true,
        true,
      ]);
    },
    LONG_MS,
  );

  test('what is not flushed is missed: a disk that ignores every flush', async () => {
    const disk = recorded.disk.unflushed();
    const wrong = await judge.ledger({ count: disk.effects.length, loss: 'everything', disk });
    expect(wrong).toContainEqual(expect.stringMatching(/^0 events of \d+ told$/));
    expect(wrong).toContainEqual(
      expect.stringMatching(/plain succeeded.* was said, and is not so$/),
    );
    const names = await judge.ledger({ count: disk.effects.length, loss: 'contents', disk });
    expect(names).toContainEqual(expect.stringMatching(/^0 events of \d+ told$/));
  });

  test(
    'I10, I13: the next supervisor brings everything to its end, and nothing that has ended runs again',
    async () => {
      const wrong: string[] = [];
      const cases = spread(ledgerCases(recorded), RECOVERIES);
      const begunAt = performance.now();
      for (const one of cases) {
        for (const what of await judge.recovery(one)) wrong.push(`${at(one)}: ${what}`);
      }
      const seconds = ((performance.now() - begunAt) / 1_000).toFixed(1);
      figures.push(`${cases.length} recoveries by drover up --until idle, in ${seconds} s`);
      expect(wrong.slice(0, 10)).toEqual([]);
    },
    LONG_MS,
  );
});

function ledgerCases({ disk }: Recorded): readonly Case[] {
  const counts = Array.from({ length: disk.effects.length + 1 }, (_, count) => count);
  return counts
    .filter((count) => count % STRIDE === 0)
    .flatMap((count) => {
      const seeds = Array.from({ length: SEEDS_EACH }, (_, seed) => count * 1_000 + seed);
      return [...LOSSES, ...seeds].map((loss) => ({ count, loss }));
    });
}

/** So many of them, evenly. */
function spread(cases: readonly Case[], count: number): readonly Case[] {
  const step = (cases.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => cases[Math.round(index * step)]!);
}

function at({ count, loss }: Case): string {
  return `after ${count} writes, losing ${typeof loss === 'number' ? `by seed ${loss}` : loss}`;
}
