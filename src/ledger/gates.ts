// Owns how what waits for a person goes on: asked for by name, by its campaign, or because its limits were raised. Nothing
// but a limit of tokens or cost, of a dispatch or of its campaign, makes a dispatch wait so.
import type { Dispatch, DispatchId } from '../core/dispatch.ts';
import { spentLimit, spentOf } from '../core/limits.ts';
import type { Resumed } from '../ports.ts';
import { waive, whySpent } from './budgets.ts';
import { DISPATCH, toDispatch } from './rows.ts';
import { AT_GATE } from './schema-1.ts';
import { usedBefore } from './usage.ts';
import { setState, type Writing } from './writing.ts';

const OF_ID = `select ${DISPATCH} from dispatches d where d.id = $1 and ${AT_GATE}`;
const OF_CAMPAIGN = `select ${DISPATCH} from dispatches d where d.campaign = $1 and ${AT_GATE}
  order by d.position`;

const BY_PERSON = 'a person let it go on';

/**
 * What waits for a person goes on. It has seen what was used so far: limits of tokens and cost count from here on, that of
 * its campaign too where it is broken.
 */
export async function openGate(writing: Writing, ids: readonly DispatchId[]): Promise<Resumed> {
  const waiting: Dispatch[] = [];
  for (const id of new Set(ids)) {
    waiting.push(...(await writing.query(OF_ID, [id])).map(toDispatch));
  }
  const waived: string[] = [];
  for (const campaign of new Set(waiting.map((one) => one.campaign))) {
    waived.push(...(await waive(writing, campaign)));
  }
  return { waived, opened: await openAll(writing, waiting) };
}

/** A campaign goes on with all of it that waits for a person, and counts from here on where it had broken a limit. */
export async function resumeCampaign(writing: Writing, campaign: string): Promise<Resumed> {
  const waived = await waive(writing, campaign);
  const waiting = (await writing.query(OF_CAMPAIGN, [campaign])).map(toDispatch);
  return { waived, opened: await openAll(writing, waiting) };
}

async function openAll(writing: Writing, waiting: readonly Dispatch[]): Promise<DispatchId[]> {
  const opened: DispatchId[] = [];
  for (const dispatch of waiting) {
    if (!(await open(writing, dispatch, BY_PERSON))) continue;
    const sql = 'update dispatches set waived_fence = fence where id = $1';
    await writing.query(sql, [dispatch.id]);
    opened.push(dispatch.id);
  }
  return opened;
}

/** Whoever gives a campaign other limits, and submits it, lets go on what keeps them. Nothing that was used is forgotten. */
export async function openKept(writing: Writing, campaign: string): Promise<void> {
  const waiting = (await writing.query(OF_CAMPAIGN, [campaign])).map(toDispatch);
  if (waiting.length === 0 || (await whySpent(writing.query, campaign)) !== null) return;
  for (const dispatch of waiting) {
    const spent = spentOf(await usedBefore(writing.query, dispatch.id));
    if (spentLimit(dispatch.spec, spent) !== null) continue;
    await open(writing, dispatch, 'its limits of tokens and cost allow more than it has used');
  }
}

async function open(
  writing: Writing,
  { id, revision, attempt }: Dispatch,
  because: string,
): Promise<boolean> {
  const { events, now } = writing;
  if (!(await setState(writing, { id, revision }, { kind: 'queued', since: now }, because)))
    return false;
  events.push({
    type: 'dispatch.requeued',
    dispatch: id,
    attempt: attempt === 0 ? null : attempt,
    data: { from: 'parked', to: 'queued', because },
  });
  return true;
}
