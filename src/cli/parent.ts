// Owns whose child a submission is.
import type { AttemptKey } from '../core/dispatch.ts';
import { parseMark } from '../core/identity.ts';
import type { Context } from './context.ts';

/** The attempt of this very ledger around us: what is submitted from inside it is its child. Null: there is none. */
export function parentIn(ledgerId: string, { markText }: Context): AttemptKey | null {
  const mark = markText === null ? null : parseMark(markText);
  return mark?.ledger === ledgerId ? { dispatch: mark.dispatch, fence: mark.fence } : null;
}
