// Owns running git: with an environment of our own, bounded in time and in what it may say, and never asking anybody.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from './agent-environment.ts';
import { describeError } from './system-error.ts';

/** `answered`: it ended by itself, whatever its status. `unknown`: it did not in time, or could not be started. */
export type GitResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly out: string;
      readonly err: string;
    }
  | { readonly kind: 'unknown'; readonly because: string };

export type Git = (dir: string, ...args: readonly string[]) => Promise<GitResult>;

/** A checkout of a large repository; the start of an attempt has two minutes (core/decide-start.ts). */
const WITHIN_MS = 90_000;
const SAID_BYTES_MAX = 256 * 1024;

/**
 * Nothing of the user's that runs beside a command (hooks, a monitor of files, maintenance in the background): what it
 * leaves would belong to nobody.
 */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'gc.auto=0',
  'maintenance.auto=false',
];

/**
 * Other gits work at the worktrees of the same repository. Whoever lists them, and `add` and `repair` do, dies of one that is
 * in the middle of being made, before anything is changed: its file is there and still empty. And `repair`, after it has
 * done what it was asked, dies of one that is moved away between its look and its write. Both are over in a moment.
 */
const MET_ANOTHER = [
  /^fatal: failed to read .*\/commondir'?:/m,
  /^fatal: could not open '.*\/\.git' for writing: No such file or directory/m,
] as const;
const MEETS_WITHIN_MS = 1_000;
const WAIT_MS = 50;

const PASSED = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'TMPDIR', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK'];

/** @param supervisor of its environment, only where the user and git's settings are */
export function createGit(supervisor: Environment, withinMs: number = WITHIN_MS): Git {
  const environment = {
    ...Object.fromEntries(
      PASSED.flatMap((name) => (supervisor[name] === undefined ? [] : [[name, supervisor[name]]])),
    ),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    SSH_ASKPASS: 'true',
    GIT_EDITOR: 'true',
    // Looking writes nothing into the repository.
    GIT_OPTIONAL_LOCKS: '0',
  };
  const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
  return async (dir, ...args) => {
    const once = () => run(['-C', dir, ...settings, ...args], environment, withinMs);
    const beganMs = performance.now();
    let result = await once();
    while (hasMetAnother(result) && performance.now() - beganMs < MEETS_WITHIN_MS) {
      await sleep(WAIT_MS);
      result = await once();
    }
    return result;
  };
}

function hasMetAnother(result: GitResult): boolean {
  if (result.kind !== 'answered' || result.status === 0) return false;
  return MET_ANOTHER.some((words) => words.test(result.err));
}

function run(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  withinMs: number,
): Promise<GitResult> {
  return new Promise((resolve) => {
    const child = spawn('git', args, {
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out = collect(child.stdout);
    const err = collect(child.stderr);
    const timer = setTimeout(() => {
      // With the filters that it has started.
      if (child.pid !== undefined) killGroup(child.pid);
      resolve({ kind: 'unknown', because: `git gave no answer within ${withinMs / 1_000} s` });
    }, withinMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ kind: 'unknown', because: describeError(error, 'git') });
    });
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      if (status === null) resolve({ kind: 'unknown', because: `git was ended by ${signal}` });
      else resolve({ kind: 'answered', status, out: out(), err: err() });
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    if (text.length < SAID_BYTES_MAX) text += chunk.toString('utf8');
  });
  return () => text.trim();
}
