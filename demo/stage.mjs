// Owns the place where the demo happens: a temporary directory, the drover commands that run there,
// and that nothing is left of either, however the demo ends.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { showCommand, showOutput } from './narrator.mjs';
import { endProcessesWith } from './processes.mjs';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const DROVER = join(REPOSITORY, 'dist/cli/main.js');
const POLL_MS = 50;

/** Makes the stage. From here on the end of this process, however it comes, clears it. */
export function openStage() {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'drover-demo-')));
  const stateDir = join(dir, 'state');
  const journals = join(dir, 'journals');
  mkdirSync(journals);
  const environment = environmentOf(stateDir, journals);
  process.once('exit', () => clear(dir, stateDir));
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGTERM', 143],
  ]) {
    process.once(signal, () => process.exit(exitCode));
  }
  return {
    stateDir,
    journals,
    drover: async (...words) => await capture(words, environment),
    /** Runs a command and shows it with what it prints. */
    async show(...words) {
      showCommand(`drover ${words.join(' ')}`);
      const { text, exitCode } = await capture(words, environment);
      showOutput(text);
      return exitCode;
    },
    start: (...words) => start(words, environment),
  };
}

/** Nothing of a herd around us gets in, and our own Node is the one that agents find. */
function environmentOf(stateDir, journals) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('DROVER_'));
  return {
    ...Object.fromEntries(own),
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    DROVER_STATE_DIR: stateDir,
    DEMO_JOURNAL: journals,
  };
}

/** @returns {Promise<{ text: string, stdout: string, exitCode: number }>} */
function capture(words, env) {
  return new Promise((resolve) => {
    const options = { cwd: REPOSITORY, env, encoding: 'utf8', maxBuffer: 16 * 1_024 * 1_024 };
    const done = (error, stdout, stderr) =>
      resolve({ text: `${stdout}${stderr}`, stdout, exitCode: exitCodeOf(error) });
    execFile(process.execPath, [DROVER, ...words], options, done);
  });
}

function exitCodeOf(error) {
  if (error === null) return 0;
  return typeof error.code === 'number' ? error.code : 1;
}

/**
 * Starts a command in the foreground of its own terminal, so to speak: a Ctrl-C here does not reach
 * it. Its lines are shown while it runs.
 */
function start(words, env) {
  showCommand(`drover ${words.join(' ')}`);
  const child = spawn(process.execPath, [DROVER, ...words], {
    cwd: REPOSITORY,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      showOutput(line, '  | ');
    });
  }
  const ended = new Promise((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  return { pid: child.pid, ended, printed: (text) => lines.some((line) => line.includes(text)) };
}

/**
 * Waits until `look` returns something other than null, undefined or false, and returns that.
 *
 * @param {string} what for the message where it does not come about within `withinMs`
 */
export async function until(what, look, withinMs = 30_000) {
  const endAt = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > endAt) throw new Error(`waited ${withinMs} ms in vain until ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}

function clear(dir, stateDir) {
  try {
    // Whatever was started here, by whomever, carries our state directory in its environment.
    endProcessesWith(`DROVER_STATE_DIR=${stateDir}`);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
