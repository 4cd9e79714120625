// Owns the question which agent programs this machine has, and in which version.
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Some are Node programs of 100 MB that start slowly; one that hangs is found all the same. */
const VERSION_WITHIN_MS = 5_000;
const VERSION_CHARACTERS_MAX = 100;

export interface AgentProgram {
  readonly program: string;
  readonly versionArgs: readonly string[];
}

/** `version` null: it is there, and did not say. */
export type FoundProgram =
  | { readonly found: true; readonly version: string | null }
  | { readonly found: false; readonly version: null };

/** Looks for `program` in PATH and asks it for its version, with closed stdin and for a bounded time. */
export async function findProgram({ program, versionArgs }: AgentProgram): Promise<FoundProgram> {
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory === '' ? '.' : directory, program))
    .find(isExecutable);
  if (path === undefined) return { found: false, version: null };
  return await new Promise((resolve) => {
    const options = { timeout: VERSION_WITHIN_MS, killSignal: 'SIGKILL' as const };
    const child = execFile(path, [...versionArgs], options, (error, stdout) => {
      const line = stdout.split('\n').find((one) => one.trim() !== '') ?? '';
      const version = error === null ? line.trim().slice(0, VERSION_CHARACTERS_MAX) : '';
      resolve({ found: true, version: version === '' ? null : version });
    });
    child.stdin?.end();
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
