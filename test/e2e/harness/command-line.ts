// Owns running the built command line as its users do: a process of its own, its output, its exit.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

export interface Finished {
  /** null: ended by `signal` */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Finished>;
  readonly isEnded: () => boolean;
  readonly kill: (signal: NodeJS.Signals) => void;
}

export interface CommandOptions {
  readonly cwd: string;
  /** the whole environment: nothing of the test runner's leaks in */
  readonly environment: Readonly<Record<string, string>>;
}

export function startCommand(words: readonly string[], options: CommandOptions): RunningCommand {
  if (!existsSync(CLI)) throw new Error(`${CLI} is missing: npm run build makes it`);
  const child = spawn(process.execPath, [CLI, ...words], {
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
    stdout,
    stderr,
    ended,
    isEnded: () => isEnded,
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

function endOf(child: ChildProcess, stdout: () => string, stderr: () => string): Promise<Finished> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // `close` and not `exit`: by then everything that it wrote has been read.
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout: stdout(), stderr: stderr() });
    });
  });
}
