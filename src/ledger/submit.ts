// Owns how a submitted campaign reaches the tables; what is to be done is decided by core/submission.ts.
import type { Campaign, PlannedDispatch } from '../core/campaign.ts';
import type { AttemptKey, Dispatch, DispatchId, Outcome } from '../core/dispatch.ts';
import { DroverError } from '../core/error.ts';
import type { EventType } from '../core/event.ts';
import type { Addition, Update } from '../core/submission.ts';
import { planSubmission } from '../core/submission.ts';
import type { Submission, SubmitResult } from '../ports.ts';
import { text } from './columns.ts';
import { setLimits } from './budgets.ts';
import { settleDependents } from './dependents.ts';
import type { Query } from './driver.ts';
import { openKept } from './gates.ts';
import { inherit, knownParent } from './parents.ts';
import { setPool } from './requests.ts';
import { DISPATCH, placeholders, STATE_COLUMNS, stateValues, toDispatch } from './rows.ts';
import type { Writing } from './writing.ts';
import { setState, takeNumbers } from './writing.ts';

/**
 * Adds, updates or leaves alone; pools first, for dispatches name them.
 *
 * @throws DroverError `CAMPAIGN_CHANGED`, `CAMPAIGN_INVALID`
 */
export async function submit(writing: Writing, submission: Submission): Promise<SubmitResult> {
  const { campaign, file } = submission;
  for (const pool of campaign.pools) await setPool(writing, pool);
  await refuseUnknownPools(writing.query, campaign);
  const existing = await rowsNamedBy(writing.query, campaign);
  const plan = planSubmission(campaign, existing, writing.now);
  await writeCampaign(writing, campaign, file);
  const parent = await knownParent(writing.query, submission.parent);
  const ids = new Map(existing.map((row) => [row.name, row.id]));
  const added: DispatchId[] = [];
  const first = await takePositions(writing.query, plan.additions.length);
  for (const [index, addition] of plan.additions.entries()) {
    const id = submission.newId();
    ids.set(addition.planned.name, id);
    added.push(id);
    await add(writing, campaign.name, addition, { id, position: first + index, parent });
  }
  // Only now has everything that may be needed a row.
  for (const [index, { planned }] of plan.additions.entries()) {
    await writeNeeds(writing.query, added[index], planned, ids);
  }
  for (const change of plan.updates) await update(writing, change, ids);
  for (const change of plan.updates) await settleSkipped(writing, change);
  await openKept(writing, campaign.name);
  if (parent !== null) {
    const named = existing.map(({ id }) => id);
    await inherit(writing.query, parent, named);
  }
  const updated = plan.updates.map((change) => change.dispatch.id);
  writing.events.push({
    type: 'campaign.submitted',
    dispatch: null,
    attempt: null,
    data: {
      campaign: campaign.name,
      file,
      added: added.length,
      updated: updated.length,
      unchanged: plan.unchanged.length,
    },
  });
  return { added, updated, unchanged: plan.unchanged };
}

async function refuseUnknownPools(query: Query, campaign: Campaign): Promise<void> {
  const rows = await query('select name from pools order by name', []);
  const known = new Set(rows.map((row) => text(row, 'name')));
  const lost = campaign.dispatches.find((planned) => !known.has(planned.pool));
  if (lost === undefined) return;
  throw new DroverError('CAMPAIGN_INVALID', {
    message: `dispatch ${lost.name} of campaign ${campaign.name} names pool "${lost.pool}", which does not exist; known pools: ${[...known].join(', ')}`,
    hint: `use one of these, or name it under "pools": ${lost.pool}: { slots: 2 }`,
  });
}

/** Always this many names in one statement, so that one prepared statement serves campaigns of every size. */
const NAMES_PER_QUERY = 50;

/** A campaign to which something is added a thousand times must not be read a thousand times as a whole. */
async function rowsNamedBy(query: Query, campaign: Campaign): Promise<readonly Dispatch[]> {
  const sql = `select ${DISPATCH} from dispatches d
    where d.campaign = $1 and d.name in (${placeholders(NAMES_PER_QUERY, 2)})`;
  const rows: Dispatch[] = [];
  for (let from = 0; from < campaign.dispatches.length; from += NAMES_PER_QUERY) {
    const names = campaign.dispatches.slice(from, from + NAMES_PER_QUERY).map(({ name }) => name);
    const padding = Array.from({ length: NAMES_PER_QUERY - names.length }, () => null);
    rows.push(...(await query(sql, [campaign.name, ...names, ...padding])).map(toDispatch));
  }
  return rows;
}

async function writeCampaign(
  { query, now }: Writing,
  { name, onFailure, limits }: Campaign,
  file: string | null,
): Promise<void> {
  await query(
    `insert into campaigns (name, on_failure, file, submitted_at) values ($1, $2, $3, $4)
     on conflict (name) do update set on_failure = excluded.on_failure,
       file = coalesce(excluded.file, campaigns.file), submitted_at = excluded.submitted_at`,
    [name, onFailure, file, now],
  );
  await setLimits(query, name, limits);
}

async function takePositions(query: Query, count: number): Promise<number> {
  return count === 0 ? 0 : takeNumbers(query, 'position', count);
}

const INSERT = `insert into dispatches (id, campaign, name, pool, priority, position, attempt, fence, revision,
  created_at, because, needs, spec, parent_dispatch, parent_fence, model, ${STATE_COLUMNS.join(', ')})
  values ($1, $2, $3, $4, $5, $6, 0, 0, 1, $7, $8, $9, $10, $11, $12, $13,
  ${placeholders(STATE_COLUMNS.length, 14)})`;

async function add(
  { query, now, events }: Writing,
  campaign: string,
  { planned, state, because }: Addition,
  { id, position, parent }: { id: DispatchId; position: number; parent: AttemptKey | null },
): Promise<void> {
  const { name, pool, priority, after, spec } = planned;
  await query(INSERT, [
    id,
    campaign,
    name,
    pool,
    priority,
    position,
    now,
    because,
    JSON.stringify(after),
    JSON.stringify(spec),
    parent?.dispatch ?? null,
    parent?.fence ?? null,
    spec.task?.model ?? null,
    ...stateValues(state),
  ]);
  const type: EventType =
    state.kind === 'queued'
      ? 'dispatch.queued'
      : state.kind === 'parked'
        ? 'dispatch.parked'
        : 'dispatch.ended';
  const data = { from: null, to: state.kind, because, campaign, name };
  events.push({ type, dispatch: id, attempt: null, data });
}

async function writeNeeds(
  query: Query,
  dispatch: DispatchId | undefined,
  { after }: PlannedDispatch,
  ids: ReadonlyMap<string, DispatchId>,
): Promise<void> {
  for (const name of new Set(after)) {
    const needs = ids.get(name);
    if (dispatch === undefined || needs === undefined) throw new Error(`no row for ${name}`);
    const sql = 'insert into dependencies (dispatch, needs) values ($1, $2)';
    await query(sql, [dispatch, needs]);
  }
}

async function update(
  writing: Writing,
  { dispatch, planned, fields, state, because }: Update,
  ids: ReadonlyMap<string, DispatchId>,
): Promise<void> {
  const { query, events } = writing;
  const { pool, priority, after, spec } = planned;
  if (!(await setState(writing, dispatch, state, because))) throw overtaken(dispatch);
  await query(
    `update dispatches set pool = $2, priority = $3, needs = $4, spec = $5, model = $6
     where id = $1`,
    [
      dispatch.id,
      pool,
      priority,
      JSON.stringify(after),
      JSON.stringify(spec),
      spec.task?.model ?? null,
    ],
  );
  if (fields.includes('after')) {
    await query('delete from dependencies where dispatch = $1', [dispatch.id]);
    await writeNeeds(query, dispatch.id, planned, ids);
  }
  events.push({
    type: 'dispatch.updated',
    dispatch: dispatch.id,
    attempt: dispatch.attempt === 0 ? null : dispatch.attempt,
    data: { fields, from: dispatch.state.kind, to: state.kind, because },
  });
}

/** Where the engine lets two writers in at once; nothing of the submission has taken effect. */
function overtaken({ campaign, name }: Dispatch): DroverError {
  return new DroverError('LEDGER_BUSY', {
    message: `dispatch ${campaign}/${name} was changed by another process meanwhile`,
    hint: 'try again',
  });
}

/** A changed `after` may have led to something that did not succeed; then those that wait for this one are skipped too. */
async function settleSkipped(writing: Writing, { dispatch, state }: Update): Promise<void> {
  if (state.kind !== 'ended' || dispatch.state.kind === 'ended') return;
  const outcome: Outcome = state.outcome;
  await settleDependents(writing, { id: dispatch.id, name: dispatch.name, outcome });
}
