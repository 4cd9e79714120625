// The starter as its supervisor sees it: that it is ready, that it can die, and that its shims go on without it.
import { existsSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStarter } from '../../../src/host/starter.ts';
import type { ShimOrder } from '../../../src/host/shim-order.ts';
import { readRecords } from '../../../src/host/run-records.ts';
import { makeScratch, type Scratch, scan, table, until } from './scratch.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

async function open() {
  const probe = await openStarter();
  if (probe.kind !== 'ready') throw new Error(probe.because);
  return probe.starter;
}

function order(name: string, argv: string[]): ShimOrder {
  return {
    dir: `${scratch.dir}/${name}`,
    fence: 1,
    umask: '022',
    cwd: scratch.dir,
    about: '{}',
    deadline: null,
    argv,
    environment: { PATH: process.env['PATH']!, DROVER_MARK: scratch.mark() },
    stays: true,
  };
}

/** The starter is the parent of its shims. */
function starterOf(shimPid: number): number {
  return scan().find(({ pid }) => pid === shimPid)!.parent;
}

test.runIf(process.platform === 'linux')(
  'one that is killed takes nobody with it, and the next order finds another',
  async () => {
    const starter = await open();
    const ends: string[] = [];
    const waits = ['sh', '-c', 'until [ -e go ]; do sleep 0.02; done; exit 4'];
    const first = await starter.start(order('first', waits), (how) => ends.push(`first ${how}`));
    if (first.kind !== 'running' || first.shim === null) throw new Error('not started');
    const killed = starterOf(first.shim.pid);
    process.kill(killed, 'SIGKILL');
    await until('its end is known', () => ends.length === 1);
    expect(ends).toEqual(['first badly']);
    expect(table.sight(first.shim)).toBe('alive');
    const second = await starter.start(order('second', waits), (how) => ends.push(`second ${how}`));
    if (second.kind !== 'running' || second.shim === null) throw new Error('not started');
    expect(starterOf(second.shim.pid)).not.toBe(killed);
    writeFileSync(`${scratch.dir}/go`, '');
    for (const name of ['first', 'second']) {
      const end = await until('an exit is recorded', () => {
        const { exit } = readRecords(`${scratch.dir}/${name}`, 1);
        return exit.kind === 'seen' && exit.value;
      });
      expect(end).toMatchObject({ exitCode: 4 });
    }
    await until('the second is told', () => ends.length === 2);
    expect(ends).toEqual(['first badly', 'second well']);
    await starter.close();
  },
);

test.runIf(process.platform === 'linux')(
  'closing it ends it, after it has done what it was told before',
  async () => {
    const starter = await open();
    const started = starter.start(order('last', ['sh', '-c', ': >done']), () => {});
    const closed = starter.close();
    const { shim } = (await started) as { shim: { pid: number } };
    await closed;
    await until('the agent has worked', () => existsSync(`${scratch.dir}/done`));
    await until('nobody of it is left', () => !scan().some(({ pid }) => pid === shim.pid));
    expect(readRecords(`${scratch.dir}/last`, 1).exit).toMatchObject({ value: { exitCode: 0 } });
  },
);
