// Owns the ground truth about processes, read from the kernel and not from Drover: who lives, with which mark, and who
// it is. Needs /proc.
import { existsSync, readFileSync, readdirSync } from 'node:fs';

export const HAS_PROC = existsSync('/proc/self/stat');

export interface LiveProcess {
  readonly pid: number;
  /** field 22 of stat: with the pid, who it is */
  readonly startTime: number;
  readonly parent: number;
  readonly session: number;
  readonly stopped: boolean;
  readonly commandLine: string;
  /** `DROVER_MARK` of its environment */
  readonly mark: string | null;
  /** `DROVER_STATE_DIR` of its environment */
  readonly stateDir: string | null;
}

/** All living processes; a zombie is none. One that ends while it is read is left out. */
export function liveProcesses(): LiveProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => liveProcess(Number(name)) ?? []);
}

/** null: no such process, or a zombie */
export function liveProcess(pid: number): LiveProcess | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    const environment = variablesOf(pid);
    return {
      pid,
      startTime: Number(fields[19]),
      parent: Number(fields[1]),
      session: Number(fields[3]),
      stopped: fields[0] === 'T' || fields[0] === 't',
      commandLine: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
      mark: environment.get('DROVER_MARK') ?? null,
      stateDir: environment.get('DROVER_STATE_DIR') ?? null,
    };
  } catch {
    return null;
  }
}

export function isAlive({ pid, startTime }: { pid: number; startTime: number }): boolean {
  return liveProcess(pid)?.startTime === startTime;
}

/** Those that carry a mark of the herd in `stateDir`: agents, their tools, their shims. */
export function markedProcesses(
  stateDir: string,
  among: readonly LiveProcess[] = liveProcesses(),
): LiveProcess[] {
  return among.filter(
    ({ mark, stateDir: of }) => mark !== null && mark !== 'off' && of === stateDir,
  );
}

/** Processes of the command line itself that work on `stateDir`: supervisors (detached ones opt out) and followers. */
export function droverProcesses(
  stateDir: string,
  among: readonly LiveProcess[] = liveProcesses(),
): LiveProcess[] {
  return among.filter(
    ({ commandLine, mark }) =>
      (mark === null || mark === 'off') &&
      commandLine.includes('cli/main.js') &&
      commandLine.split(' ').includes(stateDir),
  );
}

/** Sends SIGKILL to exactly this process; who has gone meanwhile, and whoever took its pid, gets nothing. */
export function killExactly(target: { pid: number; startTime: number }): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, 'SIGKILL');
  } catch {
    // It ended between the look and the signal.
  }
}

function variablesOf(pid: number): Map<string, string> {
  const variables = new Map<string, string>();
  let text = '';
  try {
    text = readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    // Somebody else's process: none of ours.
  }
  for (const entry of text.split('\0')) {
    const equals = entry.indexOf('=');
    if (equals > 0) variables.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  return variables;
}
