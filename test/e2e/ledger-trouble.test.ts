// Owns the tests of a ledger in trouble: nobody is killed, nothing new is started, the message says the way out, and
// work goes on when the trouble is over.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type TestHerd, fake, withHerd } from './harness/herd.ts';
import type { JournalLine } from './harness/journal.ts';
import { asOrdinary } from './harness/ordinary.ts';
import { isAlive } from './harness/process-list.ts';
import { openSqliteFile } from './harness/sqlite.ts';
import { oneAfterTheOther } from './harness/two.ts';
import { until } from './harness/until.ts';

/** A second process that holds the ledger's write lock until its standard input ends. */
async function lockLedger(herd: TestHerd): Promise<{ release: () => Promise<void> }> {
  const holder = spawn(process.execPath, [fake('holds-lock.mjs'), `${herd.state}/ledger.db`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return {
    release: async () => {
      holder.stdin.end();
      await once(holder, 'exit');
    },
  };
}

function untouched(herd: TestHerd, agent: JournalLine): void {
  expect(isAlive(agent)).toBe(true);
  expect(herd.begun('a')).toEqual([agent]);
  expect(herd.begun('b')).toEqual([]);
}

describe.concurrent('I4: a ledger that another process keeps locked for eight seconds', () => {
  test(
    'kills nobody and starts nothing twice; the run goes on afterwards',
    withHerd(async (herd) => {
      const run = herd.start(['run', oneAfterTheOther(herd)]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      const lock = await lockLedger(herd);
      const lockedAt = Date.now();
      herd.open('a');
      await until('its agent has ended meanwhile', () => !isAlive(agent));
      // Longer than a statement waits for the lock: that is what is tested.
      await until('eight seconds have passed', () => Date.now() - lockedAt > 8_000);
      expect(run.isEnded()).toBe(false);
      expect(herd.begun('b')).toEqual([]);
      await lock.release();
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(herd.begun('a')).toHaveLength(1);
      expect(herd.begun('b')).toHaveLength(1);
    }),
  );
});

describe.concurrent('15. a ledger that is read-only', () => {
  test(
    'is refused with the way out; the agent goes on, and is adopted when it can be written again',
    withHerd(async (herd, context) => {
      const through = asOrdinary();
      context.skip(through === null, 'this root may write whatever the mode says');
      const file = oneAfterTheOther(herd);
      const run = herd.start(['run', file]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      run.kill('SIGKILL');
      await run.ended;
      chmodSync(`${herd.state}/ledger.db`, 0o400);
      for (const words of [['run', file], ['up'], ['stop', 'c/a'], ['reap']]) {
        const refused = await herd.drover(words, { through: through! });
        expect(refused).toMatchObject({ code: 4 });
        // At once: who cannot write does not take the place of a supervisor, to wait there for better times.
        expect(refused.stderr).not.toContain('trouble, next try');
        expect(refused.stderr).toMatch(
          /it is read-only.*\n.*make the file and its directory writable/,
        );
      }
      const doctor = await herd.drover(['doctor'], { through: through! });
      expect(doctor).toMatchObject({ code: 1 });
      expect(doctor.stdout).toContain('ledger.db is read-only');
      untouched(herd, agent);
      chmodSync(`${herd.state}/ledger.db`, 0o600);
      herd.open('a');
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );
});

describe.concurrent('15. a ledger that is damaged', () => {
  test(
    'is refused by every command, touched by none; doctor finds the living agents by mark and run directory',
    withHerd(async (herd) => {
      const file = oneAfterTheOther(herd);
      const run = herd.start(['run', file]);
      const agent = await herd.untilBegun('a');
      const { id } = await herd.untilState('a', 'running');
      run.kill('SIGKILL');
      await run.ended;
      const ledger = `${herd.state}/ledger.db`;
      for (const suffix of ['-wal', '-shm']) rmSync(ledger + suffix, { force: true });
      const sound = readFileSync(ledger);
      const garbage = Buffer.alloc(sound.length, 'no ledger ');
      writeFileSync(ledger, garbage);

      for (const words of [
        ['run', file],
        ['up'],
        ['ps'],
        ['stop', '--all'],
        ['add', '--', 'true'],
      ]) {
        const refused = await herd.drover(words);
        expect(refused).toMatchObject({ code: 4 });
        expect(refused.stderr).toContain('is damaged or no ledger at all');
        expect(refused.stderr).toContain('nothing was started or killed');
        expect(refused.stderr).toContain('drover doctor');
      }
      expect(readFileSync(ledger).equals(garbage)).toBe(true);
      untouched(herd, agent);

      const { code } = await herd.drover(['doctor']);
      expect(code).toBe(1);
      const { ok, store, leftovers } = await herd.doctor();
      expect({ ok, storeOk: store.ok }).toEqual({ ok: false, storeOk: false });
      const { pid, startTime } = agent;
      expect(leftovers.processes).toContainEqual(
        expect.objectContaining({ pid, startTime, dispatch: id }),
      );
      herd.open('a');
      await until('agent and shim have ended', () => herd.marked().length === 0);
    }),
  );

  test(
    'of another version is refused with a sentence, and is what doctor finds though its file is sound',
    withHerd(async (herd) => {
      await herd.ok(['add', '--', 'true']);
      await until('it is idle', async () => !(await herd.doctor()).supervisor.alive);
      const file = openSqliteFile(`${herd.state}/ledger.db`);
      file.exec('alter table dispatches rename column because to why');
      file.close();
      const refused = await herd.drover(['ps', '--all']);
      expect(refused).toMatchObject({ code: 4 });
      expect(refused.stderr).toMatch(/^drover: .*its tables are not those of this version/);
      expect((await herd.doctor()).store.ok).toBe(false);
    }),
  );
});
