// Owns the plan of `drover run --dry-run`: what would start, in order, and why not the rest. Pure.
import type { Campaign, PlannedDispatch } from '../core/campaign.ts';
import { type Dispatch, isLive, type State } from '../core/dispatch.ts';
import type { PoolUse } from '../core/pool.ts';
import { topologicalOrder } from '../core/graph.ts';
import { compareTurns } from '../core/order.ts';
import { planSubmission } from '../core/submission.ts';
import { isToRetry } from './targets.ts';
import { stateWord } from './render/words.ts';

/** `starts`: a slot is free for it. `waits`: it would start later. `stays`: it would not start. */
export interface PlanLine {
  readonly name: string;
  readonly would: 'start' | 'wait' | 'stay';
  /** 1 is the first that starts; null for what would not */
  readonly order: number | null;
  readonly because: string;
}

export interface DryRunInput {
  readonly campaign: Campaign;
  /** all rows of the ledger that have not ended, and all of this campaign */
  readonly rows: readonly Dispatch[];
  readonly pools: readonly PoolUse[];
  /** campaigns of the ledger that are halted, with the reason */
  readonly halted: ReadonlyMap<string, string>;
  readonly retryFailed: boolean;
  readonly now: number;
}

/** One dispatch of the campaign as it would be right after the submission. */
interface Submitted {
  readonly planned: PlannedDispatch;
  readonly state: State;
  readonly because: string;
  readonly position: number;
}

/** @throws DroverError `CAMPAIGN_CHANGED`, just as the submission would */
export function planDryRun(input: DryRunInput): PlanLine[] {
  const submitted = submit(input);
  const turns = takeTurns(input, submitted);
  const waiting = topologicalOrder(submitted.map(({ planned }) => planned)).map(({ name }) => name);
  const rank = new Map(waiting.map((name, index) => [name, index]));
  const lines = submitted.map((one) => lineOf(one, input, turns));
  const startable = lines
    .filter(({ would }) => would !== 'stay')
    .toSorted(
      (a, b) =>
        turnOf(a.name, turns) - turnOf(b.name, turns) ||
        (rank.get(a.name) ?? 0) - (rank.get(b.name) ?? 0),
    );
  const ordered = startable.map((line, index) => ({ ...line, order: index + 1 }));
  return [...ordered, ...lines.filter(({ would }) => would === 'stay')];
}

/** What has no turn yet waits for others, and comes after all that have one. */
function turnOf(name: string, turns: ReadonlyMap<string, Turn>): number {
  return turns.get(name)?.place ?? Number.MAX_SAFE_INTEGER;
}

function submit({ campaign, rows, retryFailed, now }: DryRunInput): Submitted[] {
  const own = rows.filter((row) => row.campaign === campaign.name);
  const existing = own.map((row) => (retryFailed ? reopened(row, now) : row));
  const { additions, updates } = planSubmission(campaign, existing, now);
  const lastPosition = rows.reduce((last, { position }) => Math.max(last, position), 0);
  const changes = new Map([
    ...additions.map((one) => [one.planned.name, one] as const),
    ...updates.map((one) => [one.planned.name, one] as const),
  ]);
  const known = new Map(existing.map((row) => [row.name, row]));
  return campaign.dispatches.map((planned, index) => {
    const row = known.get(planned.name);
    const { state, because } = changes.get(planned.name) ??
      row ?? { state: queued(now), because: '' };
    return { planned, state, because, position: row?.position ?? lastPosition + 1 + index };
  });
}

function queued(now: number): State {
  return { kind: 'queued', since: now };
}

/** As `retry` would leave it; what was skipped waits again for what it comes after. */
function reopened(row: Dispatch, now: number): Dispatch {
  if (row.state.kind === 'ended' && row.state.outcome.kind === 'skipped') {
    const state: State = { kind: 'parked', since: now, for: 'dependency', until: null };
    return { ...row, state, because: `waits for ${row.after.join(', ')}` };
  }
  return isToRetry(row) ? { ...row, state: queued(now), because: 'to be run again' } : row;
}

interface Turn {
  /** among all queued rows of the ledger */
  readonly place: number;
  readonly starts: boolean;
  readonly because: string;
}

/** Gives the free slots away as a claim would: across all campaigns, for they share the pools. */
function takeTurns(
  { campaign, rows, pools, halted, now }: DryRunInput,
  submitted: readonly Submitted[],
): Map<string, Turn> {
  const slots = new Map(poolsAfter(campaign, pools).map((pool) => [pool.name, roomOf(pool, now)]));
  const others = rows
    .filter((row) => row.campaign !== campaign.name && row.state.kind === 'queued')
    .filter((row) => row.stopWish === null && !halted.has(row.campaign))
    .map(({ priority, position, pool }) => ({ priority, position, pool, name: null }));
  const own = submitted
    .filter(({ state }) => state.kind === 'queued')
    .map(({ planned: { priority, pool, name }, position }) => ({ priority, position, pool, name }));
  const turns = new Map<string, Turn>();
  for (const [place, { pool, name }] of [...others, ...own].toSorted(compareTurns).entries()) {
    const room = slots.get(pool) ?? { free: 0, because: `there is no pool ${pool}` };
    const starts = room.because === null && room.free > 0;
    if (starts) slots.set(pool, { ...room, free: room.free - 1 });
    if (name === null) continue;
    const because = starts
      ? `a slot of ${pool} is free`
      : (room.because ?? `waits for a slot of ${pool}`);
    turns.set(name, { place, starts, because });
  }
  return turns;
}

interface Room {
  readonly free: number;
  /** why nothing starts in the pool, however many slots are free; null: it does */
  readonly because: string | null;
}

function roomOf(pool: PoolUse, now: number): Room {
  const free = pool.slots - pool.used;
  if (pool.paused) return { free, because: `pool ${pool.name} is paused` };
  if (pool.blockedUntil !== null && pool.blockedUntil > now) {
    return { free, because: `pool ${pool.name} is blocked: ${pool.blockedBecause ?? 'a limit'}` };
  }
  return { free, because: null };
}

/** The file creates and resizes pools. */
function poolsAfter(campaign: Campaign, pools: readonly PoolUse[]): PoolUse[] {
  const after = new Map(pools.map((pool) => [pool.name, pool]));
  for (const { name, slots } of campaign.pools) {
    const before = after.get(name) ?? NEW_POOL;
    after.set(name, { ...before, name, slots });
  }
  return [...after.values()];
}

const NEW_POOL: PoolUse = {
  name: '',
  slots: 0,
  paused: false,
  blockedUntil: null,
  blockedBecause: null,
  used: 0,
  queued: 0,
};

function lineOf(
  { planned: { name }, state, because }: Submitted,
  { campaign, halted, retryFailed }: DryRunInput,
  turns: ReadonlyMap<string, Turn>,
): PlanLine {
  if (state.kind === 'ended') return stays(name, `already ended: ${stateWord(state)}`);
  if (isLive(state)) {
    return stays(name, `already ${stateWord(state)}`);
  }
  // What halted it would be run again.
  const haltedBecause = retryFailed ? undefined : halted.get(campaign.name);
  if (haltedBecause !== undefined) return stays(name, `halted: ${haltedBecause}`);
  const turn = turns.get(name);
  if (turn === undefined) return { name, would: 'wait', order: null, because };
  return { name, would: turn.starts ? 'start' : 'wait', order: null, because: turn.because };
}

function stays(name: string, because: string): PlanLine {
  return { name, would: 'stay', order: null, because };
}
