// Owns what the command line takes from the process environment: where the state directory is, and
// whether to colour.
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { DroverError } from '../core/error.ts';
import type { SurroundingAttempt } from './context.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `--state DIR`, else `$DROVER_STATE_DIR`, else `$XDG_STATE_HOME/drover`, else
 * `~/.local/state/drover`.
 *
 * @returns an absolute path
 */
export function stateDirOf(flag: string | undefined, environment: Environment): string {
  if (flag !== undefined) return resolve(flag);
  const own = environment['DROVER_STATE_DIR'];
  if (own !== undefined && own !== '') return resolve(own);
  const xdg = environment['XDG_STATE_HOME'];
  // The XDG specification says that a relative path in its variables is to be ignored.
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'drover');
  return join(homedir(), '.local', 'state', 'drover');
}

/** @throws DroverError `USAGE` where it was removed, as a worktree is under a shell that stands in it */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new DroverError('USAGE', {
      message: 'the current directory is gone, and this command needs one',
      hint: 'go to a directory that is there, and run it again',
      cause,
    });
  }
}

/** Whether commands take this state directory where neither flag nor variable names one. */
export function isDefaultStateDir(dir: string, environment: Environment = process.env): boolean {
  return dir === stateDirOf(undefined, { ...environment, DROVER_STATE_DIR: undefined });
}

/** What the environment says of the attempt around us; null: nothing, or not all of it. */
export function attemptOf(environment: Environment): SurroundingAttempt | null {
  const dispatch = environment['DROVER_DISPATCH'] ?? '';
  const runDir = environment['DROVER_RUN_DIR'] ?? '';
  const attempt = Number(environment['DROVER_ATTEMPT'] ?? Number.NaN);
  if (dispatch === '' || !isAbsolute(runDir) || !Number.isSafeInteger(attempt)) return null;
  return { dispatch, attempt, runDir };
}

/**
 * Colours only on a terminal that can show them; NO_COLOR counts when it is set to anything but the
 * empty string.
 */
export function wantsColor(
  environment: Environment,
  { isTerminal, flag }: { isTerminal: boolean; flag: boolean },
): boolean {
  const refused = environment['NO_COLOR'] ?? '';
  return flag && isTerminal && refused === '' && environment['TERM'] !== 'dumb';
}
