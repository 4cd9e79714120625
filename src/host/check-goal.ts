// Owns the asking of `done_when`: one marked, bounded run of a shell line.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { errorCode } from './system-error.ts';

export interface GoalAnswer {
  readonly goal: 'reached' | 'missed' | 'unknown';
  readonly because: string;
}

export interface GoalQuestion {
  readonly doneWhen: string;
  readonly cwd: string;
  readonly environment: Record<string, string>;
  /** what the shell line prints; what is older than the last `LOG_BYTES_MAX` may be dropped */
  readonly logPath: string;
}

/** A check of an artifact takes a moment; one that runs a test suite belongs into the agent's own work. */
const ANSWER_WITHIN_MS = 60_000;
const LOG_BYTES_MAX = 256 * 1024;
const LOG_CHECK_MS = 250;
const LOG_FLAGS =
  constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK;

/**
 * Exit 0 means reached, any other status missed; a signal, a timeout (the whole group is killed) or a shell that cannot
 * be started mean that we do not know. Output goes to a file and not through us: a check outlives a killed supervisor
 * without a broken pipe. Never throws.
 */
export function askGoal(
  question: GoalQuestion,
  withinMs: number = ANSWER_WITHIN_MS,
): Promise<GoalAnswer> {
  const log = openLog(question.logPath);
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', question.doneWhen], {
      cwd: question.cwd,
      env: question.environment,
      detached: true,
      stdio: ['ignore', log ?? 'ignore', log ?? 'ignore'],
    });
  } catch (error) {
    if (log !== null) closeSync(log);
    return Promise.resolve(unknown(`sh: ${errorCode(error) ?? String(error)}`));
  }
  return waitForAnswer(child, log, withinMs);
}

/** The log is for people, and the answer does not depend on it. @returns null where the run directory is gone, and the like */
function openLog(path: string): number | null {
  let log: number | null = null;
  try {
    // Of a FIFO in its place nobody may read: then it cannot be opened, and does not keep us waiting.
    log = openSync(path, LOG_FLAGS, 0o600);
    ftruncateSync(log);
    return log;
  } catch {
    if (log !== null) closeSync(log);
    return null;
  }
}

function waitForAnswer(
  child: ChildProcess,
  log: number | null,
  withinMs: number,
): Promise<GoalAnswer> {
  return new Promise((resolve) => {
    const trimmer = setInterval(() => trimLog(log), LOG_CHECK_MS);
    const timer = setTimeout(() => {
      killGroup(child);
      answer(unknown(`done_when gave no answer within ${withinMs / 1_000} s and was killed`));
    }, withinMs);
    let answered = false;
    function answer(value: GoalAnswer): void {
      if (answered) return;
      answered = true;
      clearInterval(trimmer);
      clearTimeout(timer);
      trimLog(log);
      if (log !== null) closeSync(log);
      resolve(value);
    }
    child.once('error', (error) => answer(unknown(`sh: ${errorCode(error) ?? error.message}`)));
    child.once('exit', (code, signal) => {
      if (code === 0) answer({ goal: 'reached', because: 'done_when ended with 0' });
      else if (code !== null)
        answer({ goal: 'missed', because: `done_when ended with ${code}; see goal.log` });
      else answer(unknown(`done_when was ended by ${signal}`));
    });
  });
}

/** The child has not been waited for yet, or its exit would have been told: its pid, and so its group, are still its. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody is left in the group: that is what was wanted.
  }
}

/** The writers append, so they go on behind the cut. */
function trimLog(log: number | null): void {
  if (log === null) return;
  try {
    if (fstatSync(log).size > LOG_BYTES_MAX) ftruncateSync(log);
  } catch {
    // It stays longer than it should.
  }
}

function unknown(because: string): GoalAnswer {
  return { goal: 'unknown', because };
}
