// Owns where measurements happen: temporary herds, commands with their time, and what Linux says of a
// process. Whatever is started here is ended with the benchmark, however that ends.
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endProcessesWith } from '../demo/processes.mjs';

const DROVER = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
/** `true` of the system, not of a shell. */
export const NOTHING = existsSync('/bin/true') ? '/bin/true' : '/usr/bin/true';
const POLL_MS = 20;
const ERROR_CHARACTERS_MAX = 400;

/** @param {string} parent on the disk that is to be measured */
export function openLab(parent) {
  if (!existsSync(DROVER)) throw new Error(`${DROVER} is not there: npm run build`);
  const dir = realpathSync(mkdtempSync(join(parent, 'drover-bench-')));
  process.once('exit', () => {
    try {
      endProcessesWith(`DROVER_BENCH=${dir}`);
      endProcessesWith(`DROVER_STATE_DIR=${dir}`);
    } finally {
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    }
  });
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGTERM', 143],
  ]) {
    process.once(signal, () => process.exit(exitCode));
  }
  const environment = environmentOf(dir);
  let count = 0;
  /** A directory that nobody has used. */
  const freshDir = () => {
    count++;
    const fresh = join(dir, `d${count}`);
    mkdirSync(fresh);
    return fresh;
  };
  return {
    dir,
    freshDir,
    environment,
    /**
     * Runs a program; its output goes to the wind.
     *
     * @returns {Promise<{ ms: number, cpuMs: number }>} of the whole process and all that it waited for
     */
    time: async (program, args, env = {}) =>
      await runToEnd(program, args, { env: { ...environment, ...env }, stdout: 'ignore' }),
    crowd: (size) => gather(size, environment),
    herd: () => openHerd(freshDir(), environment),
  };
}

/** Processes that are nobody's business, and do nothing. */
async function gather(size, env) {
  const line = `i=0; while [ $i -lt ${size} ]; do sleep 900 & i=$((i + 1)); done; echo; wait`;
  const child = spawn('sh', ['-c', line], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('error', reject);
  });
  return {
    end: async () => {
      process.kill(-Number(child.pid), 'SIGKILL');
      await ended;
    },
  };
}

/** Nothing of a herd around us gets in; the own Node is the one that programs find. */
function environmentOf(dir) {
  const own = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('DROVER_') && name !== 'NODE_OPTIONS',
  );
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  return { ...Object.fromEntries(own), PATH, DROVER_BENCH: dir };
}

/** A herd of its own, with nothing in it. */
function openHerd(dir, base) {
  const env = { ...base, DROVER_STATE_DIR: join(dir, 'state') };
  const path = (name) => join(dir, name);
  const run = async (words, stdout) =>
    await runToEnd(process.execPath, [DROVER, ...words], { env, stdout });
  return {
    stateDir: env.DROVER_STATE_DIR,
    path,
    write: (name, text) => writeFileSync(path(name), text),
    /** One dispatch for each command, in their order. @returns {string} the path of its file */
    writeCampaign(name, slots, commands, pool = name) {
      const campaign = {
        campaign: name,
        pools: { [pool]: { slots } },
        defaults: { pool },
        dispatches: commands.map((command, n) => ({ name: `n${n}`, run: command })),
      };
      // JSON is YAML, too.
      writeFileSync(path(`${name}.yaml`), JSON.stringify(campaign));
      return path(`${name}.yaml`);
    },
    /** Runs a command that must succeed. @returns {Promise<string>} what it printed */
    async drover(...words) {
      const { exitCode, output } = await run(words, 'pipe');
      if (exitCode === 0) return output;
      const end = output.slice(-ERROR_CHARACTERS_MAX);
      throw new Error(`drover ${words.join(' ')}: exit code ${exitCode}: ${end}`);
    },
    json: async (...words) => JSON.parse((await run([...words, '--json'], 'pipe')).output),
    /** Runs a program of the benchmark in this herd. @returns {Promise<string>} what it printed */
    async node(...args) {
      const { exitCode, output } = await runToEnd(process.execPath, args, { env, stdout: 'pipe' });
      if (exitCode === 0) return output;
      throw new Error(
        `${args.join(' ')}: exit code ${exitCode}: ${output.slice(-ERROR_CHARACTERS_MAX)}`,
      );
    },
    /** As `time`, for a command. */
    timeDrover: async (...words) => await run(words, 'ignore'),
    /** Starts a supervisor that stays. */
    up(more = {}, ...words) {
      const child = spawn(process.execPath, [DROVER, 'up', '--quiet', ...words], {
        env: { ...env, ...more },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const ended = new Promise((resolve) => {
        child.once('exit', resolve);
      });
      return {
        pid: child.pid,
        startedAt: Date.now(),
        end: async (signal) => {
          child.kill(signal);
          await ended;
        },
      };
    },
  };
}

function runToEnd(program, args, { env, stdout }) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const usedMs = childrenCpuMs();
    const child = spawn(program, args, { env, stdio: ['ignore', stdout, 'pipe'] });
    const texts = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data) => texts.push(data));
    let ms = 0;
    child.once('error', reject);
    child.once('exit', () => {
      ms = performance.now() - startedMs;
    });
    child.once('close', (exitCode) => {
      const cpuMs = childrenCpuMs() - usedMs;
      resolve({ ms, cpuMs, exitCode, output: Buffer.concat(texts).toString() });
    });
  });
}

/** Waits for a condition. @param {() => unknown} look may be asynchronous */
export async function until(what, look, withinMs = 60_000) {
  const endAt = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > endAt) throw new Error(`waited ${withinMs} ms in vain until ${what}`);
    await pause(POLL_MS);
  }
}

export function pause(durationMs) {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}

/** What each of `observe`'s calls said, about `everyMs` apart, for `durationMs`. */
export async function sample(durationMs, everyMs, observe) {
  const values = [];
  for (const endAt = Date.now() + durationMs; Date.now() < endAt; await pause(everyMs)) {
    values.push(observe());
  }
  return values;
}

// ── What Linux says of a process ────────────────────────────────────────────────────────────────────────────────────

export const HAS_PROC = process.platform === 'linux';

/** Its arguments, separated by spaces; empty where it has just ended. */
export function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

const TICK_MS = 10;

/** CPU time of all children that have ended, and of theirs; NaN where nobody tells. */
function childrenCpuMs() {
  if (!HAS_PROC) return Number.NaN;
  const stat = readFileSync('/proc/self/stat', 'latin1');
  // Fields 16 and 17, counted behind the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

/** CPU time of all its threads so far, ms, to the nanosecond. */
function threadsCpuMs(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6;
}

/**
 * Share of one core that processes use together within `durationMs`, percent.
 *
 * @param {number | readonly number[]} pids who stays alive meanwhile
 */
export async function cpuShare(pids, durationMs) {
  const used = () => [pids].flat().reduce((sum, pid) => sum + threadsCpuMs(pid), 0);
  const startedMs = performance.now();
  const before = used();
  await pause(durationMs);
  return ((used() - before) / (performance.now() - startedMs)) * 100;
}

/** @returns MiB */
export function residentMiB(pid) {
  return kibibytes(`/proc/${pid}/status`, 'VmRSS') / 1_024;
}

/** Shared pages counted in equal parts for all who share them, MiB. */
export function proportionalMiB(pid) {
  return kibibytes(`/proc/${pid}/smaps_rollup`, 'Pss') / 1_024;
}

function kibibytes(path, field) {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(path, 'latin1'));
  return Number(match?.[1] ?? Number.NaN);
}
