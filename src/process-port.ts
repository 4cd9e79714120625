// Owns the types through which the supervisor sees processes, signals them, and knows whom it must not touch.
import type { Look, Sighting } from './core/evidence.ts';
import type { ProcessIdentity } from './core/identity.ts';
import type { TreeProcess } from './core/tree.ts';

/** One row of the process table. */
export interface ProcessRow extends TreeProcess {
  /** CPU time of it and of its waited-for children, milliseconds */
  readonly cpuMs: number;
  /** memory that it holds in RAM, shared pages included; 0 for a zombie */
  readonly rssBytes: number;
  /** shortened command name */
  readonly command: string;
}

export type SignalName = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGSTOP' | 'SIGCONT' | 'SIGKILL';

/** `gone`: that very process is no more (nothing was signalled). `refused`: alive, and the kernel said no. */
export type SignalResult = 'sent' | 'gone' | 'refused' | 'unknown';

/** A moment by the processes that there were. */
export interface Bookmark {
  readonly pids: ReadonlySet<number>;
  /** monotonic */
  readonly atMs: number;
}

/** What of the table may be left out, or shown as it was a moment ago; null: nothing. Who came since is read in any case. */
export interface Scope {
  /**
   * Processes that were there at that moment may be left out, but for ourselves and our ancestors: enough for the tree of
   * an attempt that was born after it.
   */
  readonly since: Bookmark | null;
  /**
   * Whoever is none of these, nor in a session with one, may be shown as a whole table has shown it a moment ago, if it is
   * still there: enough for trees whose members are known, for no stranger becomes one.
   */
  readonly again: readonly number[] | null;
}

export interface ProcessTable {
  bootId(): string;
  self(): ProcessIdentity;
  /**
   * The whole table in one go, for acts that follow at once: nobody else in this process runs meanwhile. `unknown` where
   * it could not be read as a whole.
   *
   * @param again as in `Scope`
   */
  scan(again?: readonly number[]): Look<readonly ProcessRow[]>;
  /** The same for whoever only wants to know: gives way to everybody else in this process every few milliseconds. */
  scanInTurns(scope: Scope): Promise<Look<readonly ProcessRow[]>>;
  /** A moment not after now, for `scan`; null where nothing is gained by one. */
  bookmark(): Bookmark | null;
  /**
   * Bytes of disk that a process and its waited-for children have read and written so far; null where the system does not tell.
   * The row is one of a scan just now.
   */
  ioBytes(row: ProcessRow): number | null;
  /** The rows of these pids, now and in one go; who has gone meanwhile is not in it. */
  rowsOf(pids: readonly number[]): Look<readonly ProcessRow[]>;
  /** one process, cheaply */
  sight(process: ProcessIdentity): Sighting;
  /** Re-reads the identity immediately before the signal; a stranger is never signalled (I3). */
  signal(process: ProcessIdentity, signal: SignalName): SignalResult;
}

/** Whom the owner of the herd has put under protection (I9), beside those that always are (core/tree.ts). */
export interface Protection {
  /**
   * Who that is, asked anew at each look at the table. `absent`: nobody was named. `unknown`: it cannot be told, and then
   * nobody at all may be signalled.
   */
  look(): Look<(process: ProcessRow) => boolean>;
}
