// Owns where the repository lies, for code that runs from its sources and, compiled, from a folder beside them.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path, without a slash at its end. */
export const REPOSITORY = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (folder === '/') throw new Error('no package.json above this file');
  return rootAbove(dirname(folder));
}

/** Absolute path of one of the fake agents. */
export function fake(name: string): string {
  return join(REPOSITORY, 'test/fakes', name);
}
