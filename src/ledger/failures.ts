// Owns which ended attempts count against a retry budget, and how many there are of each class.
import type { FailureClass, LiveDispatch } from '../core/dispatch.ts';
import { whole } from './columns.ts';
import type { Query, Row } from './driver.ts';
import { toFailureClass } from './rows.ts';

/** What counts against a retry budget: an attempt that a person or a newer fence ended is no failure of its own. */
export const COUNTED = `a.class <> 'cancelled' and (a.cause is null or a.cause not in ('cancelled', 'superseded'))`;

export async function failuresOf(
  query: Query,
  dispatch: string,
): Promise<LiveDispatch['failures']> {
  const sql = `select a.class, count(*) as n from attempts a where a.dispatch = $1 and ${COUNTED} group by a.class`;
  return countFailures(await query(sql, [dispatch]));
}

/** From rows with a class and how many (`n`). */
export function countFailures(rows: readonly Row[]): LiveDispatch['failures'] {
  const failures: Partial<Record<FailureClass, number>> = {};
  for (const row of rows) {
    const failure = toFailureClass(row, 'class');
    if (failure !== null) failures[failure] = whole(row, 'n');
  }
  return failures;
}
