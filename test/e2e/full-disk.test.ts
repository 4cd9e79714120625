// Owns the tests of a disk on which nothing is left: nobody is killed, nothing new is started, the message says the way out,
// and work goes on when there is room again.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { isAlive, liveProcess } from './harness/process-list.ts';
import { oneAfterTheOther } from './harness/two.ts';
import { until } from './harness/until.ts';

/** A test whose state directory is on a disk of its own with so many KiB, and so many inodes. */
function onSmallDisk(
  { kibibytes, inodes }: { readonly kibibytes: number; readonly inodes: number },
  work: (herd: TestHerd) => Promise<void>,
) {
  return withHerd(async (herd, context) => {
    context.skip(process.getuid?.() !== 0, 'only root may mount a small disk');
    mkdirSync(herd.state, { mode: 0o700 });
    const options = `size=${kibibytes}k,nr_inodes=${inodes},mode=700`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'drover-e2e', herd.state]);
    try {
      await work(herd);
    } finally {
      execFileSync('umount', ['-l', herd.state]);
    }
  });
}

/** Leaves not a byte free. */
function fillDisk(path: string): void {
  for (const chunkBytes of [65_536, 4_096, 1]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(chunkBytes), { flag: 'a' });
    } catch {
      // Full, as far as pieces of this size go.
    }
  }
}

function useUpInodes(dir: string): string[] {
  const made: string[] = [];
  try {
    for (;;) {
      const path = `${dir}/runs/filler-${made.length}`;
      writeFileSync(path, '');
      made.push(path);
    }
  } catch {
    return made;
  }
}

describe.concurrent('15. a full disk', () => {
  test(
    'kills nobody and starts nothing; the run goes on when there is room again',
    onSmallDisk({ kibibytes: 1_024, inodes: 1_000 }, async (herd) => {
      const file = oneAfterTheOther(herd);
      const run = herd.start(['run', file]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      fillDisk(`${herd.state}/filler`);
      for (const words of [
        ['stop', 'c/a'],
        ['add', '--name', 'more', '--', 'true'],
      ]) {
        const refused = await herd.drover(words);
        expect(refused).toMatchObject({ code: 4 });
        expect(refused.stderr).toMatch(/the disk or quota is full.*\n.*free some space/);
      }
      const doctor = await herd.drover(['doctor']);
      expect(doctor).toMatchObject({ code: 1 });
      expect(doctor.stdout).toMatch(/on a disk with 0 KiB free/);
      herd.open('a');
      await until('its agent has ended', () => !isAlive(agent));
      expect(run.isEnded()).toBe(false);
      expect(herd.begun('b')).toEqual([]);
      rmSync(`${herd.state}/filler`);
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(await herd.row('a')).toMatchObject({
        outcome: 'succeeded',
        exitCode: 0,
        attempt: 1,
      });
      expect(herd.begun('a')).toHaveLength(1);
      expect(herd.begun('b')).toHaveLength(1);
    }),
  );

  test(
    'of which all inodes are used is noticed, kills nobody and starts nothing; the run goes on',
    onSmallDisk({ kibibytes: 8_192, inodes: 100 }, async (herd) => {
      const run = herd.start(['run', oneAfterTheOther(herd)]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      const fillers = useUpInodes(herd.state);
      const doctor = await herd.drover(['doctor']);
      expect(doctor).toMatchObject({ code: 1 });
      expect(doctor.stdout).toMatch(/on a disk with room for 0 files \(inodes\) free/);
      herd.open('a');
      await until('its agent has ended', () => !isAlive(agent));
      await herd.untilState('a', 'ended');
      await until('it is said', () => run.stdout().includes('nothing can be started now'));
      expect(herd.begun('b')).toEqual([]);
      for (const filler of fillers) rmSync(filler);
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(herd.begun('a')).toHaveLength(1);
      expect(herd.begun('b')).toHaveLength(1);
    }),
  );

  test(
    'I1: keeps a stalled agent alive: what cannot be committed is not done',
    onSmallDisk({ kibibytes: 1_024, inodes: 1_000 }, async (herd) => {
      const file = herd.campaign({
        campaign: 'c',
        dispatches: [
          { name: 'a', run: 'exec sleep 300', stall: '4s', grace: '0s', retries: { stalled: 0 } },
        ],
      });
      const run = herd.start(['run', file]);
      const { pid } = await herd.untilState('a', 'running');
      const agent = liveProcess(pid!)!;
      fillDisk(`${herd.state}/filler`);
      await until('the supervisor speaks of it twice', () => {
        const said = run.stdout() + run.stderr();
        return (said.match(/trouble, next try in .*LEDGER_UNAVAILABLE/g) ?? []).length >= 2;
      });
      expect(isAlive(agent)).toBe(true);
      expect(await herd.row('a')).toMatchObject({ state: 'running', pid });
      rmSync(`${herd.state}/filler`);
      expect(await run.ended).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'stalled' });
      expect(isAlive(agent)).toBe(false);
    }),
  );
});
