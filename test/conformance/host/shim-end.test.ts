// How the shim ends, under every shell of this machine: exit codes, signals, its own death, full disks, lost directories.
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FAKES, makeScratch, type Scratch, scan, table, until } from './scratch.ts';
import { agentOf, exitOf, runShim, SHELLS, type ShimOrder } from './shim-run.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

describe.each(SHELLS)('the shim under %s', (_, shell) => {
  function run(argv: string[], more: Partial<ShimOrder> = {}) {
    return runShim({ shell, dir: `${scratch.dir}/run`, argv, mark: scratch.mark(), ...more });
  }

  test.each([0, 1, 42, 127, 145, 173, 255])(
    'records exit code %i as an exit code',
    async (code) => {
      const shim = run([`${FAKES}quick.sh`, String(code)]);
      expect(await exitOf(shim)).toMatchObject({ kind: 'exited', exitCode: code });
      expect(await shim.ended).toEqual({ code: 0, signal: null });
    },
  );

  test.each(['TERM', 'KILL', 'SEGV', 'INT', 'HUP', 'USR1'])(
    'records death by SIG%s as that signal',
    async (signal) => {
      const shim = run(['sh', '-c', `kill -s ${signal} $$`]);
      expect(await exitOf(shim)).toMatchObject({ kind: 'signalled', signal: `SIG${signal}` });
      await shim.ended;
      // What the shell has to say about it is no output of the agent.
      expect(shim.errors()).toBe('');
    },
  );

  test('is held by its FIFO as long as somebody of the agent is there', async () => {
    const shim = run([`${FAKES}leaves-background-child.sh`]);
    await exitOf(shim);
    await shim.ended;
    expect(isHeld(`${shim.dir}/life`)).toBe(true);
    const child = table.identify(Number(shim.output()))!;
    table.signal(child, 'SIGKILL');
    await until('nobody holds the FIFO', () => !isHeld(`${shim.dir}/life`));
  });

  test('survives polite signals, waits on, and does not lose the record', async () => {
    const shim = run(['sh', '-c', 'until [ -e go ]; do sleep 0.05; done; exit 42']);
    await agentOf(shim);
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGTERM', 'SIGQUIT'] as const) {
      process.kill(shim.pid, signal);
    }
    writeFileSync(`${shim.dir}/go`, '');
    expect(await exitOf(shim)).toMatchObject({ kind: 'exited', exitCode: 42 });
    expect(await shim.ended).toEqual({ code: 0, signal: null });
  });

  test('when it is killed the agent lives on, its record stays, and no exit is invented', async () => {
    const shim = run([`${FAKES}sleep-long.sh`]);
    const agent = await agentOf(shim);
    process.kill(shim.pid, 'SIGKILL');
    expect(await shim.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(table.sight(agent)).toBe('alive');
    expect(shim.agent()).toEqual({ kind: 'seen', value: agent });
    expect(shim.exit()).toEqual({ kind: 'absent' });
    expect(isHeld(`${shim.dir}/life`)).toBe(true);
  });

  test('takes a frozen agent for what it is: not at its end', async () => {
    const shim = run(['sh', '-c', 'until [ -e go ]; do sleep 0.05; done; exit 7']);
    const agent = await agentOf(shim);
    process.kill(agent.pid, 'SIGSTOP');
    await until('it is stopped', () => statOf(agent.pid) === 'T');
    writeFileSync(`${shim.dir}/go`, '');
    process.kill(shim.pid, 'SIGTERM');
    // The shim has run its handler once it sleeps again; a shell that gave up waiting would be gone by then.
    await until('the shim waits again', () => statOf(shim.pid) === 'S');
    expect(shim.exit()).toEqual({ kind: 'absent' });
    process.kill(agent.pid, 'SIGCONT');
    expect(await exitOf(shim)).toMatchObject({ kind: 'exited', exitCode: 7 });
  });

  test('on a full disk records the exit as soon as there is room', async () => {
    mkdirSync(`${scratch.dir}/run`);
    symlinkSync('/dev/full', `${scratch.dir}/run/exit`);
    const shim = run([`${FAKES}quick.sh`, '42']);
    await until('the shim waits for room', () =>
      scan().find((row) => row.parent === shim.pid && row.command === 'sleep'),
    );
    expect(shim.exit()).toEqual({ kind: 'absent' });
    unlinkSync(`${shim.dir}/exit`);
    expect(await exitOf(shim)).toMatchObject({ kind: 'exited', exitCode: 42 });
  });

  test('leaves when its run directory was removed under the living agent', async () => {
    const shim = run([`${FAKES}sleep-long.sh`], { cwd: scratch.dir });
    const agent = await agentOf(shim);
    rmSync(shim.dir, { recursive: true });
    expect(table.sight(agent)).toBe('alive');
    table.signal(agent, 'SIGKILL');
    expect(await shim.ended).toEqual({ code: 75, signal: null });
    expect(existsSync(shim.dir)).toBe(false);
  });
});

/** Does anybody hold the FIFO open for writing? An empty read means nobody, EAGAIN means somebody. */
function isHeld(path: string): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return readSync(fd, Buffer.alloc(1), 0, 1, null) !== 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return true;
    throw error;
  } finally {
    closeSync(fd);
  }
}

function statOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2)[0]!;
}
