// Owns the order in which queued dispatches get free slots.

/** What decides whose turn it is. */
export interface Turn {
  /** higher first */
  readonly priority: number;
  /** order of submission in the ledger; unique, so that every order is total */
  readonly position: number;
}

/** Higher priority first, then older first; for `sort`. The ledger's claim statement says the same in SQL. */
export function compareTurns(a: Turn, b: Turn): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  return a.position - b.position;
}
