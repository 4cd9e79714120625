// Owns the wall clock of the processes of a herd, which a test sets as a person sets that of a machine.
import { renameSync } from 'node:fs';
import type { TestHerd } from './herd.ts';

/** Whoever has this environment reads the clock as `setClock` has set it. */
export function clockEnvironment(herd: TestHerd): Record<string, string> {
  const preload = new URL('set-clock.mjs', import.meta.url).href;
  setClock(herd, 0);
  return { NODE_OPTIONS: `--import=${preload}`, SET_CLOCK_FILE: herd.path('clock') };
}

/** To so many milliseconds beside the true one, at once; the monotonic clock goes on. */
export function setClock(herd: TestHerd, offsetMs: number): void {
  renameSync(herd.write('clock.new', String(offsetMs)), herd.path('clock'));
}
