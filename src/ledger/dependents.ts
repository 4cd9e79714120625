// Owns what the end of a dispatch means for those that need it: they are let go, or skipped.
import type { DispatchId, Outcome } from '../core/dispatch.ts';
import { skipped, skipReason, WAITS_FOR_SLOT, waitsFor } from '../core/needs.ts';
import { text, whole } from './columns.ts';
import type { Row } from './driver.ts';
import type { Writing } from './writing.ts';
import { setState } from './writing.ts';

const WAITING_DEPENDENTS = `select d.id, d.name, d.attempt, d.revision
  from dependencies p join dispatches d on d.id = p.dispatch
  where p.needs = $1 and d.state = 'parked' and d.parked_for = 'dependency'
  order by d.position`;

/** What a dispatch still waits for. */
const UNMET_NEEDS = `select n.id, n.name, n.state, n.outcome
  from dependencies p join dispatches n on n.id = p.needs
  where p.dispatch = $1 and (n.outcome is null or n.outcome <> 'succeeded')
  order by n.position`;

/** Carries the end of `ended` on to everything that is parked for it, however many steps away. */
export async function settleDependents(
  writing: Writing,
  ended: { readonly id: DispatchId; readonly name: string; readonly outcome: Outcome },
): Promise<void> {
  const dependents = await writing.query(WAITING_DEPENDENTS, [ended.id]);
  if (ended.outcome.kind === 'succeeded') {
    for (const dependent of dependents) await letGo(writing, dependent);
    return;
  }
  const because = skipReason(ended.name, ended.outcome);
  // Grows while it is walked: what is skipped takes along what needs it.
  const doomed = [...dependents];
  for (const dependent of doomed) {
    if (!(await skip(writing, dependent, because))) continue;
    doomed.push(...(await writing.query(WAITING_DEPENDENTS, [text(dependent, 'id')])));
  }
}

async function letGo(writing: Writing, dependent: Row): Promise<void> {
  const id = text(dependent, 'id');
  const key = { id, revision: whole(dependent, 'revision') };
  const unmet = await writing.query(UNMET_NEEDS, [id]);
  if (unmet.length > 0) {
    // Still parked, but no longer for what the sentence said.
    const sql =
      'update dispatches set because = $3, revision = revision + 1 where id = $1 and revision = $2';
    const because = waitsFor(unmet.map((need) => text(need, 'name')));
    await writing.query(sql, [id, key.revision, because]);
    return;
  }
  const state = { kind: 'queued', since: writing.now } as const;
  if (!(await setState(writing, key, state, WAITS_FOR_SLOT))) return;
  report(writing, dependent, 'dispatch.queued', { to: 'queued', because: WAITS_FOR_SLOT });
}

/** @returns false where it has been skipped already: two ways may lead to one dependent */
async function skip(writing: Writing, dependent: Row, because: string): Promise<boolean> {
  const key = { id: text(dependent, 'id'), revision: whole(dependent, 'revision') };
  if (!(await setState(writing, key, skipped(because, writing.now), because))) return false;
  report(writing, dependent, 'dispatch.ended', { to: 'ended', because, outcome: 'skipped' });
  return true;
}

function report(
  { events }: Writing,
  dependent: Row,
  type: 'dispatch.queued' | 'dispatch.ended',
  data: { readonly [key: string]: string },
): void {
  events.push({
    type,
    dispatch: text(dependent, 'id'),
    attempt: attemptOf(dependent),
    data: { from: 'parked', ...data },
  });
}

/** The number of the current attempt, for events; null before the first. */
export function attemptOf(row: Row): number | null {
  const attempt = whole(row, 'attempt');
  return attempt === 0 ? null : attempt;
}
