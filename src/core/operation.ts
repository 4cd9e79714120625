// Owns operation leases: statements of the agent's side, each with its own deadline. A supervisor reads them and never
// writes one (I5).
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

/** Of a lease whose holder says by the clock that never steps when that was and will be. */
export interface MonotonicLease {
  /** of that clock (clock-reading.ts) */
  readonly origin: string;
  readonly startedMs: number;
  readonly notAfterMs: number;
  readonly touchedMs: number;
}

/** From now on; negative: it was */
export type Apart = Omit<MonotonicLease, 'origin'>;

/** A lease as its file has it. */
export interface ReadOperation extends Operation {
  /** null: it is told by the wall clock alone */
  readonly apart: Apart | null;
}

/** A lease as it was read, and in the terms of whoever reads it again and again. */
export interface KnownOperation {
  readonly read: ReadOperation;
  readonly known: Operation;
}

/**
 * What is known of a lease after it was read once more. A touch is dated by the look that finds it, and its end stays at
 * the distance at which it was first seen: a step of the clock in between moves neither (I7). Where it is told by the clock
 * that never steps, no step moves it at all.
 */
export function readAgain(
  before: KnownOperation | null,
  read: ReadOperation,
  now: Millis,
): KnownOperation {
  const touched = before === null || before.read.touchedAt !== read.touchedAt;
  const { apart, ...told } = read;
  if (apart !== null) {
    const touchedAt = now + apart.touchedMs;
    const known = {
      ...told,
      startedAt: now + apart.startedMs,
      notAfter: now + apart.notAfterMs,
      // What was granted it meanwhile stays.
      touchedAt: touched ? touchedAt : Math.max(touchedAt, before.known.touchedAt),
    };
    return { read, known };
  }
  if (before === null || before.read.notAfter !== read.notAfter) return { read, known: told };
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
export function heldBy(operation: ReadOperation, holder: Sighting, now: Millis): ReadOperation {
  const { notAfter, touchedAt, apart } = operation;
  switch (holder) {
    case 'alive':
      return {
        ...operation,
        touchedAt: now,
        apart: apart === null ? null : { ...apart, touchedMs: 0 },
      };
    case 'gone': {
      const ended = { ...operation, notAfter: Math.min(notAfter, touchedAt) };
      if (apart === null) return ended;
      const { notAfterMs, touchedMs } = apart;
      return { ...ended, apart: { ...apart, notAfterMs: Math.min(notAfterMs, touchedMs) } };
    }
    case 'unknown':
      return operation;
  }
}

/** Its moments by the clock that never steps, where its text says them: `{"monotonic": {"origin", "startedMs", …}}`. */
export function parseMonotonic(text: string): MonotonicLease | null {
  const { monotonic }: Record<string, unknown> = { ...fieldsOf(text) };
  const { origin, startedMs, notAfterMs, touchedMs }: Record<string, unknown> = {
    ...Object(monotonic),
  };
  if (typeof origin !== 'string' || !isMoment(startedMs)) return null;
  if (!isMoment(notAfterMs) || !isMoment(touchedMs)) return null;
  return { origin, startedMs, notAfterMs, touchedMs };
}

/** How far its moments are away, where they are told by a clock that we have as well. */
export function apartOf(
  { origin, startedMs, notAfterMs, touchedMs }: MonotonicLease,
  clock: { readonly origin: string; readonly monotonicMs: number },
): Apart | null {
  if (origin !== clock.origin) return null;
  const { monotonicMs } = clock;
  return {
    startedMs: Math.round(startedMs - monotonicMs),
    notAfterMs: Math.round(notAfterMs - monotonicMs),
    touchedMs: Math.round(touchedMs - monotonicMs),
  };
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

function isMoment(value: unknown): value is number {
  return Number.isFinite(value);
}
