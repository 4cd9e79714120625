// Processes that carry a run's mark in their environment: what an agent has left behind, and its end.
import { readFileSync, readdirSync } from 'node:fs';

export const MARK = 'RECORDING_MARK';

export interface MarkedProcess {
  readonly pid: number;
  readonly command: string;
}

/** By /proc; elsewhere nothing is found. A process that has just gone has no environment any more. */
export function markedProcesses(mark: string): readonly MarkedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, 'utf8').includes(`${MARK}=${mark}`)) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').join(' ').trim();
        return [{ pid: Number(name), command }];
      } catch {
        return [];
      }
    });
}

export function killAll(processes: readonly MarkedProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
