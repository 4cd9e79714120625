// Owns what an agent program is asked to do, and what an attempt may use.

/** What may be spent before a person decides; null: no limit. Of all attempts of a dispatch, or of a campaign. */
export interface SpendLimits {
  /** what they read and what they wrote together */
  readonly maxTokens: number | null;
  readonly maxCostUsd: number | null;
}

/** What an attempt may use before it is ended; null: its owner set no limit. Each is of its whole tree. */
export interface UseLimits extends SpendLimits {
  /** of both streams together, since its start, whether or not all of it was kept */
  readonly maxOutputBytes: number | null;
  /** sum of the resident memory of its processes, in which shared pages count for each of them */
  readonly maxMemoryBytes: number | null;
  readonly maxProcesses: number | null;
}

/** What an agent program is asked to do. */
export interface AgentTask {
  readonly prompt: string;
  /** null: the program's own choice */
  readonly model: string | null;
  /** added to the program's own arguments */
  readonly args: readonly string[];
  /** absolute path of the module that holds the adapter; null: it is built in */
  readonly module: string | null;
  /** whether a further attempt goes on in the session of the one before it */
  readonly resume: 'auto' | 'require' | 'never';
  /** the prompt of an attempt that goes on in a session */
  readonly continuePrompt: string;
}
