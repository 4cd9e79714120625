// Owns a look at the processes of this machine that shares no code with Drover, so that it can bear
// witness against it: /proc on Linux, `ps` elsewhere.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

const END_WITHIN_MS = 5_000;
const HAS_PROC = process.platform === 'linux';

/**
 * A process is its pid together with its start time: pids are used again.
 *
 * @returns {{ pid: number, startTime: string } | null} null where there is none, or only a zombie
 */
export function identityOf(pid) {
  try {
    return HAS_PROC ? identityFromProc(pid) : identityFromPs(pid);
  } catch {
    return null;
  }
}

/** Is exactly this process still there? */
export function isAlive({ pid, startTime }) {
  return identityOf(pid)?.startTime === startTime;
}

/**
 * Every process whose environment holds an entry that begins with `beginning`.
 *
 * @param {string} beginning for example `DROVER_MARK=abc.`
 * @returns {{ pid: number, startTime: string, entry: string }[]}
 */
export function processesWith(beginning) {
  return (HAS_PROC ? environmentsFromProc() : environmentsFromPs()).flatMap(({ pid, entries }) => {
    const entry = entries.find((one) => one.startsWith(beginning));
    const identity = entry === undefined ? null : identityOf(pid);
    return identity === null ? [] : [{ ...identity, entry }];
  });
}

/** Kills all of them, and those that they start meanwhile. Gives up after five seconds. */
export function endProcessesWith(beginning) {
  const endAt = Date.now() + END_WITHIN_MS;
  let emptyLooks = 0;
  while (emptyLooks < 2 && Date.now() < endAt) {
    const left = processesWith(beginning);
    emptyLooks = left.length === 0 ? emptyLooks + 1 : 0;
    // All are stopped before one is killed, so that none sees another end and starts something.
    for (const { pid } of left) send(pid, 'SIGSTOP');
    for (const { pid } of left) send(pid, 'SIGKILL');
  }
}

function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function identityFromProc(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // Counted behind the last parenthesis: the command name may hold anything. Field 3 is the state,
  // field 22 the start time in ticks since boot.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : { pid, startTime: fields[19] };
}

function identityFromPs(pid) {
  const line = run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]).trim();
  const [state = '', ...startTime] = line.split(/\s+/);
  return state === '' || state.startsWith('Z') ? null : { pid, startTime: startTime.join(' ') };
}

function environmentsFromProc() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const entries = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      return [{ pid: Number(pid), entries }];
    } catch {
      // It has just ended, or it belongs to somebody else.
      return [];
    }
  });
}

function environmentsFromPs() {
  const lines = run('ps', ['axeww', '-o', 'pid=,command=']).trim().split('\n');
  return lines.map((line) => {
    const [pid, ...entries] = line.trim().split(/\s+/);
    return { pid: Number(pid), entries };
  });
}

function run(program, args) {
  return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1_024 * 1_024 });
}
