// Owns how the programs beside this file run: each in a process of its own, over the ledger compiled to JavaScript, so
// that any Node runs it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './bed.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;
export const PROGRAMS = new URL('programs/', import.meta.url).pathname;

export interface Programs {
  /** where the compiled ledger lies */
  readonly dir: string;
  start(program: string, args: readonly string[], options?: StartOptions): Running;
  /** Ends what still runs and removes the compiled files. */
  [Symbol.asyncDispose](): Promise<void>;
}

interface StartOptions {
  /** put before `node`, for example `['sh', '-c', 'ulimit …; exec "$@"', 'sh']` */
  readonly prefix?: readonly string[];
}

export interface Running {
  /** complete lines of its standard output so far */
  lines(): readonly string[];
  /** waits until it has said this many lines, or has ended */
  said(lines: number): Promise<void>;
  /** all lines, once it has ended */
  readonly ended: Promise<readonly string[]>;
  /** lets a program that waits for the end of its input go */
  release(): void;
  kill(): void;
}

export function compilePrograms(): Programs {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'drover-ledger-programs-')));
  compileInto(dir);
  // A process of another user must be able to read them.
  chmodSync(dir, 0o755);
  const running = new Set<ChildProcess>();
  return {
    dir,
    start(program, args, options = {}) {
      const child = startChild([`${PROGRAMS}${program}.mjs`, dir, ...args], options);
      running.add(child);
      child.once('close', () => running.delete(child));
      return follow(child);
    },
    async [Symbol.asyncDispose]() {
      for (const child of running) child.kill('SIGKILL');
      await until('all programs have ended', () => running.size === 0);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function compileInto(dir: string): void {
  const config = {
    extends: `${ROOT}tsconfig.json`,
    compilerOptions: {
      rootDir: `${ROOT}src`,
      outDir: dir,
      declaration: false,
      declarationMap: false,
      sourceMap: false,
      typeRoots: [`${ROOT}node_modules/@types`],
    },
    include: [`${ROOT}src/ledger`],
  };
  writeFileSync(`${dir}/tsconfig.json`, JSON.stringify(config));
  writeFileSync(`${dir}/package.json`, '{ "type": "module" }');
  // For the optional driver, which is found from where the compiled file lies.
  symlinkSync(`${ROOT}node_modules`, `${dir}/node_modules`);
  const compiler = `${ROOT}node_modules/typescript/bin/tsc`;
  execFileSync(process.execPath, [compiler, '-p', `${dir}/tsconfig.json`]);
}

function startChild(args: readonly string[], { prefix = [] }: StartOptions): ChildProcess {
  const [program, ...rest] = [...prefix, process.execPath, ...args];
  return spawn(program!, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
}

function follow(child: ChildProcess): Running {
  let text = '';
  let over = false;
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const lines = () => text.split('\n').slice(0, -1);
  const ended = new Promise<readonly string[]>((resolve) => {
    child.once('close', () => {
      over = true;
      resolve(lines());
    });
  });
  return {
    lines,
    ended,
    said: (count) => until(`${count} lines`, () => over || lines().length >= count),
    release: () => child.stdin?.end(),
    kill: () => child.kill('SIGKILL'),
  };
}
