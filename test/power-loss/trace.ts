// Owns reading what strace wrote down (-f -y -xx) as writes to a disk: who wrote what to which file of one directory, what
// was flushed, and what was said on the way. A call that it does not know, or that it cannot follow, is an error: a
// recording with a hole would prove nothing.
import { normalize } from 'node:path';
import { Disk } from './disk.ts';

/** System calls that change a disk; what they write is followed by the path of their descriptor. */
export const CALLS = [
  'open openat openat2 creat mkdir mkdirat mknod mknodat symlink symlinkat',
  'write pwrite64 writev pwritev pwritev2 ftruncate truncate fallocate sendfile copy_file_range splice',
  'rename renameat renameat2 link linkat unlink unlinkat rmdir',
  'fsync fdatasync sync_file_range sync syncfs',
].join(' ');

const BY_DESCRIPTOR = new Set(
  (
    'write pwrite64 writev pwritev pwritev2 ftruncate fallocate sendfile copy_file_range splice ' +
    'fsync fdatasync sync_file_range syncfs'
  ).split(' '),
);

export interface Recording {
  readonly disk: Disk;
  /** what was written to the file of reports, after so many effects */
  readonly said: readonly { readonly after: number; readonly text: string }[];
}

export interface Traced {
  /** of which the disk is recorded, absolute; it is there and empty when the trace begins */
  readonly root: string;
  /** outside of it: what is written there counts as said */
  readonly reports: string;
}

interface Call {
  readonly name: string;
  readonly args: string;
  readonly result: number;
  /** number of effects when it began */
  readonly before: number;
}

/** Path in the root → to be left out, for nothing of it outlives a power loss anyway. */
const isVolatile = (path: string) => path.endsWith('-shm');

export function readTrace(text: string, { root, reports }: Traced): Recording {
  const disk = new Disk();
  const said: { after: number; text: string }[] = [];
  const within = (path: string) => {
    if (path === root) return '';
    return path.startsWith(`${root}/`) && !isVolatile(path) ? path.slice(root.length + 1) : null;
  };
  for (const call of callsIn(text, () => disk.effects.length)) {
    if (call.result === 0 && /write/.test(call.name)) continue;
    const texts = stringsIn(call.args);
    const descriptor = BY_DESCRIPTOR.has(call.name)
      ? /^(\d+)<((?:\\x[0-9a-f]{2})*)>(\(deleted\))?/.exec(call.args)
      : null;
    const path = descriptor === null ? null : decode(descriptor[2]!).toString();
    if (path === reports && call.name === 'write') {
      said.push({
        after: disk.effects.length,
        text: texts[0]!.subarray(0, call.result).toString(),
      });
    }
    const inside = path === null || descriptor![3] !== undefined ? null : within(path);
    if (descriptor !== null) {
      if (inside !== null) toDescriptor(disk, call, inside, texts);
    } else if (!BY_DESCRIPTOR.has(call.name)) toPaths(disk, call, pathsIn(call.args), within);
  }
  return { disk, said };
}

/** Whole calls in the order of their ends; those that failed are left out. */
function* callsIn(text: string, effects: () => number): Generator<Call> {
  const begun = new Map<string, { args: string; before: number }>();
  for (const line of text.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const unfinished = /^(\w+\(.*) <unfinished \.\.\.>$/.exec(rest);
    if (unfinished !== null) {
      begun.set(pid, { args: unfinished[1]!, before: effects() });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const start = resumed === null ? null : begun.get(pid);
    const whole = resumed === null ? rest : `${start?.args ?? ''}${resumed[1]}`;
    const match = /^(\w+)\((.*)\) += (-?\d+)/.exec(whole);
    if (match === null || Number(match[3]) < 0) continue;
    const [, name = '', args = '', result] = match;
    yield { name, args, result: Number(result), before: start?.before ?? effects() };
  }
}

function toDescriptor(disk: Disk, call: Call, path: string, texts: readonly Buffer[]): void {
  const numbers = call.args.split(', ').map(Number);
  switch (call.name) {
    case 'write':
      // Nobody of ours seeks: whoever writes without a place appends, or began with an empty file.
      return disk.write(path, null, texts[0]!.subarray(0, call.result));
    case 'writev':
      return disk.write(path, null, Buffer.concat(texts).subarray(0, call.result));
    case 'pwrite64':
      return disk.write(path, numbers.at(-1)!, texts[0]!.subarray(0, call.result));
    case 'ftruncate':
      return disk.resize(path, numbers.at(-1)!);
    case 'fsync':
    case 'fdatasync':
      return disk.sync(path, call.before);
    default:
      throw new Error(`${call.name} of ${path}: this recording cannot follow it`);
  }
}

function toPaths(
  disk: Disk,
  call: Call,
  paths: readonly string[],
  within: (path: string) => string | null,
): void {
  const [from = '', to = ''] = paths;
  const path = within(from);
  const other = to === '' ? null : within(to);
  if (path === null && other === null) return;
  switch (call.name) {
    case 'open':
    case 'openat':
    case 'creat': {
      if (!/O_CREAT|O_TRUNC/.test(call.args)) return;
      if (disk.find(path!) === null) disk.make(path!, 'file');
      if (call.args.includes('O_TRUNC')) disk.resize(path!, 0);
      return;
    }
    case 'mkdir':
    case 'mkdirat':
      return disk.make(path!, 'directory');
    case 'mknod':
    case 'mknodat':
      return disk.make(path!, 'fifo');
    case 'unlink':
    case 'unlinkat':
    case 'rmdir':
      return disk.remove(path!);
    case 'link':
    case 'linkat':
      if (path === null || other === null) break;
      return disk.link(path, other);
    case 'rename':
    case 'renameat':
    case 'renameat2':
      if (path === null || other === null) break;
      return disk.move(path, other);
    default:
  }
  throw new Error(`${call.name} of ${from} ${to}: this recording cannot follow it`);
}

/** Paths of a call in their order; what is relative to a directory is put behind it. */
function pathsIn(args: string): readonly string[] {
  const found = args.matchAll(
    /(?:(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>, )?"((?:\\x[0-9a-f]{2})*)"/g,
  );
  return [...found].map(([, dir = '', name = '']) => {
    const path = decode(name).toString();
    return normalize(path.startsWith('/') ? path : `${decode(dir).toString()}/${path}`);
  });
}

function stringsIn(args: string): readonly Buffer[] {
  return [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => decode(hex));
}

function decode(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}
