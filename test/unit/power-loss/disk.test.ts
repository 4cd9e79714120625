// Owns the tables of what a disk keeps when its power goes: what a flush reaches, and what may become of the rest.
import { describe, expect, test } from 'vitest';
import { Disk, type Left, type Loss } from '../../power-loss/disk.ts';

const text = (words: string) => Buffer.from(words);

function shown(left: Left): Record<string, string> {
  return Object.fromEntries([...left].map(([path, content]) => [path, content.toString('latin1')]));
}

describe('of a file that was written and whose directory was not flushed', () => {
  function written(flush: (disk: Disk) => void): Disk {
    const disk = new Disk();
    disk.make('file', 'file');
    disk.write('file', null, text('ab'));
    flush(disk);
    disk.write('file', null, text('cd'));
    return disk;
  }
  const syncFile = (disk: Disk) => disk.sync('file', disk.effects.length);
  const syncBoth = (disk: Disk) => {
    syncFile(disk);
    disk.sync('', disk.effects.length);
  };

  test.each<[string, (disk: Disk) => void, Loss, Record<string, string>]>([
    ['is kept whole where the power stays', () => {}, 'nothing', { file: 'abcd' }],
    ['nothing is kept', () => {}, 'everything', {}],
    ['its name alone', () => {}, 'contents', { file: '' }],
    ['nothing, though it was flushed itself', syncFile, 'everything', {}],
    ['what was flushed, where its name is kept', syncFile, 'contents', { file: 'ab' }],
    ['what was flushed, with its name', syncBoth, 'everything', { file: 'ab' }],
    ['all of it, where only names are lost', syncBoth, 'names', { file: 'abcd' }],
  ])('%s', (_, flush, loss, expected) => {
    const disk = written(flush);
    expect(shown(disk.left(Infinity, loss))).toEqual(expected);
  });
});

test('a flush reaches what was written before it began, and not what came while it went on', () => {
  const disk = new Disk();
  disk.make('file', 'file');
  disk.write('file', 0, text('ab'));
  const before = disk.effects.length;
  disk.write('file', 2, text('cd'));
  disk.sync('file', before);
  expect(shown(disk.left(Infinity, 'contents'))).toEqual({ file: 'ab' });
});

test('a write that is kept behind one that is lost leaves a hole', () => {
  const disk = new Disk();
  disk.make('file', 'file');
  disk.write('file', 0, text('ab'));
  disk.write('file', 2, text('cd'));
  const seen = new Set<string>();
  for (let seed = 0; seed < 200; seed++) seen.add(shown(disk.left(Infinity, seed))['file'] ?? '-');
  expect([...seen].sort()).toEqual(['', '\0\0cd', '-', 'ab', 'abcd']);
});

test('a write is torn at sectors, wherever it begins', () => {
  const disk = new Disk();
  disk.make('file', 'file');
  disk.write('file', 100, Buffer.alloc(1024, 'x'));
  const seen = new Set<string>();
  for (let seed = 0; seed < 500; seed++) {
    const file = shown(disk.left(Infinity, seed))['file'] ?? '';
    seen.add([0, 100, 511, 512, 1023, 1024, 1123].map((at) => file[at] ?? '-').join(''));
  }
  const nul = '\0';
  expect(seen).toContain(`${nul}xxxxxx`);
  expect(seen).toContain(`${nul}xx${nul}${nul}xx`);
  expect(seen).toContain(`${nul}${nul}${nul}xx--`);
});

test('the names of a directory are kept in their order, and go with the directory', () => {
  const disk = new Disk();
  disk.make('dir', 'directory');
  disk.make('dir/a', 'file');
  disk.link('dir/a', 'dir/b');
  disk.move('dir/b', 'c');
  disk.remove('dir/a');
  const seen = new Set<string>();
  for (let seed = 0; seed < 500; seed++) {
    seen.add([...disk.left(Infinity, seed).keys()].sort().join(' '));
  }
  expect([...seen].sort()).toEqual([
    '',
    'c dir',
    'c dir dir/a',
    'dir',
    'dir dir/a',
    'dir dir/a dir/b',
  ]);
});

test('a disk that ignores every flush loses what was flushed', () => {
  const disk = new Disk();
  disk.make('file', 'file');
  disk.sync('', disk.effects.length);
  expect(shown(disk.left(Infinity, 'everything'))).toEqual({ file: '' });
  expect(shown(disk.unflushed().left(Infinity, 'everything'))).toEqual({});
});
