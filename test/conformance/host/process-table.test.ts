// The process table against real processes: the reader of /proc, the reader of ps, and both against each other.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import { createLinuxTable } from '../../../src/host/proc-linux.ts';
import { createPortableTable } from '../../../src/host/ps-portable.ts';
import type { ProcessRow } from '../../../src/ports.ts';
import { FAKES, makeScratch, type Scratch, until } from './scratch.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

const READERS = [
  ...(process.platform === 'linux' ? [['/proc', createLinuxTable] as const] : []),
  ['ps', createPortableTable] as const,
];

describe.each(READERS)('the process table of %s', (_, create) => {
  const table = create();
  const rows = () => {
    const look = table.scan();
    if (look.kind !== 'seen') throw new Error(JSON.stringify(look));
    return look.value;
  };
  const rowOf = (pid: number) => rows().find((row) => row.pid === pid);
  const identityOf = (row: ProcessRow): ProcessIdentity => ({ ...row, bootId: table.bootId() });

  test('knows itself', () => {
    expect(table.self().pid).toBe(process.pid);
    expect(table.sight(table.self())).toBe('alive');
    expect(rowOf(process.pid)).toMatchObject({ parent: process.ppid, zombie: false });
    expect(table.identify(process.pid)).toEqual(table.self());
  });

  test('sees a tree with its parents, group, session and mark', async () => {
    const mark = scratch.mark();
    scratch.start([`${FAKES}forks-a-tree.sh`, '2', '2'], { DROVER_MARK: mark });
    const tree = await until('all seven sleep', () => {
      const members = rows().filter((row) => row.mark === mark && row.command === 'sleep');
      return members.length === 7 && members;
    });
    const root = tree.find((row) => row.parent === process.pid)!;
    expect(tree.filter((row) => row.parent === root.pid)).toHaveLength(2);
    expect(new Set(tree.map((row) => row.group)).size).toBe(1);
  });

  test('shows in turns what it shows at once, and keeps nobody in this process waiting', async () => {
    const mark = scratch.mark();
    const child = scratch.start([`${FAKES}sleep-long.sh`], { DROVER_MARK: mark });
    // Two looks at one that is on its way to another program show two programs.
    await until('it sleeps', () => rowOf(child.pid!)?.command === 'sleep');
    let turns = 0;
    const turn = () => {
      turns++;
      ticket = setImmediate(turn);
    };
    let ticket = setImmediate(turn);
    const look = await table.scanInTurns({ since: null, again: null });
    clearImmediate(ticket);
    expect(turns).toBeGreaterThan(0);
    if (look.kind !== 'seen') throw new Error(JSON.stringify(look));
    const { cpuMs, rssBytes, ...row } = look.value.find(({ pid }) => pid === child.pid)!;
    expect(row).toMatchObject({ mark, parent: process.pid });
    expect(rowOf(child.pid!)).toMatchObject(row);
    expect(cpuMs).toBeGreaterThanOrEqual(0);
    expect(rssBytes).toBeGreaterThan(0);
  });

  test('sees the mark of a process as soon as it runs', async () => {
    const mark = scratch.mark();
    const child = scratch.start([`${FAKES}sleep-long.sh`], { DROVER_MARK: mark });
    // spawn returns after the exec, so there is nothing to wait for.
    expect(rowOf(child.pid!)).toMatchObject({ mark });
  });

  test('is not led astray by a strange command name', async () => {
    const name = ') R 1 (x';
    const child = scratch.start(['perl', '-e', `$0 = "${name}"; sleep 300`]);
    const row = await until('it has renamed itself', () => {
      const found = rowOf(child.pid!);
      return found?.command === name && found;
    });
    expect(row).toMatchObject({ parent: process.pid, zombie: false });
    expect(table.sight(identityOf(row))).toBe('alive');
  });

  test('counts CPU time', async () => {
    const child = scratch.start([`${FAKES}busy-silent.sh`, '60']);
    const before = rowOf(child.pid!)!.cpuMs;
    const used = await until('it has used a second', () => {
      const usedMs = rowOf(child.pid!)!.cpuMs - before;
      return usedMs >= 1_000 && usedMs;
    });
    expect(used).toBeLessThan(60_000);
  });

  test('counts memory in bytes', async () => {
    const child = scratch.start(['perl', '-e', '$x = "y" x (64 * 1024 * 1024); sleep 300']);
    const rssBytes = await until('it holds 64 MiB', () => {
      const row = rowOf(child.pid!);
      return row !== undefined && row.rssBytes >= 64 * 1024 ** 2 && row.rssBytes;
    });
    // The text, and perhaps a copy of it, and perl.
    expect(rssBytes).toBeLessThan(256 * 1024 ** 2);
  });

  test('counts a zombie as gone and signals it no more', async () => {
    const file = `${scratch.dir}/zombie`;
    scratch.start([
      'perl',
      '-e',
      `if (my $child = fork) { open my $f, '>', '${file}'; print $f $child; close $f; sleep 300 } else { sleep 300 }`,
    ]);
    const pid = Number(
      await until('it has forked', () => existsSync(file) && readFileSync(file, 'utf8')),
    );
    const before = identityOf(rowOf(pid)!);
    expect(table.sight(before)).toBe('alive');
    process.kill(pid, 'SIGKILL');
    const row = await until('it is a zombie', () => {
      const found = rowOf(pid);
      return found?.zombie === true && found;
    });
    expect(row.mark).toBeNull();
    expect(table.sight(before)).toBe('gone');
    expect(table.signal(before, 'SIGTERM')).toBe('gone');
    expect(table.signal(before, 'SIGKILL')).toBe('gone');
  });

  test('sees that a process has gone, and takes no other for it', async () => {
    const child = scratch.start([`${FAKES}sleep-long.sh`]);
    const identity = table.identify(child.pid!)!;
    expect(table.sight(identity)).toBe('alive');
    expect(table.sight({ ...identity, startTime: identity.startTime + 60 })).toBe('gone');
    expect(table.sight({ ...identity, bootId: 'another-boot' })).toBe('gone');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    expect(table.signal(identity, 'SIGKILL')).toBe('sent');
    await ended;
    expect(table.sight(identity)).toBe('gone');
    expect(table.signal(identity, 'SIGKILL')).toBe('gone');
    expect(table.identify(child.pid!)).toBeNull();
  });

  test('I3: never signals a stranger: another start time or boot under the same pid', async () => {
    const child = scratch.start([`${FAKES}sleep-long.sh`]);
    const identity = table.identify(child.pid!)!;
    for (const stranger of [
      { ...identity, startTime: identity.startTime + 60 },
      { ...identity, bootId: 'another-boot' },
    ]) {
      for (const signal of ['SIGKILL', 'SIGTERM', 'SIGSTOP'] as const) {
        expect(table.signal(stranger, signal)).toBe('gone');
      }
    }
    expect(
      execFileSync('ps', ['-o', 'stat=', '-p', String(child.pid)], { encoding: 'utf8' }),
    ).toMatch(/^S/);
    expect(table.sight(identity)).toBe('alive');
  });

  test('I9: refuses to signal itself, pid 1 and whole groups', () => {
    const identity = table.self();
    for (const pid of [identity.pid, 1, 0, -1, -identity.pid, 1.5, Number.NaN]) {
      expect([pid, table.signal({ ...identity, pid }, 'SIGKILL')]).toEqual([pid, 'refused']);
    }
  });

  test('stops and continues', async () => {
    const child = scratch.start([`${FAKES}sleep-long.sh`]);
    const identity = table.identify(child.pid!)!;
    const state = () =>
      execFileSync('ps', ['-o', 'stat=', '-p', String(child.pid)], { encoding: 'utf8' });
    expect(table.signal(identity, 'SIGSTOP')).toBe('sent');
    await until('it is stopped', () => state().startsWith('T'));
    expect(table.sight(identity)).toBe('alive');
    expect(table.signal(identity, 'SIGCONT')).toBe('sent');
    await until('it goes on', () => state().startsWith('S'));
    expect(table.signal(identity, 'SIGSTOP')).toBe('sent');
    expect(table.signal(identity, 'SIGKILL')).toBe('sent');
    await until('it is gone', () => table.sight(identity) === 'gone');
  });
});
