// Owns the host's half of `drover clean`: who uses a run directory, what is found, and how it is removed.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listRunDirs, listTemporaryFiles } from '../../../src/host/left-files.ts';
import { keepNames } from '../../../src/host/keep-names.ts';
import { deleteTree, putAway } from '../../../src/host/remove-run-dir.ts';
import { useByLsof, useByProc } from '../../../src/host/run-dir-use.ts';
import { openStarter } from '../../../src/host/starter.ts';
import { makeScratch, type Scratch, scan, table, until } from './scratch.ts';

const IS_LINUX = process.platform === 'linux';
const HAS_LSOF = spawnSync('lsof', ['-v']).error === undefined;

let scratch: Scratch;
let runs: string;
beforeEach(() => {
  scratch = makeScratch();
  runs = `${scratch.dir}/runs`;
  mkdirSync(runs);
});
afterEach(() => scratch[Symbol.asyncDispose]());

describe.each([
  ['/proc', useByProc, IS_LINUX],
  ['lsof', useByLsof, HAS_LSOF],
] as const)('who uses run directories, by %s', (_name, lookAtUse, available) => {
  test.runIf(available)('is seen by open files and by working directories', async () => {
    for (const name of ['a.1', 'b.1', 'c.1', 'c.11']) mkdirSync(`${runs}/${name}`);
    // No mark of theirs, no session, no parent says so.
    const writes = scratch.start(['sh', '-c', `exec sleep 300 >>"${runs}/a.1/stdout"`]);
    const stays = scratch.start(['sh', '-c', `cd "${runs}/b.1" && exec sleep 300`]);
    await until('both are there', () => {
      const look = lookAtUse(runs);
      return look.kind === 'seen' && look.value.size === 2;
    });
    expect(lookAtUse(runs)).toEqual({
      kind: 'seen',
      value: new Map([
        ['a.1', new Set([writes.pid])],
        ['b.1', new Set([stays.pid])],
      ]),
    });
  });

  test.runIf(available)('is nobody where nobody does', () => {
    expect(lookAtUse(runs)).toEqual({ kind: 'seen', value: new Map() });
  });
});

describe('a removal', () => {
  test('takes the directory away under a name that is none of a run directory, then deletes it', () => {
    mkdirSync(`${runs}/abc.1/ops`, { recursive: true });
    writeFileSync(`${runs}/abc.1/claim.1`, 'shim 1 1 b end\n');
    const away = putAway(runs, 'abc.1')!;
    keepNames(runs);
    // Killed here: the record is whole under a name that nobody reads.
    expect(listRunDirs(runs)).toMatchObject([{ path: away, key: null, beingRemoved: true }]);
    expect(readFileSync(`${away}/claim.1`, 'utf8')).toContain('shim 1 1 b');
    expect(putAway(runs, 'abc.1')).toBeNull();
    deleteTree(away);
    deleteTree(away);
    expect(readdirSync(runs)).toEqual([]);
  });

  test('follows no symbolic link, neither to a directory nor to a file', () => {
    const outside = `${scratch.dir}/outside`;
    mkdirSync(outside);
    writeFileSync(`${outside}/kept`, '');
    mkdirSync(`${runs}/abc.1`);
    symlinkSync(outside, `${runs}/abc.1/to-directory`);
    symlinkSync(`${outside}/kept`, `${runs}/abc.1/to-file`);
    symlinkSync(outside, `${runs}/def.1`);
    expect(listRunDirs(runs).map(({ kind }) => kind)).toEqual(['directory', 'link']);
    deleteTree(`${runs}/abc.1`);
    deleteTree(`${runs}/def.1`);
    expect(readdirSync(runs)).toEqual([]);
    expect(readdirSync(outside)).toEqual(['kept']);
  });

  test('gets along with what an agent made read-only', () => {
    mkdirSync(`${runs}/abc.1/cache/module`, { recursive: true });
    writeFileSync(`${runs}/abc.1/cache/module/file`, '', { mode: 0o400 });
    chmodSync(`${runs}/abc.1/cache/module`, 0o500);
    chmodSync(`${runs}/abc.1/cache`, 0o000);
    deleteTree(`${runs}/abc.1`);
    expect(existsSync(`${runs}/abc.1`)).toBe(false);
  });
});

test('temporary files are found where nobody has the pid of their maker', () => {
  mkdirSync(`${scratch.dir}/bell`);
  const names = [
    '.probe-11',
    '.probe-11-link',
    '.probe-12',
    '.probe-x',
    'bell/ring.11',
    'bell/rung',
  ];
  for (const name of names) writeFileSync(`${scratch.dir}/${name}`, '');
  symlinkSync('/etc/passwd', `${scratch.dir}/.probe-13`);
  const found = listTemporaryFiles(scratch.dir, (pid) => pid === 12);
  expect(found.map(({ path }) => path.slice(scratch.dir.length + 1)).toSorted()).toEqual([
    '.probe-11',
    '.probe-11-link',
    'bell/ring.11',
  ]);
});

test.runIf(IS_LINUX)(
  'I2: a shim that comes after its run directory was removed starts nothing',
  async () => {
    const probe = await openStarter(30_000);
    if (probe.kind !== 'ready') throw new Error(probe.because);
    const dir = `${runs}/late.1`;
    const order = (name: string) => ({
      dir: `${runs}/${name}.1`,
      fence: 1,
      umask: '022',
      cwd: scratch.dir,
      about: '{}',
      deadline: null,
      argv: ['sh', '-c', `echo started >>"${scratch.dir}/started"`],
      environment: { PATH: process.env['PATH']!, DROVER_MARK: scratch.mark() },
      stays: true,
      cgroup: '',
    });
    for (const name of ['first', 'late']) mkdirSync(`${runs}/${name}.1`);
    const first = await probe.starter.start(order('first'), () => {});
    if (first.kind !== 'running' || first.shim === null) throw new Error('not started');
    const starter = scan().find(({ command, parent }) => {
      return command.startsWith('drover-starter') && parent === process.pid;
    })!;
    const identity = { ...starter, bootId: table.bootId() };
    await until('the first has ended', () => existsSync(`${scratch.dir}/started`));
    table.signal(identity, 'SIGSTOP');
    const late = probe.starter.start(order('late'), () => {});
    // The attempt ends unclaimed, and its people clean.
    deleteTree(putAway(runs, 'late.1')!);
    table.signal(identity, 'SIGCONT');
    expect(await late).toMatchObject({ kind: 'failed' });
    expect(existsSync(dir)).toBe(false);
    expect(readFileSync(`${scratch.dir}/started`, 'utf8')).toBe('started\n');
    await probe.starter.close();
  },
);

test('what was put away is not put away over something else', () => {
  mkdirSync(`${runs}/abc.1`);
  const away = putAway(runs, 'abc.1')!;
  writeFileSync(`${away}/rest`, '');
  mkdirSync(`${runs}/abc.1`);
  writeFileSync(`${runs}/abc.1/claim.1`, '');
  expect(() => putAway(runs, 'abc.1')).toThrow(/ENOTEMPTY|EEXIST/);
  expect(existsSync(`${runs}/abc.1/claim.1`)).toBe(true);
  renameSync(away, `${runs}/moved`);
});
