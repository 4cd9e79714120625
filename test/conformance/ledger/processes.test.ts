// Owns what happens when several processes have one ledger, and when they are killed in the middle.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { Bed, ENGINES, limitOf, makeScratch, planned } from './bed.ts';
import { compilePrograms, type Programs, type Running } from './programs-run.ts';

let programs: Programs;

beforeAll(() => {
  programs = compilePrograms();
});

afterAll(() => programs[Symbol.asyncDispose]());

const manyPlans = (count: number) =>
  Array.from({ length: count }, (_, index) => planned(`n${index}`));

async function seqsOf(bed: Bed): Promise<number[]> {
  const events = await bed.ledger.events({ since: 0, limit: 100_000 });
  return events.map(({ seq }) => seq);
}

describe.each(ENGINES.map(({ name }) => name))('processes over %s', (driver) => {
  test.each([1, 4])(
    'I11: eight claimers never hold more than a cap of %i, and claim all once',
    async (slots) => {
      using scratch = makeScratch();
      const [path, held] = [join(scratch.dir, 'ledger.db'), join(scratch.dir, 'held')];
      mkdirSync(held);
      const bed = new Bed(await openLedger(path, { create: true, driver }));
      await bed.submit(manyPlans(60), { pools: [{ name: 'work', slots }] });
      const claimers = Array.from({ length: 8 }, () =>
        programs.start('claimer', [path, driver, held]),
      );
      const lines = (await Promise.all(claimers.map(({ ended }) => ended))).flat();
      const claims = lines.map((line): { id: string; inUse: number } => JSON.parse(line));
      expect(claims).toHaveLength(60);
      expect(new Set(claims.map(({ id }) => id)).size).toBe(60);
      expect(Math.max(...claims.map(({ inUse }) => inUse))).toBeLessThanOrEqual(slots);
      expect(await bed.ledger.count({ states: ['ended'] })).toBe(60);
      const seqs = await seqsOf(bed);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
      await bed.ledger.close();
    },
  );

  test('I15: of eight claimers at a limit that is over exactly one gets its probe', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    const bed = new Bed(await openLedger(path, { create: true, driver }));
    const rounds = 12;
    await bed.submit(manyPlans(60), { pools: [{ name: 'work', slots: 60 }] });
    const args = [path, driver, scratch.dir, String(rounds)];
    const askers = Array.from({ length: 8 }, () => programs.start('asker', args));
    for (let round = 0; round < rounds; round += 1) {
      await Promise.all(askers.map((asker) => asker.said(2 * round + 1)));
      // What the probe before has met again is over at once.
      const [before] = (await bed.ledger.pool('work'))!.limits;
      const by = before?.probe ?? { dispatch: 'd99', fence: 1 };
      await bed.commit({ limits: [limitOf({ until: 2, tries: round, by })] });
      writeFileSync(join(scratch.dir, `go.${round}`), '');
    }
    const said = await Promise.all(askers.map(({ ended }) => ended));
    for (let round = 0; round < rounds; round += 1) {
      const claimed = said.flatMap((lines) => JSON.parse(lines[2 * round + 1]!));
      expect(claimed).toEqual([`d${round + 1}`]);
    }
    const [last] = (await bed.ledger.pool('work'))!.limits;
    expect(last!.probe).toEqual({ dispatch: `d${rounds}`, fence: 1 });
    await bed.ledger.close();
  });

  test('I19: what a killed writer was told is there, and nothing is half there', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    const bed = new Bed(await openLedger(path, { create: true, driver }));
    await bed.submit(manyPlans(2_000), { pools: [{ name: 'work', slots: 100 }] });
    const all: Running[] = [];
    for (let round = 0; round < 4; round += 1) {
      const writers = [1, 2].map(() => programs.start('writer', [path, driver]));
      all.push(...writers);
      await Promise.all(writers.map((writer, index) => writer.said(20 + 13 * round + index)));
      for (const writer of writers) writer.kill();
      await Promise.all(writers.map(({ ended }) => ended));
    }
    const told = all.flatMap((writer) => writer.lines()).map((line) => line.split(' '));
    const ids = (what: string) => told.filter(([word]) => word === what).map(([, id]) => id!);
    expect(new Set(ids('claimed')).size).toBe(ids('claimed').length);
    const states = new Map(
      (await bed.ledger.dispatches({})).map(({ dispatch, attempt }) => [
        dispatch.id,
        { kind: dispatch.state.kind, open: attempt !== null && attempt.end === null },
      ]),
    );
    for (const id of ids('ended')) expect(states.get(id)).toEqual({ kind: 'ended', open: false });
    for (const id of ids('claimed')) expect(states.get(id)?.kind).not.toBe('queued');
    for (const { kind, open } of states.values()) expect(open).toBe(kind === 'starting');
    const seqs = await seqsOf(bed);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(seqs.length).toBe(await bed.ledger.lastSeq());
    expect(await bed.ledger.check()).toBeNull();
    await bed.ledger.close();
  });

  test('several that open a new ledger at once make one', async () => {
    using scratch = makeScratch();
    // The switch to write-ahead logging is refused without a wait about once in thirty such openings.
    const rounds = 60;
    const args = [scratch.dir, driver, String(rounds)];
    const racers = Array.from({ length: 4 }, () => programs.start('racer', args));
    for (let round = 0; round < rounds; round += 1) {
      await Promise.all(racers.map((racer) => racer.said(2 * round + 1)));
      writeFileSync(join(scratch.dir, `go.${round}`), '');
    }
    const said = await Promise.all(racers.map(({ ended }) => ended));
    for (let round = 0; round < rounds; round += 1) {
      const path = join(scratch.dir, `${round}.db`);
      const ledger = await openLedger(path, { create: false, driver });
      expect(said.map((lines) => lines[2 * round + 1])).toEqual(racers.map(() => ledger.id));
      expect(await ledger.lastSeq()).toBe(racers.length);
      expect(await ledger.pools()).toHaveLength(1);
      await ledger.close();
    }
  });

  test('a ledger that another process holds for longer than the wait is busy, until that is killed', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    const { ledger } = new Bed(await openLedger(path, { create: true, driver, busyTimeoutMs: 50 }));
    const holder = programs.start('holder', [path, driver]);
    await holder.said(1);
    const pool = { name: 'art', slots: 1 };
    await expect(ledger.setPool(pool, 1)).rejects.toMatchObject({
      code: 'LEDGER_BUSY',
      message: expect.stringContaining(path),
    });
    expect(await ledger.pools()).toHaveLength(1);
    holder.kill();
    await holder.ended;
    await ledger.setPool(pool, 1);
    expect(await ledger.pools()).toHaveLength(2);
    await ledger.close();
  });

  test('a reader is not held up by a writer, and another writer waits for it', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    const ledger = await openLedger(path, { create: true, driver });
    const holder = programs.start('holder', [path, driver]);
    await holder.said(1);
    const filler = programs.start('filler', [path, driver, '1']);
    // It has opened the ledger and read from it; the write that follows has to wait.
    await filler.said(1);
    expect(await ledger.lastSeq()).toBe(0);
    holder.release();
    expect(await filler.ended).toEqual(['open', '1', 'done']);
    await holder.ended;
    await ledger.close();
  });
});
