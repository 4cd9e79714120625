// Owns the tests of reading a trace: calls that are cut in two, that fail, and that cannot be followed.
import { expect, test } from 'vitest';
import { readTrace } from '../../power-loss/trace.ts';

const hex = (words: string) =>
  [...Buffer.from(words)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
const at = (path: string) => `"${hex(path)}"`;
const fd = (path: string, number = 5) => `${number}<${hex(path)}>`;
const here = `AT_FDCWD<${hex('/r')}>`;
const traced = { root: '/r', reports: '/reports' };

function files(lines: readonly string[]): Record<string, string> {
  const { disk } = readTrace(lines.join('\n'), traced);
  const left = disk.left(Infinity, 'nothing');
  return Object.fromEntries([...left].map(([path, content]) => [path, content.toString('latin1')]));
}

const made = `7 openat(${here}, ${at('a')}, O_WRONLY|O_CREAT|O_TRUNC, 0600) = 5${fd('/r/a').slice(1)}`;

test('what is written, where it is written and how much of it', () => {
  const lines = [
    made,
    `7 write(${fd('/r/a')}, "${hex('hello')}", 5) = 4`,
    `7 pwrite64(${fd('/r/a')}, "${hex('J')}", 1, 0) = 1`,
    `7 ftruncate(${fd('/r/a')}, 3) = 0`,
    `7 rename(${at('/r/a')}, ${at('/r/x/../b')}) = 0`,
    `7 write(${fd('/elsewhere')}, "${hex('hello')}", 5) = 5`,
    `7 unlink(${at('/r/none')}) = -1 ENOENT (No such file or directory)`,
    '7 +++ exited with 0 +++',
  ];
  expect(files(lines)).toEqual({ b: 'Jel' });
});

test('a call that others interrupt counts at its end, and a flush from its beginning', () => {
  const { disk } = readTrace(
    [
      made,
      `8 fsync(${fd('/r/a')} <unfinished ...>`,
      `7 write(${fd('/r/a')}, "${hex('hello')}", 5) = 5`,
      '8 <... fsync resumed>) = 0',
    ].join('\n'),
    traced,
  );
  expect(disk.effects.at(-1)).toMatchObject({ kind: 'sync', before: 1 });
});

test('what is said has its place among the writes', () => {
  const said = `7 write(${fd('/reports', 1)}, "${hex('done\n')}", 5) = 5`;
  expect(readTrace([said, made, said].join('\n'), traced).said).toEqual([
    { after: 0, text: 'done\n' },
    { after: 1, text: 'done\n' },
  ]);
});

test.each([
  `7 fallocate(${fd('/r/a')}, FALLOC_FL_PUNCH_HOLE, 0, 4096) = 0`,
  `7 rename(${at('/r/a')}, ${at('/elsewhere')}) = 0`,
  `7 symlink(${at('/r/a')}, ${at('/r/b')}) = 0`,
])('what cannot be followed is an error: %s', (line) => {
  expect(() => files([made, line])).toThrow('cannot follow');
});
