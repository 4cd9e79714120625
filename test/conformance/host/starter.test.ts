// The starter as its supervisor sees it: that it is ready, that it can die, and that its shims go on without it.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStarter } from '../../../src/host/starter.ts';
import type { ShimOrder } from '../../../src/host/shim-order.ts';
import { readRecords } from '../../../src/host/run-records.ts';
import { FAKES, makeScratch, type Scratch, scan, table, until } from './scratch.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

async function open(answerWithinMs?: number) {
  const probe = await openStarter(answerWithinMs);
  if (probe.kind !== 'ready') throw new Error(probe.because);
  return probe.starter;
}

function order(name: string, argv: string[]): ShimOrder {
  const dir = `${scratch.dir}/${name}`;
  mkdirSync(dir);
  return {
    dir,
    fence: 1,
    umask: '022',
    cgroup: null,
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
    const first = await starter.start(order('first', waits), (word) => ends.push(`first ${word}`));
    if (first.kind !== 'running' || first.shim === null) throw new Error('not started');
    const killed = starterOf(first.shim.pid);
    process.kill(killed, 'SIGKILL');
    await until('its end is known', () => ends.length === 1);
    expect(ends).toEqual(['first died']);
    expect(table.sight(first.shim)).toBe('alive');
    const second = await starter.start(order('second', waits), (word) =>
      ends.push(`second ${word}`),
    );
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
    expect(ends).toEqual(['first died', 'second ended']);
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
    await until(
      'nobody of it is left',
      () => !scan().some(({ pid, zombie }) => pid === shim.pid && !zombie),
    );
    expect(readRecords(`${scratch.dir}/last`, 1).exit).toMatchObject({ value: { exitCode: 0 } });
  },
);

test.runIf(process.platform === 'linux').each([
  ['one that dies with an order in its pipe', 60_000, true],
  ['one that never answers', 300, false],
])('I2: what was asked of %s is asked of another, and runs once', async (_, withinMs, killed) => {
  const starter = await open(withinMs);
  const first = await starter.start(order('first', ['sleep', '300']), () => {});
  if (first.kind !== 'running' || first.shim === null) throw new Error('not started');
  const pid = starterOf(first.shim.pid);
  process.kill(pid, 'SIGSTOP');
  const journal = `${scratch.dir}/journal`;
  const second = starter.start(order('second', [`${FAKES}journal.sh`, journal]), () => {});
  if (killed) process.kill(pid, 'SIGKILL');
  expect(await second).toMatchObject({ kind: 'running', shim: { pid: expect.any(Number) } });
  await until('it has run', () => readRecords(`${scratch.dir}/second`, 1).exit.kind === 'seen');
  expect(readFileSync(journal, 'utf8').trim().split('\n')).toHaveLength(1);
  expect(table.sight(first.shim)).toBe('alive');
  await starter.close();
});

/** A starter under a shell that stands for its supervisor, and can be killed; its orders are read from descriptor 3. */
const UNDER_A_SHELL = 'perl "$0" "$1" <&3 & exec 3<&-; wait';
const STARTER = new URL('../../../src/host/starter.pl', import.meta.url).pathname;

test.runIf(process.platform === 'linux')('it loads no module, and would bear strict', () => {
  // Whoever has a module in memory copies it for each attempt.
  const loaded = `END { print STDERR "loaded: $_\\n" for keys %INC }`;
  const plain = spawnSync('perl', ['-e', `${loaded} do shift`, STARTER, 'boot'], { input: '' });
  expect(String(plain.stdout)).toBe('ready\n');
  expect(String(plain.stderr)).toBe(`loaded: ${STARTER}\n`);
  const words = ['-Mstrict', '-Mwarnings=FATAL,all', '-c', STARTER];
  const compiled = spawnSync('perl', words, { encoding: 'utf8' });
  expect(compiled).toMatchObject({ status: 0, stderr: `${STARTER} syntax OK\n` });
});

test.runIf(process.platform === 'linux').each([
  ['lives', true],
  ['is gone', false],
])('I2: an order whose supervisor %s is carried out: %s', async (_, isThere) => {
  const words = ['-c', UNDER_A_SHELL, STARTER, table.bootId()];
  const shell = spawn('sh', words, { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
  const told: string[] = [];
  shell.stdout!.on('data', (data: Buffer) => told.push(String(data)));
  await until('it is ready', () => told.join('').includes('ready'));
  if (!isThere) {
    shell.kill('SIGKILL');
    await once(shell, 'exit');
  }
  const { dir, environment } = order('late', []);
  const place = [dir, '1', '022', '1', '', scratch.dir, '{}', ''];
  const argv = ['touch', `${scratch.dir}/ran`];
  const mark = `DROVER_MARK=${environment['DROVER_MARK']}`;
  const fields = ['1', ...place, '2', ...argv, mark].join('\0');
  // Shims hold it open as well.
  const allHaveLeft = once(shell.stdout!, 'end');
  (shell.stdio[3] as Writable).end(`${fields.length}\n${fields}`);
  await allHaveLeft;
  const found = [`${dir}/claim.1`, `${scratch.dir}/ran`].map((path) => existsSync(path));
  expect(found).toEqual([isThere, isThere]);
});

test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'I14: a shim without room for its first file says so, and not that something is missing (needs root: a mount)',
  async () => {
    const starter = await open();
    const made = order('full', ['true']);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=4', 'tmpfs', made.dir]);
    try {
      for (const name of ['a', 'b', 'c']) writeFileSync(`${made.dir}/${name}`, '');
      expect(await starter.start(made, () => {})).toEqual({
        kind: 'exhausted',
        because: `${made.dir}/ops: No space left on device`,
      });
    } finally {
      await starter.close();
      execFileSync('umount', [made.dir]);
    }
  },
);
