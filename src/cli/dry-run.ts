// Owns the plan of `drover run --dry-run`: what would start, in order, and why not the rest. Pure.
import type { Campaign, PlannedDispatch } from '../core/campaign.ts';
import { type Dispatch, isLive, type State } from '../core/dispatch.ts';
import { appliesTo, isClosed, type PoolLimit, type PoolUse } from '../core/pool.ts';
import { topologicalOrder } from '../core/graph.ts';
import { compareTurns } from '../core/order.ts';
import { planSubmission } from '../core/submission.ts';
import { isToRetry } from './targets.ts';
import { limitWords, pauseWords } from './render/pool-words.ts';
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
  const inOrder = topologicalOrder(submitted.map(({ planned }) => planned));
  const rank = new Map(inOrder.map(({ name }, index) => [name, index]));
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
  const rooms = new Map(poolsAfter(campaign, pools).map((pool) => [pool.name, roomOf(pool)]));
  const others = rows
    .filter((row) => row.campaign !== campaign.name && row.state.kind === 'queued')
    .filter((row) => row.stopWish === null && !halted.has(row.campaign))
    .map((row) => ({ ...waiting(row), position: row.position, name: null }));
  const own = submitted
    .filter(({ state }) => state.kind === 'queued')
    .map(({ planned, position }) => ({ ...waiting(planned), position, name: planned.name }));
  const turns = new Map<string, Turn>();
  for (const [place, one] of [...others, ...own].toSorted(compareTurns).entries()) {
    const { pool, model, name } = one;
    const room = rooms.get(pool) ?? { ...NO_ROOM, because: `there is no pool ${pool}` };
    const stopped = room.because ?? whyStopped(room, model, now);
    const starts = stopped === null && room.free > 0;
    if (starts) rooms.set(pool, takenBy(room, model));
    if (name === null) continue;
    const because = starts
      ? `a slot of ${pool} is free`
      : (stopped ?? `waits for a slot of ${pool}`);
    turns.set(name, { place, starts, because });
  }
  return turns;
}

function waiting({ priority, pool, spec }: Pick<PlannedDispatch, 'priority' | 'pool' | 'spec'>) {
  return { priority, pool, model: spec.task?.model ?? null };
}

interface Room {
  readonly free: number;
  /** why nothing starts in the pool, however many slots are free; null: it does */
  readonly because: string | null;
  readonly limits: readonly PoolLimit[];
}

const NO_ROOM: Room = { free: 0, because: null, limits: [] };

function roomOf(pool: PoolUse): Room {
  const { slots, used, name, limits } = pool;
  const paused = pauseWords(pool);
  return {
    free: slots - used,
    because: paused === null ? null : `pool ${name} is ${paused}`,
    limits,
  };
}

/** By a limit that is in force, or that somebody asks about. */
function whyStopped({ limits }: Room, model: string | null, now: number): string | null {
  const limit = limits.find((one) => appliesTo(one, model) && isClosed(one, now));
  return limit === undefined ? null : `pool ${limit.pool}: ${limitWords(limit, now)}`;
}

/** Whoever starts under a limit that is over is its probe: the others wait for the answer. */
function takenBy(room: Room, model: string | null): Room {
  const probe = { dispatch: 'the first of them', fence: 0 };
  const limits = room.limits.map((one) => (appliesTo(one, model) ? { ...one, probe } : one));
  return { ...room, free: room.free - 1, limits };
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
  pausedBecause: null,
  limits: [],
  usage: null,
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
