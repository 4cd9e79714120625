// Owns whose child a submission is.
import type { AttemptKey } from '../core/dispatch.ts';
import { isHelperMark, parseMark } from '../core/identity.ts';
import type { Context } from './context.ts';

/**
 * The attempt of this very ledger around us: what is submitted from inside it is its child. Null: there is none. What its
 * `done_when` submits is not: that is asked by us, and no child of its may speak for the agent (I5).
 */
export function parentIn(ledgerId: string, { markText }: Context): AttemptKey | null {
  if (markText !== null && isHelperMark(markText)) return null;
  const mark = markText === null ? null : parseMark(markText);
  return mark?.ledger === ledgerId ? { dispatch: mark.dispatch, fence: mark.fence } : null;
}
