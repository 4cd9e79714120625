// How a shim ends, each of them: exit codes, signals, its own death, full disks, lost directories.
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FAKES, makeScratch, type Scratch, scan, table, until } from './scratch.ts';
import { agentOf, exitOf, runShim, SHIMS, type ShimOrder } from './shim-run.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

describe.each(SHIMS)('the shim under $name', (kind) => {
  function run(argv: string[], more: Partial<ShimOrder> = {}) {
    return runShim({ shim: kind, dir: `${scratch.dir}/run`, argv, mark: scratch.mark(), ...more });
  }

  test.each([0, 1, 42, 127, 145, 173, 255])(
    'records exit code %i as an exit code',
    async (code) => {
      const shim = await run([`${FAKES}quick.sh`, String(code)]);
      expect(await exitOf(shim)).toMatchObject({ kind: 'exited', exitCode: code });
      expect(await shim.ended).toEqual({ code: 0, signal: null });
    },
  );

  test.each(['TERM', 'KILL', 'SEGV', 'INT', 'HUP', 'USR1'])(
    'records death by SIG%s as that signal',
    async (signal) => {
      const shim = await run(['sh', '-c', `kill -s ${signal} $$`]);
      expect(await exitOf(shim)).toMatchObject({ kind: 'signalled', signal: `SIG${signal}` });
      await shim.ended;
      // What the shell has to say about it is no output of the agent.
      expect(shim.errors()).toBe('');
    },
  );

  test.runIf(kind.kind === 'sh')(
    'is held by its FIFO as long as somebody of the agent is there',
    async () => {
      const shim = await run([`${FAKES}leaves-background-child.sh`]);
      await exitOf(shim);
      await shim.ended;
      expect(isHeld(`${shim.dir}/life`)).toBe(true);
      const child = table.identify(Number(shim.output()))!;
      table.signal(child, 'SIGKILL');
      await until('nobody holds the FIFO', () => !isHeld(`${shim.dir}/life`));
    },
  );

  test('I12: survives polite signals, waits on, and does not lose the record', async () => {
    const shim = await run(['sh', '-c', 'until [ -e go ]; do sleep 0.05; done; exit 42']);
    await agentOf(shim);
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGTERM', 'SIGQUIT'] as const) {
      process.kill(shim.pid, signal);
    }
    writeFileSync(`${shim.dir}/go`, '');
    expect(await exitOf(shim)).toMatchObject({ kind: 'exited', exitCode: 42 });
    expect(await shim.ended).toEqual({ code: 0, signal: null });
  });

  test('I12: when it is killed the agent lives on, its record stays, and no exit is invented', async () => {
    const shim = await run([`${FAKES}sleep-long.sh`]);
    const agent = await agentOf(shim);
    process.kill(shim.pid, 'SIGKILL');
    expect(await shim.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(table.sight(agent)).toBe('alive');
    expect(shim.agent()).toEqual({ kind: 'seen', value: agent });
    expect(shim.exit()).toEqual({ kind: 'absent' });
    expect(kind.kind === 'perl' || isHeld(`${shim.dir}/life`)).toBe(true);
  });

  test('takes a frozen agent for what it is: not at its end', async () => {
    const shim = await run(['sh', '-c', 'until [ -e go ]; do sleep 0.05; done; exit 7']);
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

  test('I12: on a full disk records the exit as soon as there is room', async () => {
    const shim = await run(['sh', '-c', 'until [ -e go ]; do sleep 0.05; done; exit 42']);
    const agent = await agentOf(shim);
    renameSync(`${shim.dir}/claim.1`, `${shim.dir}/kept`);
    symlinkSync('/dev/full', `${shim.dir}/claim.1`);
    writeFileSync(`${shim.dir}/go`, '');
    await until('the agent is gone', () => table.sight(agent) === 'gone');
    expect(table.identify(shim.pid)).not.toBe(null);
    renameSync(`${shim.dir}/kept`, `${shim.dir}/claim.1`);
    expect(await exitOf(shim)).toMatchObject({ kind: 'exited', exitCode: 42 });
  });

  test('goes on when whoever started it is gone, and flushes what it records itself', async () => {
    const shim = await run(['sh', '-c', 'until [ -e go ]; do sleep 0.05; done; exit 3']);
    await agentOf(shim);
    shim.orphan();
    writeFileSync(`${shim.dir}/go`, '');
    expect(await exitOf(shim)).toMatchObject({ kind: 'exited', exitCode: 3 });
    await until('the shim has left', () => table.identify(shim.pid) === null);
  });

  test.runIf(kind.kind === 'perl')(
    'waits for everybody of its tree, whatever they shed',
    async () => {
      const daemon = 'setsid env -i sh -c "(setsid sleep 300 &)"';
      const shim = await run(['sh', '-c', `${daemon}; exit 5`]);
      expect(await exitOf(shim)).toMatchObject({ kind: 'exited', exitCode: 5 });
      const orphan = await until('the daemon is a child of the shim', () =>
        scan().find((row) => row.parent === shim.pid && row.command === 'sleep'),
      );
      expect(orphan).toMatchObject({ mark: null });
      const shimRow = scan().find(({ pid }) => pid === shim.pid);
      expect(shimRow).toMatchObject({ zombie: false, mark: expect.any(String) });
      table.signal({ ...orphan, bootId: table.bootId() }, 'SIGKILL');
      expect(await shim.ended).toEqual({ code: 0, signal: null });
    },
  );

  test.runIf(kind.kind === 'perl')('leaves the others behind where it is told to', async () => {
    const shim = await run([`${FAKES}leaves-background-child.sh`], { stays: false });
    await exitOf(shim);
    expect(await shim.ended).toEqual({ code: 0, signal: null });
    expect(table.identify(Number(shim.output()))).not.toBe(null);
  });

  test.runIf(kind.kind === 'perl')('says why a program could not be executed', async () => {
    const shim = await run(['./no "such" program']);
    expect(await exitOf(shim)).toEqual({
      kind: 'refused',
      final: true,
      reason: 'the program ./no "such" program could not be executed: No such file or directory',
      at: expect.any(Number),
    });
  });

  test('leaves when its run directory was removed under the living agent', async () => {
    const shim = await run([`${FAKES}sleep-long.sh`], { cwd: scratch.dir });
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
