// Owns how much memory a process of the command line has used at most, as the kernel counted it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Finished } from './command-line.ts';
import type { TestHerd } from './herd.ts';

const PRELOAD = fileURLToPath(new URL('../programs/peak-memory.mjs', import.meta.url));

/** Of a process that lives, in bytes. */
export function peakMemoryBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

/** Runs a command that has to end with 0, and says what it has used until its end. */
export async function measured(
  herd: TestHerd,
  words: readonly string[],
): Promise<Finished & { readonly peakBytes: number }> {
  const name = `peak-${words.join('-').replaceAll('/', '-')}`;
  const env = { NODE_OPTIONS: `--import=${PRELOAD}`, PEAK_MEMORY_FILE: herd.path(name) };
  const finished = await herd.ok(words, { env });
  return { ...finished, peakBytes: Number(herd.read(name)) };
}
