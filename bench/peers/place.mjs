// Owns where one peer runs: a home of its own, the environment and the files of its tasks, and who belongs to it.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { processesWith } from '../../demo/processes.mjs';

/**
 * What each peer offers in a place of its own. A task is known by its number in the list that was begun.
 *
 * @typedef {object} PeerPlace
 * @property {string} marker with which an entry in the environment of each of its processes begins
 * @property {(tasks: readonly (readonly string[])[], slots: number) => Promise<void>} begin hands over all tasks
 * @property {() => number} main the pid of the process that starts its tasks
 * @property {() => Promise<void>} restart what its user does after its main process was killed
 * @property {(task: number) => Promise<number | null>} exitCode what it says of a task; null: nothing
 * @property {() => Promise<void>} stop ends all tasks in its own way, the strictest that it has
 */

/** @returns a home, and what is needed to run a peer there */
export function openPlace(lab, more = {}) {
  const dir = lab.freshDir();
  const env = { ...lab.environment, HOME: dir, TMPDIR: dir, BENCH_PLACE: `${dir}/`, ...more };
  const marker = `BENCH_PLACE=${dir}/`;
  let count = 0;
  mkdirSync(`${dir}/tasks`);
  return {
    dir,
    marker,
    /** A program of the shell for each task, which becomes the task. @returns {string[]} their paths */
    writeTasks(tasks) {
      return tasks.map((words, n) => {
        const path = `${dir}/tasks/n${n}`;
        writeFileSync(path, `#!/bin/sh\nexec ${words.map(quoted).join(' ')}\n`, { mode: 0o755 });
        return path;
      });
    },
    /** Starts a program that stays, in a process group of its own. */
    start(program, args) {
      const child = spawn(program, args, { cwd: dir, env, detached: true, stdio: 'ignore' });
      const ended = new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', resolve);
      });
      return { pid: child.pid, ended };
    },
    /** Runs a program to its end. @returns {Promise<{ exitCode: number, output: string }>} */
    run: (program, args) => runToEnd(program, args, { cwd: dir, env, output: `${dir}/${count++}` }),
    /** Who is there that was started here. */
    processes: () => processesWith(marker),
  };
}

/** The version of a program, if it is there and the right one of that name. @returns {string | null} */
export function versionOf(program, args, pattern) {
  try {
    const output = execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' });
    return pattern.exec(output)?.[1] ?? null;
  } catch {
    return null;
  }
}

function quoted(word) {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Its output goes through a file: a daemon that it starts may keep a pipe open. */
function runToEnd(program, args, { cwd, env, output }) {
  const file = openSync(output, 'w');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', file, 'ignore'] });
    closeSync(file);
    child.once('error', reject);
    child.once('exit', (exitCode) => resolve({ exitCode, output: readFileSync(output, 'utf8') }));
  });
}
