// Owns running the built command line as its users do: a process of its own, its output, its exit.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './repository.ts';

export const CLI = join(REPOSITORY, 'dist/cli/main.js');

export interface Finished {
  /** null: ended by `signal` */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** `stdout` where it is no text */
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly pid: number;
  readonly stdout: () => string;
  /** bytes so far */
  readonly stdoutLength: () => number;
  readonly stderr: () => string;
  readonly ended: Promise<Finished>;
  readonly isEnded: () => boolean;
  readonly kill: (signal: NodeJS.Signals) => void;
}

export interface CommandOptions {
  readonly cwd: string;
  /** the whole environment: nothing of the test runner's leaks in */
  readonly environment: Readonly<Record<string, string>>;
  /** of Node itself */
  readonly flags?: readonly string[];
  /** a program with its arguments that runs Node instead of us */
  readonly through?: readonly string[];
  /** default: what was built */
  readonly cli?: string;
}

export function startCommand(words: readonly string[], options: CommandOptions): RunningCommand {
  const { flags = [], through = [], cli = CLI } = options;
  if (!existsSync(cli)) throw new Error(`${cli} is missing: npm run build makes it`);
  const [program, ...rest] = [...through, process.execPath, ...flags, cli, ...words];
  const child = spawn(program!, rest, {
    cwd: options.cwd,
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the command line could not be started');
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const ended = endOf(child, stdout, stderr);
  let isEnded = false;
  child.once('exit', () => {
    isEnded = true;
  });
  return {
    pid,
    stdout: () => stdout.all().toString('utf8'),
    stdoutLength: stdout.length,
    stderr: () => stderr.all().toString('utf8'),
    ended,
    isEnded: () => isEnded,
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

interface Collected {
  readonly all: () => Buffer;
  readonly length: () => number;
}

function collect(stream: NodeJS.ReadableStream): Collected {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  return { all: () => Buffer.concat(chunks), length: () => length };
}

function endOf(child: ChildProcess, stdout: Collected, stderr: Collected): Promise<Finished> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // `close` and not `exit`: by then everything that it wrote has been read.
    child.once('close', (code, signal) => {
      const stdoutBytes = stdout.all();
      const texts = { stdout: stdoutBytes.toString('utf8'), stderr: stderr.all().toString('utf8') };
      resolve({ code, signal, stdoutBytes, ...texts });
    });
  });
}
