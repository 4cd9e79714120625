// Owns what a parsed campaign is. Parsing is campaign-file.ts; what to do with the rows that are there is submission.ts.
import type { DispatchSpec } from './dispatch.ts';
import type { SpendLimits } from './task.ts';

export type OnFailure = 'continue' | 'halt';

export interface PoolSpec {
  readonly name: string;
  readonly slots: number;
}

/** One dispatch as the file names it, all defaults applied. */
export interface PlannedDispatch {
  readonly name: string;
  readonly pool: string;
  readonly priority: number;
  readonly after: readonly string[];
  readonly spec: DispatchSpec;
}

export interface Campaign {
  readonly name: string;
  readonly onFailure: OnFailure;
  /** of all its attempts together */
  readonly limits: SpendLimits;
  /** pools that the file names; each is created or changed */
  readonly pools: readonly PoolSpec[];
  /** in the order of the file */
  readonly dispatches: readonly PlannedDispatch[];
}

/** The pool that exists without being named. */
export const DEFAULT_POOL: PoolSpec = { name: 'default', slots: 2 };

export const NO_SPEND_LIMITS: SpendLimits = { maxTokens: null, maxCostUsd: null };

/** The campaign of dispatches that `drover add` submits without a file. */
export const ADHOC_CAMPAIGN = 'adhoc';
