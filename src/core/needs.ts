// Owns what waiting for other dispatches means: who is asked first, where each stands, and the sentences that say so.
import type { Campaign, PlannedDispatch } from './campaign.ts';
import type { Dispatch, Millis, Outcome, State } from './dispatch.ts';
import { DroverError } from './error.ts';
import { findCycles, topologicalOrder, unknownNames } from './graph.ts';

/** Where a name stands, seen from those that need it. */
export type Standing =
  | { readonly kind: 'succeeded' }
  /** will not succeed; `because` is what those that need it are skipped for */
  | { readonly kind: 'failed'; readonly because: string }
  /** may run now, or does */
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting'; readonly names: readonly string[] };

/**
 * The standing of every name of a campaign, given the rows that are there.
 *
 * @throws DroverError `CAMPAIGN_INVALID` for a need that the campaign does not name, or a cycle
 */
export function standingsOf(
  campaign: Campaign,
  rows: ReadonlyMap<string, Dispatch>,
): ReadonlyMap<string, Standing> {
  const standings = new Map<string, Standing>();
  for (const plan of needsFirst(campaign)) {
    const row = rows.get(plan.name);
    standings.set(plan.name, settled(plan, row) ?? judged(plan, standings));
  }
  return standings;
}

/** What the row already says; null where its needs have to be asked. */
function settled(plan: PlannedDispatch, row: Dispatch | undefined): Standing | null {
  if (row === undefined) return null;
  if (row.state.kind === 'ended') {
    const { outcome } = row.state;
    if (outcome.kind === 'succeeded') return { kind: 'succeeded' };
    return { kind: 'failed', because: skipReason(plan.name, outcome) };
  }
  // What has started once, or was let go once, waits for nothing any more, even if a need is run again.
  const letGo = row.attempt > 0 || sameNeeds(row, plan);
  return letGo && !parkedForNeed(row) ? { kind: 'ready' } : null;
}

function judged(plan: PlannedDispatch, standings: ReadonlyMap<string, Standing>): Standing {
  const waiting: string[] = [];
  for (const need of plan.after) {
    const standing = standings.get(need);
    if (standing?.kind === 'failed') return standing;
    if (standing?.kind !== 'succeeded') waiting.push(need);
  }
  return waiting.length === 0 ? { kind: 'ready' } : { kind: 'waiting', names: waiting };
}

/**
 * The campaign in an order in which each comes after what it needs.
 *
 * @throws DroverError `CAMPAIGN_INVALID` where there is none
 */
function needsFirst({ name, dispatches }: Campaign): readonly PlannedDispatch[] {
  const [unknown] = unknownNames(dispatches);
  if (unknown !== undefined) {
    const who = dispatches[unknown.index]?.name;
    throw new DroverError('CAMPAIGN_INVALID', {
      message: `dispatch ${who} of campaign ${name} is after "${unknown.name}", which the campaign does not name`,
      hint: 'name a dispatch of the same campaign, or remove it from "after"',
    });
  }
  const [cycle] = findCycles(dispatches);
  if (cycle === undefined) return topologicalOrder(dispatches);
  const names = cycle.map((index) => dispatches[index]?.name);
  throw new DroverError('CAMPAIGN_INVALID', {
    message: `dispatches of campaign ${name} wait for each other: ${names.join(', ')}`,
    hint: 'remove one "after"',
  });
}

export function parkedForNeed(row: Dispatch): boolean {
  return row.state.kind === 'parked' && row.state.for === 'dependency';
}

/** Are the needs those of the plan? As sets: neither order nor repetition changes who waits for whom. */
export function sameNeeds(row: Dispatch, plan: PlannedDispatch): boolean {
  const needs = new Set(plan.after);
  return new Set(row.after).size === needs.size && row.after.every((need) => needs.has(need));
}

/** The state of a dispatch that never gets a slot, because something that it needs did not succeed. */
export function skipped(because: string, now: Millis): State {
  return {
    kind: 'ended',
    at: now,
    outcome: { kind: 'skipped', because },
    class: null,
    exitCode: null,
  };
}

/** How something ended, as the end of a sentence that begins with its name: `failed with exit code 3`. */
export function howItEnded(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'succeeded':
      return 'succeeded';
    case 'failed':
      if (outcome.signal !== null) return `was ended by ${outcome.signal}`;
      return outcome.exitCode === null ? 'failed' : `failed with exit code ${outcome.exitCode}`;
    case 'stopped':
      return `was stopped: ${outcome.cause}`;
    case 'lost':
      return 'was lost';
    case 'refused':
      return `was refused: ${outcome.reason}`;
    case 'skipped':
      return `was skipped: ${outcome.because}`;
  }
}

/** Why everything that needs `name` is skipped. A skipped one hands on its own reason, so that all name the root. */
export function skipReason(name: string, outcome: Outcome): string {
  return outcome.kind === 'skipped' ? outcome.because : `${name} ${howItEnded(outcome)}`;
}

/** The sentence of a dispatch that waits for others. Names three; a table cell is no place for fifty. */
export function waitsFor(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3
    ? `waits for ${shown} and ${names.length - 3} more`
    : `waits for ${shown}`;
}

export const WAITS_FOR_SLOT = 'waits for a free slot';
