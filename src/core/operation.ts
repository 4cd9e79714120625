// Owns operation leases: statements of the agent's side, each with its own deadline. A supervisor reads them and never
// writes one (I5).
import { type ClockReading, stepBetween } from './clock-reading.ts';
import type { Millis } from './dispatch.ts';
import { formatDuration } from './duration.ts';
import type { Sighting } from './evidence.ts';
import type { ProcessIdentity } from './identity.ts';

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

/** A holder without an identity touches its lease at least every 30 s: two touches may be missed. */
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

/**
 * A lease whose holder is a process on record needs no touches: to see that very process is as good as one, and once it is
 * gone the lease ended with its last touch. Where it cannot be seen, touches count as for any other.
 */
export function heldBy(operation: Operation, holder: Sighting, now: Millis): Operation {
  const { notAfter, touchedAt } = operation;
  switch (holder) {
    case 'alive':
      return { ...operation, touchedAt: now };
    case 'gone':
      return { ...operation, notAfter: Math.min(notAfter, touchedAt) };
    case 'unknown':
      return operation;
  }
}

/**
 * A lease by the clock as it is now: it was told by the clock as it was when it was written (I7). By which of the two it was
 * touched last is not written down; nobody touches in the future, nor hours ago and now.
 */
export function byClock(
  operation: Operation,
  toldBy: ClockReading,
  { reading, now }: { readonly reading: ClockReading; readonly now: Millis },
): Operation {
  const byMs = stepBetween(toldBy, reading);
  const { startedAt, notAfter, touchedAt } = operation;
  const agoMs = Math.abs(now - touchedAt);
  const movedAgoMs = Math.abs(now - touchedAt - byMs);
  return {
    ...operation,
    startedAt: startedAt + byMs,
    notAfter: notAfter + byMs,
    touchedAt: movedAgoMs < agoMs ? touchedAt + byMs : touchedAt,
  };
}

/** How the clocks lay when the lease was written, where its text says it: `{"clock": {"bootId", "aheadMs"}}`. */
export function parseToldBy(text: string): ClockReading | null {
  const { clock }: Record<string, unknown> = { ...fieldsOf(text) };
  const { bootId, aheadMs }: Record<string, unknown> = { ...Object(clock) };
  if (typeof bootId !== 'string' || !Number.isSafeInteger(aheadMs)) return null;
  return { bootId, aheadMs: Number(aheadMs) };
}

/** Who holds the lease, where its text says it: `{"holder": {"bootId", "pid", "startTime"}}`. */
export function parseHolder(text: string): ProcessIdentity | null {
  const { holder }: Record<string, unknown> = { ...fieldsOf(text) };
  if (holder === null || typeof holder !== 'object') return null;
  const { bootId, pid, startTime }: Record<string, unknown> = { ...holder };
  const isWhole = Number.isSafeInteger(pid) && Number.isSafeInteger(startTime);
  if (typeof bootId !== 'string' || !isWhole) return null;
  return { bootId, pid: Number(pid), startTime: Number(startTime) };
}

/** @returns null where the text is no lease: whatever a program left there proves nothing */
export function parseOperation(id: string, text: string, touchedAt: Millis): Operation | null {
  const value = fieldsOf(text);
  if (value === null) return null;
  const { operation, startedAt, notAfter }: Record<string, unknown> = { ...value };
  const [started, end] = [startedAt, notAfter].map((time) =>
    typeof time === 'string' ? Date.parse(time) : Number.NaN,
  );
  if (typeof operation !== 'string' || Number.isNaN(started) || Number.isNaN(end)) return null;
  const label = operation.replaceAll(/\s+/g, ' ').slice(0, LABEL_CHARACTERS_MAX);
  return { id, label, startedAt: started!, notAfter: end!, touchedAt };
}

function fieldsOf(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
