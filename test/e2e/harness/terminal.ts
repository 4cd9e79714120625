// Owns running the command line on a terminal of its own (`script` of util-linux).
import { spawn } from 'node:child_process';
import { CLI } from './command-line.ts';
import type { TestHerd } from './herd.ts';

export interface OnTerminal {
  /** all that the terminal got, frames included */
  readonly text: () => string;
  readonly ended: Promise<unknown>;
}

/** Words without blanks and quotes only: they go through a shell. */
export function onTerminal(herd: TestHerd, words: readonly string[]): OnTerminal {
  const command = [process.execPath, CLI, ...words, '--state', herd.state].join(' ');
  const child = spawn('script', ['-qec', `stty cols 120 rows 30; exec ${command}`, '/dev/null'], {
    cwd: herd.dir,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: herd.dir, NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    text: () => Buffer.concat(chunks).toString('utf8'),
    ended: new Promise((resolve) => child.once('close', resolve)),
  };
}
