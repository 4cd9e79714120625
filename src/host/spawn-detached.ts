// Owns the start of a Node process that outlives its parent: the supervisor behind `--detach`.
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';

/** A pipe in its place is an error, and does not keep us waiting for a reader. */
const TO_APPEND =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

export interface DetachedProcess {
  /** absolute path of the script */
  readonly script: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** stdout and stderr are appended to it; created private */
  readonly logPath: string;
}

export interface Detached {
  readonly pid: number;
  readonly hasEnded: () => boolean;
}

/**
 * Starts `script` with this very Node in a session of its own, so that neither a closed terminal nor Ctrl-C reaches it.
 *
 * @returns as soon as it runs; rejects with the error of the operating system where it could not be started
 */
export function spawnDetached(what: DetachedProcess): Promise<Detached> {
  return new Promise((resolve, reject) => {
    const log = openSync(what.logPath, TO_APPEND, 0o600);
    try {
      // The flags of this Node, without its debugger: that port is taken.
      const flags = process.execArgv.filter((flag) => !flag.startsWith('--inspect'));
      const child = spawn(process.execPath, [...flags, what.script, ...what.args], {
        cwd: what.cwd,
        env: what.environment,
        detached: true,
        stdio: ['ignore', log, log],
      });
      child.once('error', reject);
      child.unref();
      const { pid } = child;
      const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
      if (pid !== undefined) resolve({ pid, hasEnded });
    } finally {
      closeSync(log);
    }
  });
}
