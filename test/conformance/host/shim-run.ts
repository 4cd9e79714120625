// Owns how tests run the shim directly, under each shell that this machine has.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync } from 'node:fs';
import type { ExitRecord, Look } from '../../../src/core/evidence.ts';
import { readAgent, readClaim, readExit } from '../../../src/host/run-records.ts';
import { table, until } from './scratch.ts';

export const SHIM = new URL('../../../src/host/shim.sh', import.meta.url).pathname;

/** argv in front of the script, for each shell of this machine */
export const SHELLS: [name: string, command: string[]][] = (
  [
    ['dash', ['dash']],
    ['bash', ['bash']],
    ['bash --posix', ['bash', '--posix']],
    ['busybox ash', ['busybox', 'sh']],
  ] as [string, string[]][]
).flatMap(([name, [program, ...rest]]) => {
  const path = findInPath(program!);
  return path === null ? [] : [[name, [path, ...rest]] as [string, string[]]];
});

function findInPath(program: string): string | null {
  for (const directory of (process.env['PATH'] ?? '').split(':')) {
    try {
      accessSync(`${directory}/${program}`, constants.X_OK);
      return `${directory}/${program}`;
    } catch {
      // the next one
    }
  }
  return null;
}

export interface ShimRun {
  readonly dir: string;
  readonly child: ChildProcess;
  readonly pid: number;
  /** how the shim itself ended */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  agent(): ReturnType<typeof readAgent>;
  exit(): Look<ExitRecord>;
  output(): string;
  errors(): string;
}

export interface ShimOrder {
  readonly shell: readonly string[];
  readonly dir: string;
  readonly argv: readonly string[];
  readonly mark: string;
  readonly fence?: number;
  readonly umask?: string;
  readonly cwd?: string;
  readonly environment?: Record<string, string>;
  /** another text of the script, to take something away from it */
  readonly script?: string;
}

/** Starts a shim exactly as start-attempt.ts does. */
export function runShim(order: ShimOrder): ShimRun {
  const { dir, fence = 1, umask = '022' } = order;
  mkdirSync(`${dir}/output`, { recursive: true, mode: 0o700 });
  const stdout = openSync(`${dir}/output/stdout`, 'a', 0o600);
  const stderr = openSync(`${dir}/output/stderr`, 'a', 0o600);
  const [shell, ...flags] = order.shell;
  const script = order.script ?? SHIM;
  const child = spawn(
    shell!,
    [...flags, script, dir, String(fence), umask, table.bootId(), ...order.argv],
    {
      cwd: order.cwd ?? dir,
      env: { PATH: process.env['PATH'], DROVER_MARK: order.mark, ...order.environment },
      detached: true,
      stdio: ['ignore', stdout, stderr],
    },
  );
  closeSync(stdout);
  closeSync(stderr);
  return {
    dir,
    child,
    pid: child.pid!,
    ended: new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    }),
    agent: () => readAgent(dir),
    exit: () => readExit(dir, fence),
    output: () => readFileSync(`${dir}/output/stdout`, 'utf8'),
    errors: () => readFileSync(`${dir}/output/stderr`, 'utf8'),
  };
}

export async function agentOf(run: ShimRun) {
  return until('the agent is recorded', () => {
    const agent = run.agent();
    return agent.kind === 'seen' && agent.value;
  });
}

export async function exitOf(run: ShimRun) {
  return until('the exit is recorded', () => {
    const exit = run.exit();
    return exit.kind === 'seen' && exit.value;
  });
}

export function claimOf(dir: string, fence = 1) {
  return readClaim(dir, fence);
}
