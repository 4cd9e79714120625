// Owns the composition root: the only place where ports meet their implementations. Faces open a herd here and, where
// they must act, become its supervisor here.
import type { Ledger } from './ports.ts';

/** Where everything of one herd lies. */
export interface StatePaths {
  readonly dir: string;
  readonly ledger: string;
  readonly lock: string;
  readonly runs: string;
  readonly bell: string;
  readonly config: string;
  readonly supervisorLog: string;
}

/** An open herd: its ledger, and the ways to act on it. */
export interface Herd {
  readonly paths: StatePaths;
  readonly ledger: Ledger;
  /** Tells the supervisor, if there is one, that the ledger has news. A hint only. */
  ring(): void;
  /**
   * Becomes the supervisor of this herd and host.
   *
   * @returns null where another process holds the lock
   */
  supervise(options: SuperviseOptions): Promise<SupervisorHandle | null>;
  /** Starts `drover up --detach`'s process and returns once it, or another, holds the lock. */
  detachSupervisor(options: { until: 'idle' | 'told'; containment: string | null }): Promise<{ pid: number }>;
  /** Is the supervisor's lock held by anybody? */
  supervised(): Promise<boolean>;
  close(): Promise<void>;
}

export interface SuperviseOptions {
  /** `told`: until a wish or a stop. `idle`: until nothing is left to do. `errand`: recovers and ends, starts nothing new. */
  readonly until: 'told' | 'idle' | 'errand';
  readonly containment: string | null;
}

export interface SupervisorHandle {
  /** Resolves when the loop has ended, with the reason. */
  readonly ended: Promise<string>;
  /** Resolves after the next pass; for faces that want to redraw at once. */
  afterPass(): Promise<void>;
  /** Finishes the pass that is under way, leaves agents running, releases the lock. */
  stop(because: string): Promise<void>;
}
