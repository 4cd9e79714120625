// Owns the tests of protection by the owner's word (I9): whom a rule means, at each look, with real files and processes; a
// pid that changes hands is told by a table that says so.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Look } from '../../../src/core/evidence.ts';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import { isCommandOf, type ProtectRule } from '../../../src/core/protect-rule.ts';
import { nameProcesses, readNamed } from '../../../src/host/named-processes.ts';
import { createProtection } from '../../../src/host/protection.ts';
import { namesUnit } from '../../../src/host/systemd-unit.ts';
import type { ProcessRow } from '../../../src/ports.ts';
import { FAKES, makeScratch, scan, type Scratch, table, until } from './scratch.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

type Occupant = Look<ProcessIdentity>;

/** A table in which pid 70 is whoever is said to have it. */
function tableOf(startTime: () => number | 'nobody' | 'unknown') {
  return {
    bootId: () => 'boot',
    occupant(pid: number): Occupant {
      const now = startTime();
      if (now === 'unknown') return { kind: 'unknown', because: 'EMFILE' };
      if (now === 'nobody' || pid !== 70) return { kind: 'absent' };
      return { kind: 'seen', value: { bootId: 'boot', pid, startTime: now } };
    },
  };
}

function process70(startTime: number, command = 'x'): ProcessRow {
  const where = { parent: 1, group: 1, session: 1, zombie: false, mark: null };
  return { pid: 70, startTime, cpuMs: 0, rssBytes: 0, command, ...where };
}

/** Asks one protection again and again; `protects` is null where it cannot be told. */
function asking(
  rules: readonly ProtectRule[],
  startTime: () => number | 'nobody' | 'unknown' = () => 'nobody',
  namedDir = join(scratch.dir, 'none'),
) {
  const said: Look<readonly ProtectRule[]> = { kind: 'seen', value: rules };
  const protection = createProtection({ rules: () => said, namedDir, table: tableOf(startTime) });
  return {
    look: () => protection.look(),
    protects(row: ProcessRow): boolean | null {
      const look = protection.look();
      if (look.kind === 'absent') return false;
      return look.kind === 'seen' ? look.value(row) : null;
    },
  };
}

describe('a pid in config.yaml', () => {
  const rules = [{ kind: 'pid', pid: 70 }] as const;

  test('is the process that has it when the rule is read first, and no other after it', () => {
    let now: number | 'nobody' = 700;
    const { protects } = asking(rules, () => now);
    expect(protects(process70(700))).toBe(true);
    now = 'nobody';
    expect(protects(process70(700))).toBe(true);
    now = 900;
    expect(protects(process70(900))).toBe(false);
    expect(protects(process70(700))).toBe(true);
  });

  test('is nobody where nobody had it then', () => {
    let now: number | 'nobody' = 'nobody';
    const { protects } = asking(rules, () => now);
    expect(protects(process70(700))).toBe(false);
    now = 700;
    expect(protects(process70(700))).toBe(false);
  });

  test('that cannot be looked at is asked for again, and until then nobody is known', () => {
    let now: number | 'unknown' = 'unknown';
    const { look, protects } = asking(rules, () => now);
    expect(look()).toEqual({ kind: 'unknown', because: 'EMFILE' });
    now = 700;
    expect(protects(process70(700))).toBe(true);
  });
});

describe('a pidfile', () => {
  const path = () => join(scratch.dir, 'b.pid');
  const write = (text: string) => {
    writeFileSync(`${path()}.new`, text);
    renameSync(`${path()}.new`, path());
  };
  const rules = (): ProtectRule[] => [{ kind: 'pidfile', path: path() }];

  test('is the process that has its pid when that writing of it is read first', () => {
    let now = 700;
    write('70\n');
    const { protects } = asking(rules(), () => now);
    expect(protects(process70(700))).toBe(true);
    // It died without a word, and somebody else has its pid: the file is as old as before.
    now = 900;
    expect(protects(process70(900))).toBe(false);
    // It is started again, and by chance has that very pid.
    now = 950;
    write('70\n');
    expect(protects(process70(950))).toBe(true);
    expect(protects(process70(900))).toBe(false);
  });

  test.each(['70', '  70\n', '70\n/var/lib/db\n12345\n'])('may say %j', (text) => {
    write(text);
    expect(asking(rules(), () => 700).protects(process70(700))).toBe(true);
  });

  test.each(['', '\n', 'x', '-70', '70 71', '0', '70x', '12345678901'])(
    'that says %j leaves open whom it means',
    (text) => {
      write(text);
      const because = `pidfile ${path()}: its first line is not a pid`;
      expect(asking(rules(), () => 700).look()).toEqual({ kind: 'unknown', because });
    },
  );

  test('that is not there, no file, or under a file, does as well', () => {
    expect(asking(rules()).look()).toMatchObject({
      because: `pidfile ${path()}: there is no such file`,
    });
    mkdirSync(path());
    expect(asking(rules()).look()).toMatchObject({
      because: expect.stringContaining('not a file'),
    });
    rmSync(path(), { recursive: true });
    execFileSync('mkfifo', [path()]);
    expect(asking(rules()).look()).toMatchObject({
      because: expect.stringContaining('not a file'),
    });
    rmSync(path());
    write('70');
    const under: ProtectRule[] = [{ kind: 'pidfile', path: join(path(), 'x') }];
    expect(asking(under).look()).toMatchObject({ because: expect.stringContaining('ENOTDIR') });
  });

  test('needs nobody who could tell again whom it means', () => {
    let now: number | 'unknown' = 700;
    write('70\n');
    const { look, protects } = asking(rules(), () => now);
    expect(protects(process70(700))).toBe(true);
    now = 'unknown';
    expect(protects(process70(700))).toBe(true);
    write('70\n');
    expect(look()).toEqual({ kind: 'unknown', because: 'EMFILE' });
  });
});

describe('a name', () => {
  test('of a command is that of everybody who is called so, now', () => {
    const { protects } = asking([{ kind: 'command', name: 'redis-server' }]);
    expect(protects(process70(1, 'redis-server'))).toBe(true);
    expect(protects(process70(1, 'redis'))).toBe(false);
  });

  test.each([
    ['a-name-of-16-chr', 'a-name-of-16-ch', true],
    ['a-name-of-16-chr', 'a-name-of-16-chr', true],
    ['a-name-of-16-chr', 'a-name-of-16-c', false],
    ['sh', 's', false],
  ])('%s is shown as %s: %s', (name, shown, expected) => {
    expect(isCommandOf(name, shown)).toBe(expected);
  });

  test('of a real command', async () => {
    const child = scratch.start([`${FAKES}sleep-long.sh`]);
    const row = await until('it runs', () => scan().find(({ pid }) => pid === child.pid));
    const byName = asking([{ kind: 'command', name: row.command }]);
    expect(byName.protects(row)).toBe(true);
    expect(asking([{ kind: 'command', name: `${row.command}x` }]).protects(row)).toBe(false);
  });

  test.each([
    ['0::/system.slice/docker.service\n', 'docker', true],
    ['0::/system.slice/docker.service/sub\n', 'docker.service', true],
    ['0::/system.slice/docker.service\n', 'dock', false],
    ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope\n', 'a.scope', true],
    ['9:name=systemd:/system.slice/x.service\n8:pids:/\n0::/\n', 'x', true],
    ['8:pids:/system.slice/x.service\n0::/\n', 'x', false],
    ['0::/\n', 'x', false],
  ])('of a unit: a process in %j belongs to %s: %s', (cgroups, unit, expected) => {
    expect(namesUnit(cgroups, unit)).toBe(expected);
  });
});

describe('a process that was named by hand', () => {
  const dir = () => join(scratch.dir, 'protect');

  test('is protected for every supervisor, as long as it lives', async () => {
    const [first, second] = [1, 2].map(() => scratch.start([`${FAKES}sleep-long.sh`]));
    await until('both run', () => table.identify(first!.pid!) !== null && second!.pid);
    nameProcesses(dir(), table, [first!.pid!]);
    const protection = () =>
      createProtection({ rules: () => ({ kind: 'absent' }), namedDir: dir(), table });
    const look = protection().look();
    const rowOf = (pid: number) => scan().find((row) => row.pid === pid)!;
    expect(look.kind === 'seen' && look.value(rowOf(first!.pid!))).toBe(true);
    expect(look.kind === 'seen' && look.value(rowOf(second!.pid!))).toBe(false);
    first!.kill('SIGKILL');
    await until('it is gone', () => table.occupant(first!.pid!).kind === 'absent');
    nameProcesses(dir(), table, [second!.pid!]);
    expect(readdirSync(dir())).toHaveLength(1);
    expect(readNamed(dir())).toMatchObject({ kind: 'seen', value: [{ pid: second!.pid }] });
  });

  test('by a pid that nobody has is refused, and none of the others is named', () => {
    expect(() => nameProcesses(dir(), table, [process.pid, 4_194_303])).toThrow(
      'no process has the pid 4194303',
    );
    expect(readNamed(dir())).toEqual({ kind: 'absent' });
  });

  test('of another boot is nobody of this one', () => {
    mkdirSync(dir());
    writeFileSync(join(dir(), '70@700@before'), '');
    writeFileSync(join(dir(), '70@900@boot'), '');
    const { protects } = asking([], () => 700, dir());
    expect(protects(process70(700))).toBe(false);
    expect(protects(process70(900))).toBe(true);
  });

  test('with a name that says nothing leaves open who it is', () => {
    mkdirSync(dir());
    writeFileSync(join(dir(), 'notes.txt'), '');
    expect(asking([], () => 700, dir()).look()).toMatchObject({ kind: 'unknown' });
  });
});
