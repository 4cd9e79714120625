// Owns the tests of a process that no signal reaches: it sleeps in the kernel, on a disk that does not answer.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type TestHerd, fake, withHerd } from './harness/herd.ts';
import { isAlive, liveProcess } from './harness/process-list.ts';
import type { ReapJson } from './harness/reaping.ts';
import { until } from './harness/until.ts';

interface Disk {
  /** whoever opens it sleeps until the disk is taken away */
  readonly stuckFile: string;
  readonly takeAway: () => Promise<void>;
}

/** @returns null where this machine mounts nothing for us */
async function mountDisk(herd: TestHerd): Promise<Disk | null> {
  const directory = herd.path('disk');
  mkdirSync(directory);
  const child = spawn(fake('unanswering-disk.pl'), [directory], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const said = await Promise.race([firstWord(child), ended.then(() => null)]);
  if (said !== 'mounted') return null;
  return {
    stuckFile: `${directory}/stuck`,
    takeAway: async () => {
      child.stdin!.end();
      await ended;
    },
  };
}

async function firstWord(child: ChildProcess): Promise<string> {
  return await new Promise((resolve) => {
    child.stdout!.once('data', (text: Buffer) => resolve(text.toString().trim()));
    child.once('error', () => resolve(''));
  });
}

async function untilStuck(herd: TestHerd) {
  return await until('it sleeps in the kernel', () =>
    herd.marked().find(({ commandLine }) => commandLine.startsWith('cat ')),
  );
}

describe.concurrent('I8: a process that no signal reaches', () => {
  test('is named, keeps its slot, and is tried again until it goes', async (context) => {
    await withHerd(async (herd) => {
      const disk = await mountDisk(herd);
      if (disk === null) return context.skip('needs root, and a kernel with FUSE');
      try {
        const file = herd.campaign({
          campaign: 'c',
          pools: { one: { slots: 1 } },
          defaults: { pool: 'one', grace: '0s' },
          dispatches: [
            { name: 'a', run: `cat ${disk.stuckFile} & wait`, priority: 1 },
            { name: 'next', run: herd.recorder('next') },
          ],
        });
        const run = herd.start(['run', file]);
        const stuck = await untilStuck(herd);
        await herd.untilState('a', 'running');
        const stop = await herd.drover(['stop', 'c/a']);
        expect(stop.code).toBe(4);
        expect(stop.stderr).toMatch(new RegExp(`survivor: pid ${stuck.pid}, start time .*, cat`));
        const { stdout } = await herd.ok(['ps']);
        expect(stdout).toMatch(/stopping \(1 survived\)/);
        expect(stdout).toMatch(new RegExp(`survivor of c/a: pid ${stuck.pid}`));
        expect(isAlive(stuck)).toBe(true);
        expect(herd.begun('next')).toEqual([]);
        expect((await herd.doctor()).ok).toBe(false);
        await disk.takeAway();
        // The pause between two kills has grown to some seconds by now.
        await until('its slot is free', () => herd.begun('next').length > 0);
        expect(isAlive(stuck)).toBe(false);
        await run.ended;
        expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'cancelled' });
      } finally {
        await disk.takeAway();
      }
    })(context);
  });

  test('is named by a reaper too, and reaped once it can be', async (context) => {
    await withHerd(async (herd) => {
      const disk = await mountDisk(herd);
      if (disk === null) return context.skip('needs root, and a kernel with FUSE');
      try {
        const once = { campaign: 'c', dispatches: [{ name: 'a', run: herd.recorder('a') }] };
        await herd.ok(['run', herd.campaign(once)]);
        const { mark } = herd.begun('a')[0]!;
        const script = `setsid cat ${disk.stuckFile} >/dev/null 2>&1 &`;
        const env = { PATH: process.env['PATH'], DROVER_MARK: mark, DROVER_STATE_DIR: herd.state };
        spawn('/bin/sh', ['-c', script], { env, stdio: 'ignore' });
        const stuck = await untilStuck(herd);
        await until('it has lost its parent', () => liveProcess(stuck.pid)?.parent === 1);
        const { code, stdout } = await herd.drover(['reap', '--json']);
        expect(code).toBe(4);
        const { survivors, reaped } = JSON.parse(stdout) as ReapJson;
        expect({ survivors, reaped }).toMatchObject({
          survivors: [{ pid: stuck.pid }],
          reaped: [],
        });
        await disk.takeAway();
        await until('the kill of before has reached it', () => !isAlive(stuck));
        await herd.ok(['reap']);
      } finally {
        await disk.takeAway();
      }
    })(context);
  });
});
