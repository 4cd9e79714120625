// Owns who uses run directories, whatever else of it was shed: an open file or the working directory in one of them.
import { spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import type { Look } from '../core/evidence.ts';
import { describeError, errorCode } from './system-error.ts';

/** pids by the name of the run directory */
export type RunDirUse = ReadonlyMap<string, ReadonlySet<number>>;

/**
 * @param runsDir absolute, symbolic links resolved
 * @returns `unknown` where this system does not tell: then any of them may be in use
 */
export function lookAtRunDirUse(runsDir: string): Look<RunDirUse> {
  return process.platform === 'linux' ? useByProc(runsDir) : useByLsof(runsDir);
}

/** Processes of other users cannot be looked into; private directories are closed to them, but for root. */
export function useByProc(runsDir: string): Look<RunDirUse> {
  try {
    const use = createUse(runsDir);
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      use.add(Number(pid), linkOf(`/proc/${pid}/cwd`));
      for (const fd of namesIn(`/proc/${pid}/fd`)) {
        use.add(Number(pid), linkOf(`/proc/${pid}/fd/${fd}`));
      }
    }
    return { kind: 'seen', value: use.found };
  } catch (error) {
    return { kind: 'unknown', because: describeError(error, '/proc') };
  }
}

const LSOF_WITHIN_MS = 60_000;
const LSOF_BYTES_MAX = 64 * 1024 * 1024;

/** lsof ends with 1 where it found nobody, and also where it failed: only a silent 1 says nobody. */
export function useByLsof(runsDir: string): Look<RunDirUse> {
  const ran = spawnSync('lsof', ['-w', '-n', '-P', '-F', 'pn', '+D', runsDir], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    encoding: 'utf8',
    timeout: LSOF_WITHIN_MS,
    maxBuffer: LSOF_BYTES_MAX,
  });
  if (ran.error !== undefined) {
    return { kind: 'unknown', because: describeError(ran.error, 'lsof') };
  }
  const failed = ran.status !== 0 && (ran.status !== 1 || ran.stderr !== '');
  if (failed) return { kind: 'unknown', because: `lsof: ${ran.stderr.trim() || ran.signal}` };
  const use = createUse(runsDir);
  let pid = 0;
  for (const line of ran.stdout.split('\n')) {
    if (line.startsWith('p')) pid = Number(line.slice(1));
    else if (line.startsWith('n')) use.add(pid, line.slice(1));
  }
  return { kind: 'seen', value: use.found };
}

function createUse(runsDir: string) {
  const found = new Map<string, Set<number>>();
  const prefix = `${runsDir}/`;
  return {
    found,
    add(pid: number, path: string): void {
      if (!path.startsWith(prefix)) return;
      const [name = ''] = path.slice(prefix.length).split('/');
      const users = found.get(name);
      if (users === undefined) found.set(name, new Set([pid]));
      else users.add(pid);
    },
  };
}

const GONE_OR_HIDDEN: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ESRCH',
  'EACCES',
  'EPERM',
  'EINVAL',
]);

function namesIn(path: string): readonly string[] {
  return orNothing(() => readdirSync(path), []);
}

function linkOf(path: string): string {
  return orNothing(() => readlinkSync(path), '');
}

function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read();
  } catch (error) {
    if (GONE_OR_HIDDEN.has(errorCode(error))) return nothing;
    throw error;
  }
}
