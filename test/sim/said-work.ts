// Owns what an agent's words make of its silence: inside a tool call, and while it waits for a limit of its provider, it need
// not show anything else.
import type { DispatchSpec } from '../../src/core/dispatch.ts';
import type { Said, WaitTruth } from './said.ts';
import type { AttemptTruth } from './truth.ts';

/** Whoever begins to read, or goes on, has read what was there by then. */
const READ_WITHIN_MS = 30_000;

/**
 * The last moment, `at` or before, of which its words say that it was at work, or waited within its rights; null: none.
 *
 * @param seenMs before the end of a call somebody has seen it for the last time
 */
export function stillSaid(
  { said, spec, deadlineFrom }: AttemptTruth,
  at: number,
  seenMs: number,
): number | null {
  if (said === null) return null;
  let latest: number | null = null;
  for (const { from, until, doubtfulFrom } of said.tools.values()) {
    const end = Math.min(until, doubtfulFrom);
    const moment = at < end ? at : end - seenMs;
    if (at >= from && moment >= from) latest = Math.max(latest ?? 0, moment);
  }
  const { wait } = said;
  if (wait === null || at < wait.from || !fits(wait, spec, deadlineFrom)) return latest;
  if (wait.doubtfulFrom < Math.min(at, wait.until)) return latest;
  return Math.max(latest ?? 0, Math.min(at, wait.until));
}

/** The last moment, `at` or before, at which a call may have counted that is or was open. */
export function stirsBySaying(
  { said, stirredAt, readAnewAt, unheard }: AttemptTruth,
  at: number,
): number | null {
  if (said === null) return null;
  if (unheard) return at;
  const written = stirredAt.get('output') ?? 0;
  let latest: number | null = null;
  for (const { from, until, doubtfulFrom } of said.tools.values()) {
    // Whoever reads late dates the call to what was written last, or, where that seems to be still to come, to his reading.
    const dated = doubtfulFrom < at ? Math.max(written, readAnewAt + READ_WITHIN_MS) : written;
    const end = dated + (until - from);
    if (at >= from) latest = Math.max(latest ?? 0, Math.min(at, end));
  }
  // Who has finished a call writes that it has.
  return latest ?? (said.state.lines > 0 ? written : null);
}

/** It may go on waiting in its slot, by any reading. */
export function fits(wait: WaitTruth, spec: DispatchSpec, deadlineFrom: number): boolean {
  return wait.until <= Math.min(wait.from + spec.stallMs, hardAt(spec, deadlineFrom));
}

/** It may not, by any reading. */
export function isTooLong(
  { wait }: Said,
  { spec, deadlineFrom, stirredAt }: AttemptTruth,
  slackMs: number,
): boolean {
  if (wait === null) return false;
  const written = stirredAt.get('output') ?? wait.from;
  const latest = Math.min(written + spec.stallMs, hardAt(spec, deadlineFrom));
  return wait.until > latest + slackMs;
}

function hardAt({ deadlineMs, extendMs }: DispatchSpec, deadlineFrom: number): number {
  return deadlineMs === null ? Number.POSITIVE_INFINITY : deadlineFrom + deadlineMs + extendMs;
}
