// Owns where the run directory of an attempt lies, and making it.
import { mkdirSync } from 'node:fs';
import type { AttemptKey } from '../ports.ts';
import { errorCode } from './system-error.ts';

export function runDirPath(runsDir: string, key: AttemptKey): string {
  return `${runsDir}/${key.dispatch}.${key.fence}`;
}

/**
 * Creates the directory where it is missing. Never the directory of all runs: where that has vanished (a disk was
 * unmounted), a claim that is made anew in an empty place would prove nothing.
 */
export function makeRunDir(dir: string): void {
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}
