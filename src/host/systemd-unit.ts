// Owns which systemd unit a process belongs to, by the cgroup that the kernel says it is in.
import { existsSync, readFileSync } from 'node:fs';
import { errorCode } from './system-error.ts';

/** The sign by which programs know that systemd runs this machine: sd_booted(3). */
const BOOTED_BY_SYSTEMD = '/run/systemd/system';

export function isSystemdThere(): boolean {
  return existsSync(BOOTED_BY_SYSTEMD);
}

/** Is that process in the unit? Where the kernel does not say, yes: better nothing is done to it. One that is gone: no. */
export function isInUnit(pid: number, unit: string): boolean {
  try {
    return namesUnit(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), unit);
  } catch (error) {
    const code = errorCode(error);
    return code !== 'ENOENT' && code !== 'ESRCH';
  }
}

/** @param cgroups as in `/proc/PID/cgroup`; only the hierarchies that systemd itself keeps count */
export function namesUnit(cgroups: string, unit: string): boolean {
  const full = /\.[a-z]+$/.test(unit) ? unit : `${unit}.service`;
  return cgroups.split('\n').some((line) => {
    const [, path] = /^\d+:(?:name=systemd)?:(.*)$/.exec(line) ?? [];
    return path?.split('/').includes(full) === true;
  });
}
