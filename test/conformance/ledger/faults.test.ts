// Owns the seam for simulated faults: what fails before its commit has not happened, and the next call finds all well.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { Bed, ENGINES, planned, PROCESS } from './bed.ts';

class DiskFull extends Error {}

describe.each(ENGINES.map(({ name }) => name))('a failed transaction over %s', (driver) => {
  let fault: 'begin' | 'commit' | null = null;
  let moments: string[] = [];
  let bed: Bed;

  beforeEach(async () => {
    fault = null;
    const interceptor = async (moment: 'begin' | 'commit') => {
      moments.push(moment);
      // Whoever comes in between here must wait for its own transaction.
      await Promise.resolve();
      if (moment === fault) throw new DiskFull();
    };
    bed = new Bed(await openLedger(':memory:', { create: true, driver, interceptor }));
    await bed.submit([planned('a'), planned('b', { after: ['a'] })]);
    moments = [];
  });

  afterEach(() => bed.ledger.close());

  async function everything() {
    const { ledger } = bed;
    return [
      await ledger.dispatches({}),
      await ledger.attempts('d1'),
      await ledger.events({ since: 0, limit: 1_000 }),
      await ledger.lastSeq(),
      await ledger.pools(),
      await ledger.campaigns(),
      await ledger.supervisor(),
    ];
  }

  const wish = { at: 1, graceMs: null, cause: 'cancelled', because: 'asked' } as const;
  const writes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['commitPass', () => bed.claim()],
    [
      'submit',
      () => bed.submit([planned('c')], { name: 'other', pools: [{ name: 'x', slots: 1 }] }),
    ],
    ['wishStop', () => bed.ledger.wishStop(['d1'], wish)],
    ['setPool', () => bed.ledger.setPool({ name: 'x', slots: 1 }, 1)],
    ['setPoolPaused', () => bed.ledger.setPoolPaused('work', true, 1)],
    ['followClock', () => bed.stepClock(5_000, 1)],
    ['announceSupervisor', () => bed.ledger.announceSupervisor(PROCESS, 1)],
  ];

  test.each(
    writes.flatMap(([name, write]) => [
      { name, write, at: 'begin' as const },
      { name, write, at: 'commit' as const },
    ]),
  )('$name that fails at $at has not happened, and then happens', async ({ write, at }) => {
    const before = await everything();
    fault = at;
    await expect(write()).rejects.toThrow(DiskFull);
    expect(await everything()).toEqual(before);
    fault = null;
    await write();
    expect(await everything()).not.toEqual(before);
  });

  test('a failure is its caller’s alone', async () => {
    fault = 'commit';
    const failing = bed.claim();
    const reading = bed.ledger.lastSeq();
    await expect(failing).rejects.toThrow(DiskFull);
    fault = null;
    expect(await reading).toBe(4);
    expect(await bed.claim()).toHaveLength(1);
  });

  test('a look is no fault’s target, and an empty pass no transaction', async () => {
    fault = 'begin';
    await bed.ledger.live();
    const nothing = await bed.commit({});
    expect([nothing.committed.size, nothing.claimed]).toEqual([0, []]);
    expect(moments).toEqual([]);
    await expect(bed.claim()).rejects.toThrow(DiskFull);
    expect(moments).toEqual(['begin']);
  });
});
