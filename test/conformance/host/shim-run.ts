// Owns how tests run a shim directly, exactly as shell-shim.ts and starter.ts do: shim.sh under each shell that this
// machine has, and starter.pl.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync } from 'node:fs';
import type { ExitRecord, Look } from '../../../src/core/evidence.ts';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import { readRecords } from '../../../src/host/run-records.ts';
import { table, until } from './scratch.ts';

export interface Shim {
  readonly name: string;
  readonly kind: 'sh' | 'perl';
  /** its text */
  readonly script: string;
  /** argv in front of the script */
  readonly command: readonly string[];
}

const at = (name: string) => new URL(`../../../src/host/${name}`, import.meta.url).pathname;

export const SHIMS: readonly Shim[] = (
  [
    ['dash', 'sh', ['dash', '-c']],
    ['bash', 'sh', ['bash', '-c']],
    ['bash --posix', 'sh', ['bash', '--posix', '-c']],
    ['busybox ash', 'sh', ['busybox', 'sh', '-c']],
    ['perl', 'perl', ['perl', '-e']],
  ] as const
).flatMap(([name, kind, [program, ...rest]]) => {
  const path = findInPath(program);
  const script = readFileSync(at(kind === 'sh' ? 'shim.sh' : 'starter.pl'), 'utf8');
  return path === null ? [] : [{ name, kind, script, command: [path, ...rest] }];
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
  /** of the shim; 0 where it was gone before it claimed */
  readonly pid: number;
  /** how the shim itself ended */
  readonly ended: Promise<ShimEnd>;
  agent(): Look<ProcessIdentity>;
  exit(): Look<ExitRecord>;
  output(): string;
  errors(): string;
  /** Ends whoever started the shim, as when a supervisor dies. */
  orphan(): void;
}

interface ShimEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ShimOrder {
  readonly shim: Shim;
  readonly dir: string;
  readonly argv: readonly string[];
  readonly mark: string;
  readonly fence?: number;
  readonly umask?: string;
  readonly cwd?: string;
  readonly environment?: Record<string, string>;
  /** another text of the script, to change something in it */
  readonly script?: string;
  /** a program and its arguments under which it runs */
  readonly wrapper?: readonly string[];
  readonly stays?: boolean;
  readonly cgroup?: string;
}

export async function runShim(order: ShimOrder): Promise<ShimRun> {
  const { dir, fence = 1 } = order;
  const started = order.shim.kind === 'sh' ? runShell(order) : await runPerl(order);
  return {
    dir,
    ...started,
    agent: () => readRecords(dir, fence).agent,
    exit: () => readRecords(dir, fence).exit,
    output: () => readFileSync(`${dir}/stdout`, 'utf8'),
    errors: () => readFileSync(`${dir}/stderr`, 'utf8'),
  };
}

type Started = Pick<ShimRun, 'pid' | 'ended' | 'orphan'>;

function launch(order: ShimOrder, args: readonly string[], options: object): ChildProcess {
  const { wrapper = [], shim, script = shim.script } = order;
  const [program, ...rest] = [...wrapper, ...shim.command, script, ...args];
  return spawn(program!, rest, { detached: true, ...options });
}

function runShell(order: ShimOrder): Started {
  const { dir, fence = 1, umask = '022', cgroup = '' } = order;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const fds = ['stdout', 'stderr'].map((name) => openSync(`${dir}/${name}`, 'a', 0o600));
  const about = JSON.stringify({ mark: order.mark });
  const head = [dir, `${fence}`, umask, table.bootId(), about, cgroup];
  const child = launch(order, ['drover-shim', ...head, ...order.argv], {
    cwd: order.cwd ?? dir,
    env: environmentOf(order),
    stdio: ['ignore', ...fds],
  });
  for (const fd of fds) closeSync(fd);
  const ended = new Promise<ShimEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  return { pid: child.pid!, ended, orphan: () => {} };
}

/** A starter for each, which ends with its only shim. */
async function runPerl(order: ShimOrder): Promise<Started> {
  const { dir, fence = 1, umask = '022', stays = true, cgroup = '' } = order;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const child = launch(order, [table.bootId()], {
    env: { PATH: process.env['PATH'], DROVER_ROOM: '-'.repeat(240) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const variables = Object.entries(environmentOf(order)).map(([name, value]) => `${name}=${value}`);
  const about = JSON.stringify({ mark: order.mark });
  const place = [stays ? '1' : '0', cgroup, order.cwd ?? dir];
  const head = ['1', dir, `${fence}`, umask, ...place, about, ''];
  const fields = Buffer.from(
    [...head, `${order.argv.length}`, ...order.argv, ...variables].join('\0'),
  );
  child.stdin!.on('error', () => {});
  child.stdin!.write(Buffer.concat([Buffer.from(`${fields.length}\n`), fields]));
  let heard = '';
  const { promise: ended, resolve } = withResolvers<ShimEnd>();
  const line = (pattern: RegExp) => pattern.exec(heard);
  child.stdout!.on('data', (data: Buffer) => {
    heard += data.toString();
    const status = Number(line(/^ended 1 (\d+)$/m)?.[1] ?? Number.NaN);
    if (Number.isNaN(status)) return;
    const signal = status & 127;
    resolve({ code: signal === 0 ? status >> 8 : null, signal: signal === 9 ? 'SIGKILL' : null });
    child.stdin!.end();
  });
  const told = await until('the shim claims or ends', () =>
    line(/^(claimed|failed|ended) 1 ?(.*)$/m),
  );
  const pid = told[1] === 'claimed' ? Number(told[2]!.split(' ')[0]) : 0;
  return { pid, ended, orphan: () => child.kill('SIGKILL') };
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function environmentOf({ mark, environment }: ShimOrder): Record<string, string> {
  return { PATH: process.env['PATH']!, DROVER_MARK: mark, ...environment };
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
  return readRecords(dir, fence).claim;
}
