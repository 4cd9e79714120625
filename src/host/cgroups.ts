// Owns the cgroups of attempts: BASE/drover-HERD/DISPATCH.FENCE. Where an attempt's lies is written into its run directory
// before it is made, so that whoever supervises later finds it, from whichever cgroup he was started.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import type { Look } from '../core/evidence.ts';
import type { AttemptKey, CgroupLook, Cgroups } from '../ports.ts';
import {
  type CgroupProbe,
  cgroupBase,
  probeCgroups,
  removeCgroup,
  writeControl,
} from './cgroup-base.ts';
import { readHead } from './read-head.ts';
import { replaceFile } from './replace-file.ts';
import { runDirPath } from './run-dir.ts';
import type { StartFailure } from './shim-order.ts';
import { describeError, errorCode, failureOf, isNotThere } from './system-error.ts';

/** A cgroup that an agent makes in its own can hold others; nobody nests deeper than this in good faith. */
const DEPTH_MAX = 16;
/** As long as the kernel lets a path be. */
const PATH_BYTES_MAX = 4_096;
/** Between the list and its proof somebody may come or go. */
const TRIES_MAX = 3;
const ABSENT = { kind: 'absent' } as const;

/** `failed`: not now. `exhausted`: nor would anything else. `unavailable`: not on this machine. */
export type MadeCgroup =
  | { readonly kind: 'made'; readonly path: string }
  | StartFailure
  | { readonly kind: 'unavailable'; readonly because: string };

export interface HostCgroups extends Cgroups {
  /** Makes the cgroup of an attempt, whose run directory is there. Safe to repeat. */
  make(key: AttemptKey): MadeCgroup;
}

/** @param herd id of the ledger; names the cgroup that holds all of this herd */
export function createCgroups(herd: string, runsDir: string): HostCgroups {
  const known = new Map<string, string>();
  /** ended, and still held by somebody who was kept or has opted out */
  const held = new Set<string>();
  let probe: CgroupProbe | null = null;
  const base = () => (probe ??= probeCgroups());
  const nameOf = ({ dispatch, fence }: AttemptKey) => `${dispatch}.${fence}`;

  function pathOf(key: AttemptKey): Look<string> {
    const name = nameOf(key);
    const path = known.get(name);
    if (path !== undefined) return { kind: 'seen', value: path };
    const found = readCgroupPath(runDirPath(runsDir, key), `drover-${herd}/${name}`);
    if (found.kind === 'seen') known.set(name, found.value);
    return found;
  }

  function remove(path: string): void {
    if (removeTree(path, DEPTH_MAX)) held.delete(path);
    else held.add(path);
  }

  return {
    make(key) {
      const where = base();
      if (where.kind === 'unavailable') return where;
      const above = `${where.base}/drover-${herd}`;
      const path = `${above}/${nameOf(key)}`;
      const runDir = runDirPath(runsDir, key);
      try {
        replaceFile(recordOf(runDir), `${path}\n`);
        for (const one of [above, path]) makeCgroup(one);
      } catch (error) {
        return { kind: failureOf(error), because: describeError(error, path) };
      }
      known.set(nameOf(key), path);
      return { kind: 'made', path };
    },

    look(key) {
      const path = pathOf(key);
      return path.kind === 'seen' ? lookInto(path.value) : path;
    },

    kill: (key) => control(pathOf(key), 'kill', '1'),

    freeze: (key, frozen) => control(pathOf(key), 'freeze', frozen ? '1' : '0'),

    remove(key) {
      const path = pathOf(key);
      known.delete(nameOf(key));
      if (path.kind !== 'seen') return;
      for (const one of [path.value, ...held]) remove(one);
      removeCgroup(path.value.slice(0, path.value.lastIndexOf('/')));
    },

    sweep(live) {
      const where = cgroupBase();
      if (where === null) return;
      const above = `${where}/drover-${herd}`;
      const names = new Set(live.map(nameOf));
      for (const name of directoriesIn(above)) {
        if (!names.has(name)) remove(`${above}/${name}`);
      }
      removeCgroup(above);
    },
  };
}

/**
 * Where the cgroup of an attempt lies, by its run directory.
 *
 * @param name the end that its path must have: the file lies where the agent can write
 * @returns `absent`: it has none on record. It may be removed already
 */
export function readCgroupPath(runDir: string, name: string): Look<string> {
  const record = recordOf(runDir);
  try {
    const path = readHead(record, PATH_BYTES_MAX).trim();
    if (path.startsWith('/') && path.endsWith(`/${name}`)) return { kind: 'seen', value: path };
    return { kind: 'unknown', because: `not legible: ${record}` };
  } catch (error) {
    if (isNotThere(error)) return ABSENT;
    return { kind: 'unknown', because: describeError(error, record) };
  }
}

function recordOf(runDir: string): string {
  return `${runDir}/cgroup`;
}

function makeCgroup(path: string): void {
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** An empty list is believed where the kernel says `populated 0`: whoever comes and goes may be missing in a list. */
function lookInto(path: string): Look<CgroupLook> {
  try {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const pids = processesIn(path, DEPTH_MAX);
      if (pids.length > 0 || /^populated 0$/m.test(readFileSync(`${path}/cgroup.events`, 'utf8'))) {
        return { kind: 'seen', value: { pids, cpuMs: cpuMsOf(path) } };
      }
    }
    return { kind: 'unknown', because: 'its cgroup holds a process that it does not show' };
  } catch (error) {
    if (isGone(error)) return ABSENT;
    return { kind: 'unknown', because: describeError(error, path) };
  }
}

/** With those in cgroups below it. */
function processesIn(path: string, depth: number): number[] {
  const pids = readFileSync(`${path}/cgroup.procs`, 'latin1')
    .split('\n')
    .filter(Boolean)
    .map(Number);
  if (depth === 0) return pids;
  for (const name of directoriesIn(path)) {
    try {
      pids.push(...processesIn(`${path}/${name}`, depth - 1));
    } catch (error) {
      // Removed meanwhile; or threaded, and then the one above has its processes.
      if (!isGone(error) && errorCode(error) !== 'EOPNOTSUPP') throw error;
    }
  }
  return pids;
}

/** Of all that were ever in it, also those that nobody has waited for. */
function cpuMsOf(path: string): number {
  const text = readFileSync(`${path}/cpu.stat`, 'latin1');
  return Math.floor(Number(/^usage_usec (\d+)$/m.exec(text)?.[1] ?? 0) / 1_000);
}

function directoriesIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** @returns false where somebody is in it still */
function removeTree(path: string, depth: number): boolean {
  if (removeCgroup(path)) return true;
  if (depth === 0) return false;
  try {
    for (const name of directoriesIn(path)) removeTree(`${path}/${name}`, depth - 1);
  } catch {
    return false;
  }
  return removeCgroup(path);
}

function control(path: Look<string>, what: 'kill' | 'freeze', value: '0' | '1'): boolean {
  if (path.kind !== 'seen') return false;
  try {
    writeControl(path.value, what, value);
    return true;
  } catch {
    // An old kernel, or a cgroup that is gone: the looks that follow say what is left.
    return false;
  }
}

/** The file or its cgroup is removed. */
function isGone(error: unknown): boolean {
  return errorCode(error) === 'ENOENT' || errorCode(error) === 'ENODEV';
}
