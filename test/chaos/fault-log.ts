// Owns what is written down of the faults, before each of them is done: all that a witness takes for an excuse.
import { appendFileSync, readFileSync } from 'node:fs';

export type SentSignal = 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT';

export type Role = 'agent' | 'tool' | 'shim' | 'supervisor';

export type Entry = {
  /** seconds since the boot */
  readonly at: number;
  /** `id` of the fault; 0: what is done to the herd at its end */
  readonly fault: number;
} & (
  | {
      readonly what: 'signal';
      readonly signal: SentSignal;
      readonly role: Role;
      readonly pid: number;
      readonly startTime: number;
      /** null: of a supervisor */
      readonly mark: string | null;
    }
  /** a file of one live attempt was removed or truncated */
  | { readonly what: 'damage'; readonly mark: string; readonly part: 'record' | 'other' }
  /** from now on not a byte is left on the disk of the state directory, or some are again */
  | { readonly what: 'disk'; readonly full: boolean }
  /** somebody asks for it: dispatches by name */
  | { readonly what: 'stop' | 'retry'; readonly names: readonly string[] }
  /** so much of the schedule was done; `count` things */
  | { readonly what: 'injected'; readonly name: string; readonly count: number }
  | { readonly what: 'skipped'; readonly name: string; readonly because: string }
);

/** Seconds since the boot, to the hundredth: the clock of the journals, which nobody sets. */
export function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

/** What an entry says beside its time. */
export type Note = Entry extends infer One ? (One extends Entry ? Omit<One, 'at'> : never) : never;

/** One write for a line. */
export function logFault(path: string, note: Note): void {
  appendFileSync(path, `${JSON.stringify({ at: uptime(), ...note })}\n`);
}

export function readFaults(path: string): Entry[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}
