// Evidence files on a real disk: what is found, what is not there, what cannot be looked at, and what is too much.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LookBounds, lookAtEvidenceFiles } from '../../../src/host/evidence-files.ts';
import { makeScratch, type Scratch } from './scratch.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await scratch[Symbol.asyncDispose]();
});

function write(path: string, text = 'x'): string {
  mkdirSync(dirname(`${scratch.dir}/${path}`), { recursive: true });
  writeFileSync(`${scratch.dir}/${path}`, text);
  return `${scratch.dir}/${path}`;
}

const look = async (...globs: string[]) => await lookAtEvidenceFiles(globs, scratch.dir);

/** Paths from the directory of the test; fails where the look has no answer. */
async function found(...globs: string[]): Promise<string[]> {
  const seen = await look(...globs);
  if (seen.kind !== 'seen') throw new Error(JSON.stringify(seen));
  return [...seen.value.keys()].map((path) => relative(scratch.dir, path)).sort();
}

async function only(glob: string) {
  const seen = await look(glob);
  if (seen.kind !== 'seen') throw new Error(JSON.stringify(seen));
  return [...seen.value.values()];
}

const BOUNDS: LookBounds = { withinMs: 20_000, namesMax: 10_000, filesMax: 1_000 };

describe('what matches', () => {
  const FILES = [
    'a.log',
    'b.txt',
    '.hidden.log',
    'one/a.log',
    'one/two/a.log',
    'one/two/three/b.log',
    'one/.secret/a.log',
    'odd [1].log',
  ];

  test.each<[string, readonly string[]]>([
    ['a.log', ['a.log']],
    ['./a.log', ['a.log']],
    ['*.log', ['a.log', 'odd [1].log']],
    ['?.*', ['a.log', 'b.txt']],
    ['.*.log', ['.hidden.log']],
    ['{a,b}.{log,txt}', ['a.log', 'b.txt']],
    ['[ab].*', ['a.log', 'b.txt']],
    ['*/a.log', ['one/a.log']],
    ['one/*/a.log', ['one/two/a.log']],
    ['one/.secret/*', ['one/.secret/a.log']],
    ['**/a.log', ['a.log', 'one/a.log', 'one/two/a.log']],
    ['one/**/*.log', ['one/a.log', 'one/two/a.log', 'one/two/three/b.log']],
    ['one/**', ['one/a.log', 'one/two/a.log', 'one/two/three/b.log']],
    ['**/three/**/*.log', ['one/two/three/b.log']],
    ['one//two/*.log', ['one/two/a.log']],
    ['one/../a.log', ['a.log']],
    ['odd \\[1\\].log', ['odd [1].log']],
    ['one', []],
    ['o*', ['odd [1].log']],
    ['nothing/**/*.log', []],
    ['a.log/*', []],
  ])('%s', async (glob, expected) => {
    for (const path of FILES) write(path);
    expect(await found(glob)).toEqual(expected);
  });

  test('a file that two patterns name is one file', async () => {
    write('a.log');
    expect(await found('*.log', 'a.*', 'a.log')).toEqual(['a.log']);
  });

  test('patterns start from the root or from the home directory where they say so', async () => {
    const path = write('home/.agent/log.jsonl');
    vi.stubEnv('HOME', `${scratch.dir}/home`);
    for (const glob of ['~/.agent/*.jsonl', `${scratch.dir}/home/.agent/*`]) {
      const seen = await lookAtEvidenceFiles([glob], '/nowhere');
      expect(seen.kind === 'seen' && [...seen.value.keys()]).toEqual([path]);
    }
  });

  test('only files count: no directory, no FIFO', async () => {
    mkdirSync(`${scratch.dir}/d.log`);
    execFileSync('mkfifo', [`${scratch.dir}/f.log`]);
    expect(await found('*.log', 'f.log')).toEqual([]);
  });
});

describe('what happens to a file', () => {
  test('it grows, and its size and time are those of the disk', async () => {
    const path = write('a.log', '12345');
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    expect(await only('*.log')).toEqual([{ bytes: 5, modifiedMs: 1_700_000_000_000 }]);
    appendFileSync(path, '678');
    const [grown] = await only('*.log');
    expect(grown).toEqual({ bytes: 8, modifiedMs: Math.round(statSync(path).mtimeMs) });
  });

  test('it is rotated, truncated, new, removed', async () => {
    const path = write('a.log', '12345');
    renameSync(path, `${path}.1`);
    write('a.log', '1');
    expect(await found('a.log*')).toEqual(['a.log', 'a.log.1']);
    truncateSync(path);
    expect((await only('a.log')).map(({ bytes }) => bytes)).toEqual([0]);
    write('new/b.log');
    rmSync(path);
    expect(await found('**/*.log*')).toEqual(['a.log.1', 'new/b.log']);
  });
});

describe('links', () => {
  test('to a file show that file, and to nothing show nothing', async () => {
    const path = write('real/session-7.jsonl', '12345');
    symlinkSync(path, `${scratch.dir}/current.jsonl`);
    symlinkSync(`${scratch.dir}/gone`, `${scratch.dir}/dangling.jsonl`);
    expect(await only('*.jsonl')).toMatchObject([{ bytes: 5 }]);
  });

  test('to a directory are followed by name and by *, and not by **', async () => {
    write('real/a.log');
    symlinkSync(`${scratch.dir}/real`, `${scratch.dir}/link`);
    expect(await found('link/*.log')).toEqual(['link/a.log']);
    expect(await found('*/a.log')).toEqual(['link/a.log', 'real/a.log']);
    expect(await found('**/a.log')).toEqual(['real/a.log']);
  });

  test('that go in circles lead nowhere', async () => {
    write('one/a.log');
    symlinkSync(scratch.dir, `${scratch.dir}/one/up`);
    symlinkSync('self.log', `${scratch.dir}/self.log`);
    symlinkSync('ring', `${scratch.dir}/ring`);
    expect(await found('**/*.log', 'ring/*', 'ring/**/*.log')).toEqual(['one/a.log']);
  });
});

describe('I4: no answer', () => {
  const mayReadAll = process.getuid?.() === 0;

  test.skipIf(mayReadAll)('where a directory cannot be read', async () => {
    write('closed/a.log');
    chmodSync(`${scratch.dir}/closed`, 0);
    const seen = await look('closed/*.log');
    chmodSync(`${scratch.dir}/closed`, 0o700);
    expect(seen).toEqual({ kind: 'unknown', because: `EACCES: ${scratch.dir}/closed` });
  });

  test('where a name is longer than any can be', async () => {
    const name = 'x'.repeat(300);
    expect(await look(`${name}/*.log`)).toEqual({
      kind: 'unknown',
      because: `ENAMETOOLONG: ${scratch.dir}/${name}`,
    });
  });

  test('where a pattern is longer than any that can be understood', async () => {
    const seen = await look(`${'x'.repeat(70_000)}*`);
    expect(seen).toMatchObject({ kind: 'unknown', because: expect.stringContaining('exceeds') });
  });

  test('where more files match than are looked at', async () => {
    for (let index = 0; index < 5_000; index++) write(`many/${index}.log`);
    expect(await look('many/*.log')).toEqual({
      kind: 'unknown',
      because: 'it has more than 1000 evidence files: name fewer of them in evidence_files',
    });
    // Those beside them are no hindrance.
    write('many/session.jsonl');
    expect(await found('many/*.jsonl', 'many/499?.log')).toHaveLength(11);
  });

  test('where they lie among more names than are read', async () => {
    for (let index = 0; index < 30; index++) write(`d${index % 3}/${index}`);
    const among = async (namesMax: number) =>
      await lookAtEvidenceFiles(['**/*.log'], scratch.dir, {
        bounds: { ...BOUNDS, namesMax },
      });
    // 30 files and their three directories, each read once.
    expect(await among(33)).toEqual({ kind: 'seen', value: new Map() });
    expect(await among(32)).toEqual({
      kind: 'unknown',
      because:
        'its evidence files lie among more than 32 names: name fewer of them in evidence_files',
    });
  });

  test('where exactly as many files match as are looked at, there is one', async () => {
    for (const name of ['a', 'b', 'c']) write(name);
    const most = async (filesMax: number) =>
      (await lookAtEvidenceFiles(['*'], scratch.dir, { bounds: { ...BOUNDS, filesMax } })).kind;
    expect([await most(3), await most(2)]).toEqual(['seen', 'unknown']);
  });

  test('where it takes too long', async () => {
    for (let index = 0; index < 2_000; index++) write(`d/${index}`);
    expect(
      await lookAtEvidenceFiles(['**'], scratch.dir, { bounds: { ...BOUNDS, withinMs: 1 } }),
    ).toEqual({
      kind: 'unknown',
      because:
        'looking at its evidence files took more than 1 ms: name fewer of them in evidence_files',
    });
  });
});

test('where there is nothing, nothing is seen: neither directory nor working directory', async () => {
  const nothing = { kind: 'seen', value: new Map() };
  expect(await look('a/b/*.log', 'c')).toEqual(nothing);
  expect(await lookAtEvidenceFiles(['*.log'], `${scratch.dir}/gone`)).toEqual(nothing);
});

describe('I5: a directory in which we write ourselves', () => {
  const files = ['a.log', 'herd/ledger.log', 'herd/runs/d1.1/stdout.log'];
  const foundFrom = async (cwd: string, glob: string) => {
    const seen = await lookAtEvidenceFiles([glob], cwd, { ours: `${scratch.dir}/herd` });
    return seen.kind === 'seen' ? [...seen.value.keys()].map((path) => relative(cwd, path)) : seen;
  };

  test.each([
    ['is not entered by any glob', '', '**', ['a.log']],
    ['is not entered by its name', '', 'herd/*.log', []],
    ['shows its files to whoever works inside of it', 'herd/runs/d1.1', '*', ['stdout.log']],
  ])('%s', async (_, from, glob, paths) => {
    for (const file of files) write(file);
    expect(await foundFrom(`${scratch.dir}/${from}`.replace(/\/$/, ''), glob)).toEqual(paths);
  });

  test('is not entered from a working directory that has another name', async () => {
    for (const file of files) write(`real/${file}`);
    symlinkSync(`${scratch.dir}/real`, `${scratch.dir}/linked`);
    const ours = `${scratch.dir}/real/herd`;
    const seen = await lookAtEvidenceFiles(['**'], `${scratch.dir}/linked`, { ours });
    expect(seen).toMatchObject({ kind: 'seen', value: { size: 1 } });
  });
});
