// Owns the file `refused` in a run directory: the last tool that the attempt's program wanted to call was refused by our
// hook, and why. It goes with the next one that is not.
import { rmSync } from 'node:fs';
import { readHead } from './read-head.ts';
import { replaceFile } from './replace-file.ts';

const BYTES_MAX = 2_000;

/** @throws errors of the operating system: then nothing may be refused, for nobody would know of it */
export function writeRefusal(runDir: string, because: string): void {
  replaceFile(pathOf(runDir), because.slice(0, BYTES_MAX / 4));
}

export function clearRefusal(runDir: string): void {
  rmSync(pathOf(runDir), { force: true });
}

/** @returns null where nothing was refused, and where that cannot be told */
export function readRefusal(runDir: string): string | null {
  try {
    return readHead(pathOf(runDir), BYTES_MAX);
  } catch {
    return null;
  }
}

function pathOf(runDir: string): string {
  return `${runDir}/refused`;
}
