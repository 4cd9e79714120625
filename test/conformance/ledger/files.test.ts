// Owns what happens when the ledger's file is not what it should be: missing, foreign, newer, damaged, read-only, full.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { Bed, ENGINES, failureOf, makeScratch, planned } from './bed.ts';
import { compilePrograms, PROGRAMS, type Programs } from './programs-run.ts';

let programs: Programs;

beforeAll(() => {
  programs = compilePrograms();
});

afterAll(() => programs[Symbol.asyncDispose]());

/** For root every file is writable; a program that root starts becomes this user (`nobody`) first. */
const SOMEBODY = '65534';

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe.each(ENGINES)('the file of a ledger over $name', (engine) => {
  const driver = engine.name;

  test('that is missing is made only where that was asked for', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    const failure = await failureOf(() => openLedger(path, { create: false, driver }));
    expect([failure.code, failure.at]).toEqual(['NOT_FOUND', path]);
    expect(existsSync(path)).toBe(false);
    await (await openLedger(path, { create: true, driver })).close();
    await (await openLedger(path, { create: false, driver })).close();
  });

  test('that is empty, for its maker was killed, becomes a ledger', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    writeFileSync(path, '');
    const ledger = await openLedger(path, { create: false, driver });
    expect(await ledger.pools()).toHaveLength(1);
    await ledger.close();
  });

  test('is opened without a word on the terminal', () => {
    using scratch = makeScratch();
    const args = [`${PROGRAMS}maker.mjs`, programs.dir, join(scratch.dir, 'ledger.db'), driver];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('I20: is readable by its owner alone, side files and files of an older make included', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    await (await openLedger(path, { create: true, driver })).close();
    expect(modeOf(path)).toBe(0o600);
    chmodSync(path, 0o644);
    const bed = new Bed(await openLedger(path, { create: false, driver }));
    await bed.submit([planned('a')]);
    for (const suffix of ['', '-wal', '-shm']) expect(modeOf(path + suffix)).toBe(0o600);
    await bed.ledger.close();
  });

  test('keeps everything from one opening to the next', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    const first = new Bed(
      await openLedger(path, { create: true, driver, newLedgerId: () => 'abcd1234' }),
    );
    await first.submit([planned('a'), planned('b', { after: ['a'] })]);
    const before = await first.ledger.dispatches({});
    await first.ledger.close();
    const second = await openLedger(path, { create: true, driver });
    expect(second.id).toBe('abcd1234');
    expect(await second.dispatches({})).toEqual(before);
    await second.close();
  });

  test('sets every pragma on every connection', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    const statements: string[] = [];
    const { openSqlite } = await import('../../../src/ledger/sqlite.ts');
    writeFileSync(path, '');
    const spied = {
      name: driver,
      connect: (place: string) => {
        const connection = engine.connect(place);
        return {
          ...connection,
          exec: (sql: string) => {
            statements.push(sql);
            connection.exec(sql);
          },
        };
      },
    };
    const opened = openSqlite(spied, path, { busyTimeoutMs: 321, interceptor: null });
    const [mode, level, wait, keys] = await opened.read(async (query) => [
      await query('pragma journal_mode', []),
      await query('pragma synchronous', []),
      await query('pragma busy_timeout', []),
      await query('pragma foreign_keys', []),
    ]);
    expect([mode, level, wait, keys].map((rows) => Object.values(rows[0]!)[0])).toEqual([
      'wal',
      2,
      321,
      1,
    ]);
    const mac = ['pragma fullfsync = 1', 'pragma checkpoint_fullfsync = 1'];
    expect(statements.filter((sql) => mac.includes(sql))).toEqual(
      process.platform === 'darwin' ? mac : [],
    );
    await opened.close();
  });

  test.each<[string, (path: string) => void]>([
    ['text', (path) => writeFileSync(path, 'this is no database at all\n'.repeat(200))],
    ['a database with a hole', (path) => writeFileSync(path, holed(readFileSync(path)))],
  ])(
    'that is %s is corrupt, is kept as it is, and the message says the way out',
    async (_, damage) => {
      using scratch = makeScratch();
      const path = join(scratch.dir, 'ledger.db');
      // In processes of their own, whose ends leave no side files that would make the damage good.
      await programs.start('maker', [path, driver]).ended;
      await programs.start('filler', [path, driver, '20']).ended;
      damage(path);
      const before = readFileSync(path);
      const failure = await failureOf(async () => {
        const ledger = await openLedger(path, { create: true, driver });
        try {
          await ledger.events({ since: 0, limit: 100 });
        } finally {
          await ledger.close();
        }
      });
      expect(failure.code).toBe('LEDGER_CORRUPT');
      expect(failure.message).toContain(path);
      expect(failure.message).toMatch(/nothing was started or killed, and the file is kept/);
      expect(failure.hint).toMatch(/copy .*\.recover.*new ledger.*drover doctor/);
      expect(readFileSync(path).equals(before)).toBe(true);
    },
  );

  test('that a newer Drover has used is refused with both versions, and not touched', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    await (await openLedger(path, { create: true, driver })).close();
    const newer = engine.connect(path);
    newer.exec(`update meta set value = '7' where key = 'schema'`);
    newer.close();
    const failure = await failureOf(() => openLedger(path, { create: true, driver }));
    expect(failure.code).toBe('LEDGER_NEWER');
    expect(failure.message).toMatch(/version 7, .* up to 1/);
    expect(failure.hint).toMatch(/update Drover/);
  });

  test('I14: takes no change of an ended attempt or an event, not even from another program', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    const bed = new Bed(await openLedger(path, { create: true, driver }));
    await bed.submit([planned('a'), planned('b')]);
    await bed.end((await bed.claim())[0]!);
    const other = engine.connect(path);
    for (const sql of [
      `update attempts set class = 'agent' where dispatch = 'd1'`,
      `delete from attempts where dispatch = 'd1'`,
      `update events set data = '{}' where seq = 1`,
      'delete from events',
    ]) {
      expect(() => other.exec(sql)).toThrow('is append-only');
    }
    other.exec(`update attempts set evidence_at = 5 where dispatch = 'd2'`);
    other.close();
    await bed.ledger.close();
  });

  test('that is a directory, or lies in none, is unavailable', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    mkdirSync(path);
    for (const bad of [path, join(scratch.dir, 'none', 'ledger.db')]) {
      const failure = await failureOf(() => openLedger(bad, { create: true, driver }));
      expect([failure.code, failure.at]).toEqual(['LEDGER_UNAVAILABLE', bad]);
      expect(failure.hint).toBeTruthy();
    }
  });

  test('that was removed or replaced under an open ledger is unavailable, until it is back', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    const { ledger } = new Bed(await openLedger(path, { create: true, driver }));
    renameSync(path, `${path}.aside`);
    for (const replace of [() => {}, () => copyFileSync(`${path}.aside`, path)]) {
      replace();
      await expect(ledger.setPool({ name: 'art', slots: 1 }, 1)).rejects.toMatchObject({
        code: 'LEDGER_UNAVAILABLE',
        message: expect.stringContaining('removed or replaced'),
      });
      await expect(ledger.live()).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    }
    rmSync(path);
    renameSync(`${path}.aside`, path);
    expect(await ledger.pool('art')).toBeNull();
    await ledger.close();
  });

  test('that is read-only can be read, and a write says what to do', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    // In a process of its own, whose end leaves no side files open.
    await programs.start('maker', [path, driver]).ended;
    chmodSync(path, 0o444);
    chmodSync(scratch.dir, 0o777);
    const said = await programs.start('filler', [path, driver, '1', SOMEBODY]).ended;
    expect(said[0]).toBe('open');
    const failure = JSON.parse(said[1]!);
    expect(failure).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    expect(failure.message).toContain('it is read-only');
    expect(failure.hint).toContain('writable');
  });

  test('in a directory that may not be entered is unavailable', async () => {
    using scratch = makeScratch();
    const inner = join(scratch.dir, 'inner');
    mkdirSync(inner);
    chmodSync(scratch.dir, 0o755);
    const path = join(inner, 'ledger.db');
    await (await openLedger(path, { create: true, driver })).close();
    chmodSync(inner, 0o000);
    const [said] = await programs.start('filler', [path, driver, '1', SOMEBODY]).ended;
    chmodSync(inner, 0o700);
    expect(JSON.parse(said!)).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  });

  test('that can grow no further loses nothing that was acknowledged, and takes the next write when it can', async () => {
    using scratch = makeScratch();
    const path = join(scratch.dir, 'ledger.db');
    await (await openLedger(path, { create: true, driver })).close();
    // Blocks of 512 bytes: a file may have 1 MiB, which fifty events of 20 kB exceed.
    const prefix = ['sh', '-c', 'ulimit -f 2048; exec "$@"', 'sh'];
    const said = await programs.start('filler', [path, driver, '500'], { prefix }).ended;
    const acknowledged = said.slice(1, -1).map(Number);
    expect(JSON.parse(said.at(-1)!)).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    const ledger = await openLedger(path, { create: false, driver });
    const kept = await ledger.events({ since: 0, limit: 1_000 });
    expect(kept.map(({ data }) => data['n'])).toEqual(acknowledged);
    expect(acknowledged.length).toBeGreaterThan(10);
    await ledger.setPool({ name: 'art', slots: 1 }, 1);
    expect(await ledger.lastSeq()).toBe(acknowledged.length + 1);
    expect(await ledger.check()).toBeNull();
    await ledger.close();
  });
});

test('without the driver that is asked for there is no ledger, and a hint what to install', () => {
  using scratch = makeScratch();
  // Without node_modules there is no optional package.
  const compiled = join(scratch.dir, 'compiled');
  const filter = (source: string) => !source.endsWith('node_modules');
  cpSync(programs.dir, compiled, { recursive: true, filter });
  const path = join(scratch.dir, 'ledger.db');
  const args = [`${PROGRAMS}filler.mjs`, compiled, path, 'libsql', '1'];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toMatchObject({
    code: 'NO_SQLITE_DRIVER',
    message: expect.stringContaining(`no libsql driver for Node ${process.versions.node}`),
    hint: expect.stringMatching(/22\.13.*"libsql"/),
  });
  expect(existsSync(path)).toBe(false);
});

describe.runIf(process.platform === 'linux')('libsql is loaded', () => {
  test.each([
    ['with the likely C library, without a report of the process', 'likely', 0],
    ['with another one as well, as the report says', 'unlikely', 1],
  ])('%s', async (_, library, reports) => {
    const [said] = await programs.start('loader', [library]).ended;
    expect(JSON.parse(said!)).toEqual({ found: true, reports, kept: true });
  });
});

/** Everything after the first two pages overwritten: the header is that of a good database. */
function holed(bytes: Buffer): Buffer {
  return bytes.fill(0x5a, 8_192);
}
