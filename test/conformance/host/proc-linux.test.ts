// The reader of /proc: against the reader of ps, between fork and exec, without descriptors, and with recycled pids.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLinuxTable } from '../../../src/host/proc-linux.ts';
import { createPortableTable } from '../../../src/host/ps-portable.ts';
import type { ProcessRow } from '../../../src/ports.ts';
import { type CompiledHost, compileHost, importing, startScript } from './compiled-host.ts';
import { FAKES, makeScratch, type Scratch, until } from './scratch.ts';

let scratch: Scratch;
let host: CompiledHost;
beforeAll(() => {
  host = compileHost();
});
afterAll(() => host[Symbol.dispose]());
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

describe.runIf(process.platform === 'linux')('the reader of /proc', () => {
  const table = createLinuxTable();
  const rows = () => {
    const look = table.scan();
    if (look.kind !== 'seen') throw new Error(JSON.stringify(look));
    return look.value;
  };
  const markOf = (pid: number) => rows().find((row) => row.pid === pid)?.mark;

  test('both readers say the same of every process that stays', async () => {
    const mark = scratch.mark();
    scratch.start([`${FAKES}forks-a-tree.sh`, '2', '1'], { DROVER_MARK: mark });
    symlinkSync('/bin/sleep', `${scratch.dir}/a) (b c`);
    scratch.start([`${scratch.dir}/a) (b c`, '300'], { DROVER_MARK: mark });
    const names = ['a) (b c', 'sleep', 'sleep', 'sleep'];
    await until('all are there', () => {
      const members = rows().filter((row) => row.mark === mark);
      return (
        members
          .map((row) => row.command)
          .toSorted()
          .join() === names.join()
      );
    });
    const portable = createPortableTable();
    // Others come and go between the two looks, or change: those that both saw twice alike have to agree.
    await until('both agree', () => {
      const [before, other, after] = [rows(), portable.scan(), rows()];
      if (other.kind !== 'seen') throw new Error(JSON.stringify(other));
      const steady = before.filter((row) => after.some((again) => essence(row) === essence(again)));
      expect(steady.length).toBeGreaterThan(4);
      const byPid = new Map(other.value.map((row) => [row.pid, row]));
      const differing = steady.filter((row) => essence(row) !== essence(byPid.get(row.pid)));
      return differing.length === 0;
    });
  });

  function essence(row: ProcessRow | undefined): string {
    if (row === undefined) return 'none';
    const { pid, parent, group, session, zombie, mark, command } = row;
    // A kernel thread's name holds slashes and changes; the session 0 of early processes is nobody's.
    const name = parent === 2 ? '' : command;
    return JSON.stringify([pid, parent, group, session || group, zombie, mark, name]);
  }

  test.each([
    ['another program', 'exec "/usr/bin/env", "DROVER_MARK=off", "sleep", "300"', 'off'],
    ['a cleared environment', 'exec "/usr/bin/env", "-i", "sleep", "300"', null],
    [
      'the same program, same name',
      '$ENV{DROVER_MARK} = "off"; exec $^X, "-e", "sleep 300"',
      'off',
    ],
    [
      'the same program, same length of environment',
      '$ENV{DROVER_MARK} =~ tr/a-z0-9/z/; exec $^X, "-e", "sleep 300"',
      /^z+\./,
    ],
  ])(
    'a mark read between fork and exec is read again after the exec of %s',
    async (_, exec, expected) => {
      const mark = scratch.mark();
      const [pidFile, go] = [`${scratch.dir}/child`, `${scratch.dir}/go`];
      const script = `
      if (my $child = fork) { open my $f, '>', '${pidFile}'; print $f $child; close $f; waitpid $child, 0; exit }
      select undef, undef, undef, 0.01 until -e '${go}';
      ${exec};`;
      scratch.start(['perl', '-e', script], { DROVER_MARK: mark });
      const pid = Number(
        await until('it has forked', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8')),
      );
      const before = table.identify(pid)!;
      // Looked at again and again, so that it is certainly remembered.
      for (let look = 0; look < 3; look++) expect(markOf(pid)).toBe(mark);
      writeFileSync(go, '');
      try {
        await until('the new environment is seen', () => markOf(pid) !== mark);
        await until('it is the right one', () => {
          const now = markOf(pid);
          return expected instanceof RegExp ? expected.test(now ?? '') : now === expected;
        });
        expect(table.sight(before)).toBe('alive');
      } finally {
        // It carries no mark of this test any more.
        table.signal(before, 'SIGKILL');
      }
    },
  );

  test('a process that does nothing but exec is never seen without its mark', async () => {
    const mark = scratch.mark();
    writeFileSync(`${scratch.dir}/again.sh`, 'exec sh "$0"\n');
    const child = scratch.start(['sh', `${scratch.dir}/again.sh`], { DROVER_MARK: mark });
    for (let look = 0; look < 300; look++) expect(markOf(child.pid!)).toBe(mark);
    for (let look = 0; look < 100; look++) {
      const inTurns = await table.scanInTurns({ since: null, again: null });
      expect(inTurns).toMatchObject({ kind: 'seen' });
      if (inTurns.kind !== 'seen') continue;
      expect(inTurns.value.find(({ pid }) => pid === child.pid)).toMatchObject({ mark });
    }
    // Nor, in two looks, by one that sees it for the first time: on a busy machine an exec may last longer than one waits.
    for (let look = 0; look < 100; look++) {
      const first = createLinuxTable();
      const looks = [lookFor(first, child.pid!), lookFor(first, child.pid!)];
      expect(looks.map((row) => row?.mark)).toContain(mark);
      for (const row of looks) expect(row?.mark === mark || row?.inExec === true).toBe(true);
    }
  });

  function lookFor(reader: ReturnType<typeof createLinuxTable>, pid: number) {
    const look = reader.scan();
    if (look.kind !== 'seen') throw new Error(JSON.stringify(look));
    return look.value.find((row) => row.pid === pid);
  }

  test('an environment that is truly empty is waited for once, not in every look', async () => {
    const empty = spawn('/bin/sleep', ['300'], { env: {}, stdio: 'ignore' });
    try {
      const startMs = performance.now();
      for (let look = 0; look < 100; look++) expect(markOf(empty.pid!)).toBeNull();
      // Waiting in each look would take three seconds for this process alone.
      expect(performance.now() - startMs).toBeLessThan(2_500);
      expect(lookFor(table, empty.pid!)).toMatchObject({ mark: null, inExec: false });
    } finally {
      empty.kill('SIGKILL');
    }
  });

  test('a mark that was seen stays, though the program writes over its environment', async () => {
    const mark = scratch.mark();
    const go = `${scratch.dir}/go`;
    const script = `select undef, undef, undef, 0.01 until -e '${go}'; $0 = 'y' x 8000; sleep 300`;
    const child = scratch.start(['perl', '-e', script], { DROVER_MARK: mark });
    expect(markOf(child.pid!)).toBe(mark);
    writeFileSync(go, '');
    await until(
      'it is overwritten',
      () => !readFileSync(`/proc/${child.pid}/environ`, 'latin1').includes(mark),
    );
    expect(markOf(child.pid!)).toBe(mark);
  });

  test('a mark is found behind a quarter of a megabyte of environment', () => {
    const mark = scratch.mark();
    const bulk = Object.fromEntries(['A', 'B', 'C'].map((name) => [name, 'x'.repeat(90_001)]));
    const child = scratch.start(['sleep', '300'], { ...bulk, ZZ: '', DROVER_MARK: mark });
    expect(readFileSync(`/proc/${child.pid}/environ`).indexOf(mark)).toBeGreaterThan(250_000);
    expect(markOf(child.pid!)).toBe(mark);
  });

  test('a mark on the border of two reads is found', () => {
    for (let shift = 0; shift < 130; shift += 10) {
      const mark = scratch.mark();
      const fill = 65_536 - 120 - (process.env['PATH']!.length + 'PATH=AA=XX'.length) + shift;
      const child = scratch.start(['sleep', '300'], { A: 'x'.repeat(fill), DROVER_MARK: mark });
      expect([shift, markOf(child.pid!)]).toEqual([shift, mark]);
    }
  });

  test('a process that vanishes in the middle of a scan spoils nothing', async () => {
    const mark = scratch.mark();
    scratch.start(['sh', '-c', 'while :; do /bin/true; /bin/true & wait; done'], {
      DROVER_MARK: mark,
    });
    for (let look = 0; look < 300; look++) {
      expect(rows().some((row) => row.pid === process.pid)).toBe(true);
    }
  });

  test('a scan that cannot be made is unknown as a whole, and so is a look at one process', async () => {
    const script = `${importing(host, 'process-table')}
      import { closeSync, openSync } from 'node:fs';
      const table = createProcessTable();
      const first = table.scan().kind;
      const open = [];
      try { for (;;) open.push(openSync('/dev/null', 'r')); } catch {}
      const full = { scan: table.scan(), sight: table.sight(table.self()), signal: table.signal({ ...table.self(), pid: process.ppid }, 'SIGKILL') };
      for (const fd of open) closeSync(fd);
      process.stdout.write(JSON.stringify({ first, ...full, after: table.scan().kind }));`;
    const child = startScript(host, 'no-descriptors', script, {
      prefix: ['sh', '-c', 'ulimit -n 100; exec "$@"', 'sh'],
    });
    expect(JSON.parse(await child.output)).toEqual({
      first: 'seen',
      scan: { kind: 'unknown', because: 'EMFILE: /proc' },
      sight: 'unknown',
      signal: 'unknown',
      after: 'seen',
    });
  });

  test('another user’s process has no mark to us, and is refused to be signalled', async (context) => {
    const child = scratch.start([`${FAKES}sleep-long.sh`]);
    chmodSync(host.dir, 0o755);
    const nobody = { uid: 65_534, gid: 65_534 };
    if (process.getuid!() !== 0 || spawnSync(process.execPath, ['-v'], nobody).status !== 0) {
      context.skip('needs root, and a node that other users may run');
    }
    const script = `${importing(host, 'process-table')}
      const table = createProcessTable();
      const look = table.scan();
      const process_ = table.identify(${child.pid});
      process.stdout.write(JSON.stringify({
        row: look.value?.find((row) => row.pid === ${child.pid}),
        sight: table.sight(process_),
        signals: ['SIGTERM', 'SIGKILL'].map((signal) => table.signal(process_, signal)),
      }));`;
    const other = startScript(host, 'other-user', script, { uid: nobody.uid });
    expect(JSON.parse(await other.output)).toMatchObject({
      row: { pid: child.pid, mark: null, command: 'sleep' },
      sight: 'alive',
      signals: ['refused', 'refused'],
    });
    expect(markOf(child.pid!)).not.toBeNull();
  });

  test('a recycled pid is never signalled', async (context) => {
    // In a pid namespace of its own, where the next pid can be chosen.
    const unshare = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
    const possible =
      process.getuid!() === 0 &&
      canRun([...unshare, 'sh', '-c', 'echo 300 >/proc/sys/kernel/ns_last_pid']);
    if (!possible) context.skip('needs root and a pid namespace, to choose the next pid');
    const script = `${importing(host, 'process-table')}
      import { spawn } from 'node:child_process';
      import { readFileSync, writeFileSync } from 'node:fs';
      const table = createProcessTable();
      const first = spawn('sleep', ['300'], { stdio: 'ignore' });
      const old = table.identify(first.pid);
      const ended = new Promise((resolve) => first.once('exit', resolve));
      const killed = table.signal(old, 'SIGKILL');
      await ended;
      // Two in one tick of the clock would have one start time: a natural wrap of all pids takes seconds.
      while (table.identify(process.pid) && Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 100 < old.startTime + 3);
      let stranger;
      for (let tries = 0; tries < 50 && stranger?.pid !== old.pid; tries++) {
        stranger?.kill('SIGKILL');
        writeFileSync('/proc/sys/kernel/ns_last_pid', String(old.pid - 1));
        stranger = spawn('sleep', ['300'], { stdio: 'ignore' });
      }
      const results = ['SIGTERM', 'SIGSTOP', 'SIGKILL'].map((signal) => table.signal(old, signal));
      const now = table.identify(stranger.pid);
      const stat = readFileSync('/proc/' + stranger.pid + '/stat', 'latin1');
      const answer = { killed, samePid: stranger.pid === old.pid, sight: table.sight(old), results, stranger: table.sight(now), stopped: stat.slice(stat.lastIndexOf(')') + 2)[0] === 'T' };
      process.stdout.write(JSON.stringify(answer), () => { stranger.kill('SIGKILL'); });`;
    const child = startScript(host, 'recycled', script, { prefix: unshare });
    expect(JSON.parse(await child.output)).toEqual({
      killed: 'sent',
      samePid: true,
      sight: 'gone',
      results: ['gone', 'gone', 'gone'],
      stranger: 'alive',
      stopped: false,
    });
  });

  function canRun(argv: string[]): boolean {
    try {
      execFileSync(argv[0]!, argv.slice(1), { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  }
});
