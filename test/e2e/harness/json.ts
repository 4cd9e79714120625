// Owns what the suites read of the JSON of the command line.

export interface DispatchJson {
  readonly id: string;
  readonly campaign: string;
  readonly name: string;
  readonly pool: string;
  readonly state: 'queued' | 'starting' | 'running' | 'stopping' | 'parked' | 'ended';
  readonly outcome: string | null;
  readonly cause: string | null;
  readonly exitCode: number | null;
  readonly attempt: number;
  readonly fence: number;
  readonly pid: number | null;
  readonly verdict: string | null;
  readonly because: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly softDeadlineAt: string | null;
  readonly hardDeadlineAt: string | null;
  readonly parkedUntil: string | null;
  readonly parkedFor: string | null;
  readonly survivors: readonly { readonly pid: number; readonly startTime: number }[];
}

export interface AttemptJson {
  readonly attempt: number;
  readonly fence: number;
  readonly outcome: string | null;
  readonly cause: string | null;
  readonly class: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly pid: number | null;
  readonly startTime: number | null;
  readonly sessionId: string | null;
  readonly resumedFrom: number | null;
  readonly usage: { readonly inputTokens: number | null; readonly costUsd: number | null };
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export interface ShownJson extends DispatchJson {
  readonly attempts: readonly AttemptJson[];
}

export interface EventJson {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly dispatch: string | null;
  readonly attempt: number | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface PoolJson {
  readonly name: string;
  readonly slots: number;
  readonly used: number;
  readonly paused: boolean;
  readonly blockedUntil: string | null;
  readonly blockedBecause: string | null;
  readonly source: string | null;
}

export interface DoctorJson {
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly store: { readonly ok: boolean; readonly driver: string | null };
  readonly supervisor: { readonly alive: boolean; readonly pid: number | null };
  readonly heldSlots: readonly { readonly pool: string; readonly dispatch: string }[];
  readonly leftovers: {
    readonly processes: readonly {
      readonly pid: number;
      readonly startTime: number;
      readonly command: string;
      readonly dispatch: string;
    }[];
    readonly runDirectories: readonly string[];
  };
}
