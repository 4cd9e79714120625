// Owns operation leases: statements of the agent's side, each with its own deadline. A supervisor reads them and never
// writes one (I5).
import type { Millis } from './dispatch.ts';
import { formatDuration } from './duration.ts';

/** "I am inside this until then": one file in `ops/` of the run directory. */
export interface Operation {
  /** unique among those of its attempt */
  readonly id: string;
  readonly label: string;
  readonly startedAt: Millis;
  readonly notAfter: Millis;
  /** when its holder last said that it is there */
  readonly touchedAt: Millis;
}

/** A holder touches its lease at least every 30 s: two touches may be missed. */
const TOUCHED_WITHIN_MS = 90_000;
const LABEL_CHARACTERS_MAX = 200;

/**
 * Valid while it is touched and before its own end. A touch from the future is as good as none: the clock was set back,
 * and whoever lives touches again.
 */
export function isValid({ notAfter, touchedAt }: Operation, now: Millis): boolean {
  return now < notAfter && Math.abs(now - touchedAt) < TOUCHED_WITHIN_MS;
}

/** A lease as it was read, and in the terms of whoever reads it again and again. */
export interface KnownOperation {
  readonly read: Operation;
  readonly known: Operation;
}

/**
 * What is known of a lease after it was read once more. A touch is dated by the look that finds it, and its end stays at
 * the distance at which it was first seen: a step of the clock in between moves neither (I7).
 */
export function readAgain(
  before: KnownOperation | null,
  read: Operation,
  now: Millis,
): KnownOperation {
  if (before === null || before.read.notAfter !== read.notAfter) return { read, known: read };
  const touched = before.read.touchedAt !== read.touchedAt;
  return { read, known: touched ? { ...before.known, touchedAt: now } : before.known };
}

/** When it lapses unless it is touched again. */
export function lapsesAt({ notAfter, touchedAt }: Operation): Millis {
  return Math.min(notAfter, touchedAt + TOUCHED_WITHIN_MS);
}

export function describeOperation({ label, startedAt, notAfter }: Operation, now: Millis): string {
  const forMs = Math.max(0, now - startedAt);
  const leftMs = Math.max(0, notAfter - now);
  return `in operation "${label}" for ${formatDuration(forMs)}, at most ${formatDuration(leftMs)} more`;
}

/** @returns null where the text is no lease: whatever a program left there proves nothing */
export function parseOperation(id: string, text: string, touchedAt: Millis): Operation | null {
  const value = parseJson(text);
  if (value === null || typeof value !== 'object') return null;
  const { operation, startedAt, notAfter }: Record<string, unknown> = { ...value };
  const [started, end] = [startedAt, notAfter].map((time) =>
    typeof time === 'string' ? Date.parse(time) : Number.NaN,
  );
  if (typeof operation !== 'string' || Number.isNaN(started) || Number.isNaN(end)) return null;
  const label = operation.replaceAll(/\s+/g, ' ').slice(0, LABEL_CHARACTERS_MAX);
  return { id, label, startedAt: started!, notAfter: end!, touchedAt };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
