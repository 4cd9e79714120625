// Owns the removal of what lies in a directory of ours. A run directory is renamed away first and deleted then: killed at
// any line, it is whole under its name, or it is not there at all. What is half deleted has a name that nobody reads.
import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { errorCode } from './system-error.ts';

const PREFIX = '.removing.';

export function isBeingRemoved(name: string): boolean {
  return name.startsWith(PREFIX);
}

/**
 * Takes away the run directory `name`. Another who does the same at the same time is no error.
 *
 * @returns where what is left of it lies, to be deleted; null: it was gone already
 * @throws errors of the operating system: it is whole where it was
 */
export function putAway(runsDir: string, name: string): string | null {
  const away = `${runsDir}/${PREFIX}${name}`;
  try {
    renameSync(`${runsDir}/${name}`, away);
    return away;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Deletes `path` and what is in it. Symbolic links are removed, never followed; what is mounted in it stays, and with it
 * the directory. What somebody else deletes meanwhile is deleted.
 *
 * @throws errors of the operating system: the rest is still there
 */
export function deleteTree(path: string, device: number | null = null): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) return ifThere(() => unlinkSync(path));
  if (device !== null && stat.dev !== device) {
    throw Object.assign(new Error(`another file system is mounted on ${path}`), { code: 'EXDEV' });
  }
  // An agent may have left directories that not even it could write.
  if ((stat.mode & 0o700) !== 0o700) ifThere(() => chmodSync(path, 0o700));
  let names: string[] = [];
  ifThere(() => {
    names = readdirSync(path);
  });
  for (const name of names) deleteTree(`${path}/${name}`, stat.dev);
  ifThere(() => rmdirSync(path));
}

function ifThere(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
