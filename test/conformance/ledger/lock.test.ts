// Owns the supervisor's lock among real processes.
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isSupervisorLockHeld, takeSupervisorLock } from '../../../src/ledger/supervisor-lock.ts';
import { ENGINES, failureOf, makeScratch, until } from './bed.ts';
import { compilePrograms, type Programs } from './programs-run.ts';

let programs: Programs;

beforeAll(() => {
  programs = compilePrograms();
});

afterAll(() => programs[Symbol.asyncDispose]());

describe.each(ENGINES.map(({ name }) => name))('the supervisor’s lock over %s', (driver) => {
  test('is held until its release, by one only, in the same process as well', () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'supervisor.lock');
    const lock = takeSupervisorLock(path, driver);
    expect(isSupervisorLockHeld(path, driver)).toBe(true);
    expect(takeSupervisorLock(path, driver)).toBeNull();
    lock?.release();
    lock?.release();
    expect(isSupervisorLockHeld(path, driver)).toBe(false);
    const again = takeSupervisorLock(path, driver);
    expect(again).not.toBeNull();
    again?.release();
  });

  test('a look makes no file, and leaves nothing behind', () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'supervisor.lock');
    expect(isSupervisorLockHeld(path, driver)).toBe(false);
    expect(existsSync(path)).toBe(false);
    const lock = takeSupervisorLock(path, driver);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    lock?.release();
    isSupervisorLockHeld(path, driver);
    expect(readdirSync(scratch.dir)).toEqual(['supervisor.lock']);
  });

  test('I4: a file that cannot be asked is no free lock', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'supervisor.lock');
    writeFileSync(path, 'no lock file of ours, but something else\n'.repeat(100));
    for (const ask of [
      () => isSupervisorLockHeld(path, driver),
      () => takeSupervisorLock(path, driver),
      () => takeSupervisorLock(join(scratch.dir, 'none', 'x'), driver),
    ]) {
      expect((await failureOf(ask)).code).toMatch(/^LEDGER_(CORRUPT|UNAVAILABLE)$/);
    }
  });

  test('of several that take it at once exactly one gets it', async () => {
    using scratch = makeScratch();
    for (let round = 0; round < 5; round += 1) {
      const [path, go] = [join(scratch.dir, `${round}.lock`), join(scratch.dir, `go${round}`)];
      const takers = Array.from({ length: 4 }, () => programs.start('taker', [path, driver, go]));
      await Promise.all(takers.map((taker) => taker.said(1)));
      writeFileSync(go, '');
      await Promise.all(takers.map((taker) => taker.said(2)));
      const answers = takers.map((taker) => taker.lines()[1]);
      expect(answers.filter((answer) => answer === 'taken')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'refused')).toHaveLength(3);
      for (const taker of takers) taker.release();
      await Promise.all(takers.map(({ ended }) => ended));
    }
  });

  test('is free as soon as its holder is killed', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'supervisor.lock');
    const go = join(scratch.dir, 'go');
    writeFileSync(go, '');
    const holder = programs.start('taker', [path, driver, go]);
    await holder.said(2);
    expect(holder.lines()).toEqual(['ready', 'taken']);
    expect(isSupervisorLockHeld(path, driver)).toBe(true);
    expect(takeSupervisorLock(path, driver)).toBeNull();
    holder.kill();
    await holder.ended;
    // Before the first look, which would tidy up after it.
    expect(readdirSync(scratch.dir).toSorted()).toEqual(['go', 'supervisor.lock']);
    expect(isSupervisorLockHeld(path, driver)).toBe(false);
    const lock = takeSupervisorLock(path, driver);
    expect(lock).not.toBeNull();
    lock?.release();
  });

  test('looks without end neither keep it from a taker nor take it from a holder', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'supervisor.lock');
    takeSupervisorLock(path, driver)?.release();
    const prober = programs.start('prober', [path, driver]);
    await prober.said(1);
    for (let round = 0; round < 40; round += 1) {
      const lock = takeSupervisorLock(path, driver);
      expect(lock).not.toBeNull();
      expect(isSupervisorLockHeld(path, driver)).toBe(true);
      lock?.release();
      await until('the release', () => !isSupervisorLockHeld(path, driver));
    }
    prober.release();
    const { asked } = JSON.parse((await prober.ended)[1]!);
    expect(asked).toBeGreaterThan(0);
  });
});
