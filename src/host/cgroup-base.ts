// Owns the search for a cgroup v2 hierarchy in which we may make cgroups, also one that is mounted beside hierarchies of
// version 1 (/sys/fs/cgroup/unified).
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { describeError, errorCode } from './system-error.ts';

/** Of one attempt: the cgroup of its herd, and in it its own (cgroups.ts). */
const OF_AN_ATTEMPT = /\/drover-[a-z0-9]+\/[a-z0-9]+\.\d+(?=\/|$)/;
/** With the pid of who probes: another one at the same time has its own. */
const PROBE = /^drover-probe\.(\d+)$/;
const PROBE_WITHIN_MS = 5_000;
/** `0` is whoever writes it. */
const ENTER = 'echo 0 >"$1/cgroup.procs"';

/** `ready`: below `base` cgroups can be made and entered. */
export type CgroupProbe =
  | { readonly kind: 'ready'; readonly base: string }
  | { readonly kind: 'unavailable'; readonly because: string };

/** Makes a cgroup in `cgroupBase`, lets a process enter it, and removes it: permissions alone do not tell. */
export function probeCgroups(): CgroupProbe {
  const base = cgroupBase();
  if (base === null)
    return { kind: 'unavailable', because: 'no cgroup v2 hierarchy holds us here' };
  const because = tryToEnter(`${base}/drover-probe.${process.pid}`);
  removeLeftProbes(base);
  return because === null ? { kind: 'ready', base } : { kind: 'unavailable', because };
}

/** Where the cgroups of herds would lie that are supervised from here; null: there is no hierarchy for it. */
export function cgroupBase(): string | null {
  try {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    return findBase(mounts, readFileSync('/proc/self/cgroup', 'utf8'));
  } catch {
    // No Linux, or a kernel without cgroups.
    return null;
  }
}

/**
 * Our own cgroup, or where we run inside an attempt the one that its herd lies in: an attempt in another one would count as
 * part of it.
 *
 * @returns an absolute path; null where there is none
 */
export function findBase(mountinfo: string, membership: string): string | null {
  const own = /^0::(\/.*)$/m.exec(membership)?.[1];
  if (own === undefined || own.startsWith('/..')) return null;
  for (const line of mountinfo.split('\n')) {
    const mounted = parseMount(line);
    const below = mounted === null ? null : pathBelow(mounted.root, own);
    if (mounted === null || below === null) continue;
    const at = OF_AN_ATTEMPT.exec(below)?.index ?? below.length;
    return `${mounted.path}${below.slice(0, at)}`.replace(/\/$/, '');
  }
  return null;
}

/** @returns which part of the hierarchy is mounted where; null: the line is of something else */
function parseMount(line: string): { readonly root: string; readonly path: string } | null {
  const [front = '', back = ''] = line.split(' - ');
  if (!back.startsWith('cgroup2 ')) return null;
  const [, , , root, path] = front.split(' ').map(unescapeOctal);
  return root === undefined || path === undefined ? null : { root, path };
}

function pathBelow(root: string, path: string): string | null {
  if (root === '/') return path;
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : null;
}

/** Spaces and the like in paths, as the kernel writes them. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 8)),
  );
}

/** @returns why not, in words; null: it works */
function tryToEnter(path: string): string | null {
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') return `none can be made: ${describeError(error, path)}`;
  }
  try {
    const { status, stderr, error } = spawnSync('/bin/sh', ['-c', ENTER, 'sh', path], {
      encoding: 'utf8',
      timeout: PROBE_WITHIN_MS,
      killSignal: 'SIGKILL',
    });
    if (status === 0) return null;
    return `none can be entered: ${error?.message ?? stderr.trim().slice(0, 500)}`;
  } finally {
    removeCgroup(path);
  }
}

/** Of processes that were killed in the middle of it. */
function removeLeftProbes(base: string): void {
  for (const name of readdirSync(base)) {
    const pid = PROBE.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeCgroup(`${base}/${name}`);
  }
}

/** @returns false where somebody is in it still */
export function removeCgroup(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return errorCode(error) === 'ENOENT';
  }
}

/** @throws errors of the operating system */
export function writeControl(path: string, control: 'kill' | 'freeze', value: '0' | '1'): void {
  writeFileSync(`${path}/cgroup.${control}`, value, { flag: 'r+' });
}
