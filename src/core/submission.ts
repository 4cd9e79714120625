// Owns what a submitted campaign does to the rows that are there: what is added, updated, left alone or refused, and
// what waits for what. Pure: the ledger carries the plan out.
import type { Campaign, PlannedDispatch } from './campaign.ts';
import type { Dispatch, DispatchId, DispatchSpec, Millis, State } from './dispatch.ts';
import { LIVE_STATES } from './dispatch.ts';
import { DroverError } from './error.ts';
import { repeatedNames } from './graph.ts';
import type { Standing } from './needs.ts';
import {
  parkedForNeed,
  sameNeeds,
  skipped,
  standingsOf,
  WAITS_FOR_SLOT,
  waitsFor,
} from './needs.ts';

/** A dispatch that the ledger does not know yet. */
export interface Addition {
  readonly planned: PlannedDispatch;
  readonly state: State;
  readonly because: string;
}

/** A dispatch that is there and differs in something that may still change. */
export interface Update {
  readonly dispatch: Dispatch;
  readonly planned: PlannedDispatch;
  /** what differs: `priority`, `pool`, `after`, or a field of the spec; never empty */
  readonly fields: readonly string[];
  /** the state of the row, or the one that follows from a changed `after` */
  readonly state: State;
  readonly because: string;
}

export interface SubmissionPlan {
  /** in the order of the file */
  readonly additions: readonly Addition[];
  readonly updates: readonly Update[];
  readonly unchanged: readonly DispatchId[];
}

/**
 * Rules about an attempt, as opposed to what it runs. They may change at any time: silence, linger, grace, limits of use
 * and what counts as work from the next look on, the others from the next attempt on (a deadline that runs is moved with
 * `drover extend`). Every field that is not named here counts as what is run, so that a new field is refused rather than
 * swapped under an agent.
 */
const RULES: ReadonlySet<string> = new Set<keyof DispatchSpec>([
  'deadlineMs',
  'extendMs',
  'stallMs',
  'lingerMs',
  'graceMs',
  'retries',
  'containment',
  'leftovers',
  'leftoverGraceMs',
  'maxOutputBytes',
  'maxMemoryBytes',
  'maxProcesses',
  'maxTokens',
  'maxCostUsd',
  'cpuShareMin',
  'toolBoundMs',
  'evidenceFiles',
]);

/**
 * Decides what a submission does. `existing` are the rows of the campaign whose names the campaign names; rows that it
 * does not name stay as they are.
 *
 * | differs in                    | never started | between attempts, ended | holds a slot |
 * |-------------------------------|---------------|-------------------------|--------------|
 * | what is run                   | updated       | refused                 | refused      |
 * | rules (`RULES`), `priority`   | updated       | updated                 | updated      |
 * | `pool`                        | updated       | updated                 | refused: its slot is counted there |
 * | `after`                       | updated, and its state follows | updated, counts for a retry | the same |
 *
 * "Never started" is: attempt 0 and not ended. An ended row takes new rules because `retry` runs it under them. What
 * was retried and is parked for a dependency follows a changed `after`, or it would wait for what nobody needs.
 *
 * @throws DroverError `CAMPAIGN_CHANGED` naming every dispatch that has started and differs in what may not change
 * @throws DroverError `CAMPAIGN_INVALID` for a duplicate name, an unknown name in `after`, or a cycle
 */
export function planSubmission(
  campaign: Campaign,
  existing: readonly Dispatch[],
  now: Millis,
): SubmissionPlan {
  refuseRepeatedNames(campaign);
  const rows = new Map(existing.map((dispatch) => [dispatch.name, dispatch]));
  const standings = standingsOf(campaign, rows);
  const additions: Addition[] = [];
  const updates: Update[] = [];
  const unchanged: DispatchId[] = [];
  const refusals: string[] = [];
  for (const plan of campaign.dispatches) {
    const standing = standings.get(plan.name)!;
    const row = rows.get(plan.name);
    if (row === undefined) {
      additions.push({ planned: plan, ...fresh(standing, now) });
      continue;
    }
    const fields = differences(row, plan);
    const refused = refusal(row, plan, fields);
    if (refused !== null) refusals.push(refused);
    else if (fields.length === 0) unchanged.push(row.id);
    else
      updates.push({ dispatch: row, planned: plan, fields, ...follow(row, fields, standing, now) });
  }
  if (refusals.length > 0) throw changed(campaign.name, refusals);
  return { additions, updates, unchanged };
}

function refuseRepeatedNames({ name, dispatches }: Campaign): void {
  const [repeated] = repeatedNames(dispatches);
  if (repeated === undefined) return;
  throw new DroverError('CAMPAIGN_INVALID', {
    message: `campaign ${name} names dispatch ${dispatches[repeated.index]?.name} twice`,
    hint: 'give one of them another name',
  });
}

function fresh(standing: Standing, now: Millis): { state: State; because: string } {
  switch (standing.kind) {
    case 'succeeded':
    case 'ready':
      return { state: { kind: 'queued', since: now }, because: WAITS_FOR_SLOT };
    case 'waiting':
      return {
        state: { kind: 'parked', since: now, for: 'dependency', until: null },
        because: waitsFor(standing.names),
      };
    case 'failed':
      return { state: skipped(standing.because, now), because: standing.because };
  }
}

/** The state of a row after its update: a changed `after` moves what has not started, or waits for a need. */
function follow(
  row: Dispatch,
  fields: readonly string[],
  standing: Standing,
  now: Millis,
): { state: State; because: string } {
  const follows = fields.includes('after') && (neverStarted(row) || parkedForNeed(row));
  if (!follows) return { state: row.state, because: row.because };
  if (standing.kind === 'ready' && !parkedForNeed(row)) {
    return { state: row.state, because: row.because };
  }
  return fresh(standing, now);
}

function neverStarted(row: Dispatch): boolean {
  return row.attempt === 0 && row.state.kind !== 'ended';
}

function differences(row: Dispatch, plan: PlannedDispatch): string[] {
  const fields: string[] = [];
  const before = new Map<string, unknown>(Object.entries(row.spec));
  const after = new Map<string, unknown>(Object.entries(plan.spec));
  const same = JSON.stringify(row.spec) === JSON.stringify(plan.spec);
  for (const field of same ? [] : new Set([...before.keys(), ...after.keys()])) {
    if (canonical(before.get(field)) !== canonical(after.get(field))) fields.push(field);
  }
  if (row.priority !== plan.priority) fields.push('priority');
  if (row.pool !== plan.pool) fields.push('pool');
  if (!sameNeeds(row, plan)) fields.push('after');
  return fields;
}

/** JSON with sorted keys, so that the order of keys in a file is no difference. A missing value is null. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? sorted(inner) : inner,
  );
}

function sorted(value: object): object {
  const fields: Record<string, unknown> = { ...value };
  const names = Object.keys(fields).sort();
  return Object.fromEntries(names.map((name) => [name, fields[name]]));
}

function refusal(row: Dispatch, plan: PlannedDispatch, fields: readonly string[]): string | null {
  if (neverStarted(row)) return null;
  const run = fields.filter(
    (field) => !RULES.has(field) && field !== 'priority' && field !== 'pool' && field !== 'after',
  );
  const live: readonly string[] = LIVE_STATES;
  if (fields.includes('pool') && live.includes(row.state.kind)) {
    run.push(`pool: it holds a slot of ${row.pool} and cannot move to ${plan.pool} meanwhile`);
  }
  return run.length === 0 ? null : `${row.name} (${run.join(', ')})`;
}

function changed(campaign: string, refusals: readonly string[]): DroverError {
  const what =
    refusals.length === 1 ? 'a dispatch that has' : `${refusals.length} dispatches that have`;
  return new DroverError('CAMPAIGN_CHANGED', {
    message: `campaign ${campaign} changes ${what} started: ${refusals.join('; ')}`,
    hint: 'give what is new a new name, or set it back to what it was',
  });
}
