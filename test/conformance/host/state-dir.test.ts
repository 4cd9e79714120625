// The state directory: what is made, what is taken, and what is refused with a way out.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DroverError } from '../../../src/core/error.ts';
import { fileSystemOf } from '../../../src/host/file-system.ts';
import { prepareStateDir } from '../../../src/host/state-dir.ts';
import { makeScratch, type Scratch } from './scratch.ts';

let scratch: Scratch;
let dir: string;
beforeEach(() => {
  scratch = makeScratch();
  dir = `${scratch.dir}/deep/state`;
});
afterEach(() => scratch[Symbol.asyncDispose]());

function refusal(path: string, create = true): DroverError {
  try {
    prepareStateDir(path, { create });
  } catch (error) {
    if (error instanceof DroverError) return error;
    throw error;
  }
  throw new Error(`${path} was not refused`);
}

const isRoot = process.getuid!() === 0;

test('I20: a state directory is made, private, with a place for runs and nothing else', () => {
  const { paths, problems } = prepareStateDir(dir, { create: true });
  expect(problems).toEqual([]);
  expect(paths).toEqual({
    dir,
    ledger: `${dir}/ledger.db`,
    lock: `${dir}/supervisor.lock`,
    runs: `${dir}/runs`,
    worktrees: `${dir}/worktrees`,
    bell: `${dir}/bell`,
    config: `${dir}/config.yaml`,
    protect: `${dir}/protect`,
    supervisorLog: `${dir}/supervisor.log`,
  });
  for (const made of [dir, paths.runs]) expect(statSync(made).mode & 0o777).toBe(0o700);
  expect(readdirSync(dir)).toEqual(['runs']);
  // Again, after a first start that was killed before it had a ledger.
  expect(prepareStateDir(dir, { create: true }).paths).toEqual(paths);
  expect(prepareStateDir(dir, { create: false }).paths).toEqual(paths);
});

test('where no run directory can be made it is told that nothing can be started', () => {
  const { runs } = prepareStateDir(dir, { create: true }).paths;
  rmdirSync(runs);
  expect(prepareStateDir(dir, { create: false }).problems).toEqual([]);
  writeFileSync(runs, 'in the way');
  const problem = expect.stringMatching(/runs is no directory .*ENOTDIR.* nothing can be started/);
  expect(prepareStateDir(dir, { create: false })).toMatchObject({
    problems: [problem],
    obstacles: [problem],
  });
  expect(() => prepareStateDir(dir, { create: true })).toThrow(/holds something else .*run dir/);
  expect(readFileSync(runs, 'utf8')).toBe('in the way');
});

test('a herd that is there is taken, whatever else people put beside it', () => {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const name of ['ledger.db', 'notes.txt']) writeFileSync(`${dir}/${name}`, '');
  expect(prepareStateDir(dir, { create: true }).problems).toEqual([]);
});

test('an empty directory that others may read is made private, or told of where nothing may be changed', () => {
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o755);
  expect(prepareStateDir(dir, { create: false }).problems).toEqual([
    `${dir} can be read by others: chmod 700 ${dir}`,
  ]);
  expect(statSync(dir).mode & 0o777).toBe(0o755);
  expect(prepareStateDir(dir, { create: true }).problems).toEqual([]);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
});

test('a link leads to one herd, not to two', () => {
  const { paths } = prepareStateDir(dir, { create: true });
  symlinkSync(dir, `${scratch.dir}/link`);
  expect(prepareStateDir(`${scratch.dir}/link`, { create: true }).paths).toEqual(paths);
});

test('looking creates nothing', () => {
  expect(refusal(dir, false).message).toContain('does not exist');
  expect(existsSync(`${scratch.dir}/deep`)).toBe(false);
});

describe('refused, with the code, the place and the way out, is', () => {
  const cases: [string, (at: string) => string, RegExp, RegExp][] = [
    ['a file', (at) => (writeFileSync(at, ''), at), /is not a directory/, /--state/],
    [
      'a place below a file',
      (at) => (writeFileSync(at, ''), `${at}/x`),
      /is not a directory/,
      /--state/,
    ],
    [
      'a directory of something else',
      (at) => (mkdirSync(at), writeFileSync(`${at}/main.c`, ''), at),
      /holds "main.c" and no ledger/,
      /empty/,
    ],
    [
      'one that the group may write',
      (at) => (mkdirSync(at), chmodSync(at, 0o770), at),
      /written by others \(mode 770\)/,
      /chmod 700/,
    ],
    [
      'one that all may write',
      (at) => (mkdirSync(at), chmodSync(at, 0o1777), at),
      /written by others/,
      /chmod 700/,
    ],
    ['one that cannot be made', () => '/proc/drover', /does not exist|may not be/, /--state/],
  ];

  test.each(cases)('%s', (_, build, message, hint) => {
    const at = build(`${scratch.dir}/case`);
    const error = refusal(at);
    expect(error.code).toBe('STATE_DIR_UNUSABLE');
    expect(error.message).toMatch(message);
    expect(error.message).toContain(at);
    expect(error.hint).toMatch(hint);
    expect(error.at).toBe(at);
  });

  test.runIf(isRoot)('one of another user', () => {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    chownSync(dir, 65_534, 65_534);
    expect(refusal(dir).message).toMatch(/belongs to user 65534, and this is user 0/);
    expect(refusal(dir).hint).toContain('DROVER_STATE_DIR');
  });

  test.skipIf(isRoot)('one that may not be written', () => {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    chmodSync(dir, 0o500);
    expect(refusal(dir).message).toContain('may not be read and written');
  });
});

test('the disk of this test is a local one, and /proc is no network', () => {
  expect(fileSystemOf(scratch.dir).kind).toBe('local');
  expect(() => fileSystemOf(`${scratch.dir}/missing`)).toThrow(/ENOENT/);
});
