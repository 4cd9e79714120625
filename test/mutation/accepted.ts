// Owns the mutants that no unit test of core notices, and why that is so.
import type { Operator } from './mutants.ts';

export interface Accepted {
  readonly file: string;
  readonly operators: readonly Operator[];
  /** a part of the code that is changed */
  readonly of: string;
  readonly because: string;
}

export const ACCEPTED: readonly Accepted[] = [];
