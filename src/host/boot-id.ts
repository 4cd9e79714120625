// Owns which boot of this machine it is.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { DroverError } from '../core/error.ts';
import { describeError } from './system-error.ts';

/** The PATH of the system, not of an agent. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };
const LINUX = '/proc/sys/kernel/random/boot_id';

/**
 * macOS has a UUID for each boot as well; the BSDs only its moment.
 *
 * @throws DroverError `NOT_POSSIBLE`
 */
export function readBootId(): string {
  if (process.platform !== 'linux') return readSysctl();
  try {
    return readFileSync(LINUX, 'latin1').trim();
  } catch (error) {
    throw new DroverError('NOT_POSSIBLE', {
      message: `the boot cannot be told: ${describeError(error, LINUX)}`,
      hint: 'Drover needs /proc; in a container or chroot, mount it: mount -t proc proc /proc',
      cause: error,
    });
  }
}

function readSysctl(): string {
  for (const name of ['kern.bootsessionuuid', 'kern.boottime']) {
    const ran = spawnSync('sysctl', ['-n', name], { encoding: 'utf8', env: ENVIRONMENT });
    // One word: it becomes a part of the shim's records.
    if (ran.status === 0 && ran.stdout.trim() !== '')
      return ran.stdout.trim().replaceAll(/\W+/g, '-');
  }
  throw new DroverError('NOT_POSSIBLE', {
    message: 'the boot cannot be told: sysctl knows neither kern.bootsessionuuid nor kern.boottime',
    hint: 'Drover needs sysctl in /usr/sbin or /sbin',
  });
}
