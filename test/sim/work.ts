// Owns when an attempt has worked in truth: what a look must have found of it, and what a look may have found.
import type { DispatchSpec } from '../../src/core/dispatch.ts';
import { stillSaid, stirsBySaying } from './said-work.ts';
import { SIGN_KINDS, type SignKind } from '../../src/core/sign.ts';
import type { AttemptTruth } from './truth.ts';

export const LEASE_TOUCHED_MS = 90_000;

/** More than can happen between a look and the commit that rests on it. */
const SIGNS_KEPT_MAX = 64;

/** On a busy machine a look comes this much later than planned (instance.ts). */
export const SLOW_PASS_MS = 3_000;

/** How far apart looks for signs of work may lie (gather.ts). */
export function sampleMs({ stallMs }: Pick<DispatchSpec, 'stallMs'>): number {
  return Math.min(10_000, Math.max(200, stallMs / 5));
}

/**
 * The last moment, `at` or before, at which this attempt did something that a look must have found; null: it never did.
 * Bursts of CPU time that are shorter than a sample can tell from idling do not count, nor what it reads and writes before
 * two samples have seen it.
 */
export function lastWorkOf(attempt: AttemptTruth, at: number): number | null {
  if (attempt.busy > 0 && at - attempt.busySince >= evidentMs(attempt)) return at;
  if (attempt.ioSince !== null && at - attempt.ioSince >= evidentIoMs(attempt.spec)) return at;
  if (isHeld(attempt, at)) return at;
  const worked = attempt.workedAt.findLast((moment) => moment <= at) ?? null;
  const said = stillSaid(attempt, at, 2 * sampleMs(attempt.spec) + SLOW_PASS_MS);
  return said === null ? worked : Math.max(said, worked ?? 0);
}

/** Inside a lease that its holder has touched in time, and that somebody can read. */
function isHeld({ lease, agentLives, unheard }: AttemptTruth, at: number): boolean {
  if (lease === null || at < lease.from || lease.undated || unheard) return false;
  // Who lives touches it again; the last touch of who is gone may seem old after time has jumped.
  const doubtfulFrom = lease.abandoned || !agentLives ? lease.doubtfulFrom : at + 1;
  return at < Math.min(lease.touchedAt + LEASE_TOUCHED_MS, doubtfulFrom);
}

/** The last moment, `at` or before, at which a look may have taken something for a sign of work; null: there is none. */
export function stirredBefore(attempt: AttemptTruth, at: number): number | null {
  return SIGN_KINDS.reduce<number | null>((latest, kind) => {
    const moment = stirredAs(attempt, kind, at);
    return moment === null ? latest : Math.max(latest ?? 0, moment);
  }, null);
}

/** The same of one kind of sign. */
export function stirredAs(attempt: AttemptTruth, kind: SignKind, at: number): number | null {
  const { lease, busy, ioSince } = attempt;
  if (kind === 'cpu' && busy > 0) return at;
  if (kind === 'io' && ioSince !== null) return at;
  if (kind === 'tool') return stirsBySaying(attempt, at);
  const stirredAt = attempt.stirredAt.get(kind) ?? null;
  if (kind !== 'operation' || lease === null || at < lease.from) return stirredAt;
  return Math.max(stirredAt ?? 0, Math.min(at, lease.touchedAt + LEASE_TOUCHED_MS));
}

/** It did something that a look can find. */
export function noteWork(attempt: AttemptTruth, at: number): void {
  attempt.workedAt.push(at);
  if (attempt.workedAt.length > 2 * SIGNS_KEPT_MAX) attempt.workedAt.splice(0, SIGNS_KEPT_MAX);
}

/** The last look that has certainly seen it lies a little before its end. */
export function endLease(attempt: AttemptTruth, now: number): void {
  const { lease } = attempt;
  attempt.lease = null;
  attempt.stirredAt.set('operation', now);
  const seenAt = now - 2 * sampleMs(attempt.spec) - SLOW_PASS_MS;
  if (lease !== null && seenAt > lease.from && !lease.undated) noteWork(attempt, seenAt);
}

/** A burst of this length, on a third of a core, is seen by any sample within three intervals after it (signs.ts). */
function evidentMs({ spec }: AttemptTruth): number {
  return Math.max(200, 0.12 * sampleMs(spec));
}

/** I/O is asked for where nothing else speaks, and the first answer is no growth: after this time there was a second one. */
export function evidentIoMs(spec: DispatchSpec): number {
  return 2 * (sampleMs(spec) + SLOW_PASS_MS);
}

/**
 * A CPU burst of it ends. Its last moments are too short for a sample of their own; and who `dies` takes along what he
 * did since the last look.
 */
export function endBurst(attempt: AttemptTruth, now: number, dies: boolean): void {
  attempt.busy--;
  attempt.stirredAt.set('cpu', now);
  if (now - attempt.busySince < evidentMs(attempt)) return;
  const unseenMs = dies ? 2 * sampleMs(attempt.spec) + SLOW_PASS_MS : evidentMs(attempt);
  const seenAt = now - unseenMs;
  if (seenAt >= attempt.busySince) noteWork(attempt, seenAt);
}

/** It reads and writes no more; the look that has certainly seen it do so was not the last one. */
export function endIo(attempt: AttemptTruth, now: number): void {
  const { ioSince, spec } = attempt;
  attempt.ioSince = null;
  attempt.stirredAt.set('io', now);
  const seenAt = now - sampleMs(spec) - SLOW_PASS_MS;
  if (ioSince !== null && seenAt - ioSince >= evidentIoMs(spec)) noteWork(attempt, seenAt);
}
