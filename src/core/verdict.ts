// Owns the verdict: what the evidence says of an attempt. One silence bound, counted from the last sign of work (I6).
import type { Attempt, Dispatch, Millis } from './dispatch.ts';
import { formatDuration } from './duration.ts';
import type { Evidence } from './evidence.ts';

export type Verdict =
  | 'working'
  | 'quiet'
  | 'stalled'
  | 'lingering'
  | 'blocked'
  | 'gone'
  | 'unknown';

/**
 * A sign of work counts as fresh for this long, so that two missed samples never end a run that worked a minute ago;
 * never longer than the stall window itself.
 */
export const FRESH_MS = 60_000;

export interface Silence {
  readonly verdict: Extract<Verdict, 'working' | 'quiet' | 'stalled'>;
  readonly because: string;
  /** when silence alone would change the verdict */
  readonly changesAt: Millis;
}

/**
 * Silence is counted from the last sign, or from when we began to watch where there is none: nothing else resets it.
 *
 * @param stallMs the stall window of the dispatch
 */
export function silenceOf(
  evidence: Pick<Evidence, 'lastSign' | 'watchedSince'>,
  stallMs: number,
  now: Millis,
): Silence {
  const sign = evidence.lastSign;
  const from = Math.max(sign?.at ?? 0, evidence.watchedSince);
  const silentMs = Math.max(0, now - from);
  const freshMs = Math.min(FRESH_MS, stallMs);
  const last = sign === null ? 'no sign of work yet' : `last sign of work: ${sign.detail}`;
  if (silentMs >= stallMs) {
    const because = `no sign of work for ${formatDuration(silentMs)}; ${last}`;
    return { verdict: 'stalled', because, changesAt: now };
  }
  if (sign !== null && now - sign.at < freshMs) {
    return { verdict: 'working', because: sign.detail, changesAt: from + stallMs };
  }
  const because = `quiet for ${formatDuration(silentMs)}; ${last}`;
  return { verdict: 'quiet', because, changesAt: from + stallMs };
}

/** The verdict as far as the ledger alone can tell; null where the dispatch holds no slot. */
export function verdictOf(
  dispatch: Dispatch,
  attempt: Attempt | null,
  now: Millis,
): Verdict | null {
  const { state, spec } = dispatch;
  switch (state.kind) {
    case 'queued':
    case 'parked':
    case 'ended':
      return null;
    case 'starting':
      return 'quiet';
    case 'stopping':
      return state.reason.kind === 'cause' && state.reason.cause === 'stalled' ? 'stalled' : 'gone';
    case 'running':
      return verdictOfRunning(state.since, spec.stallMs, attempt, now);
  }
}

function verdictOfRunning(
  since: Millis,
  stallMs: number,
  attempt: Attempt | null,
  now: Millis,
): Verdict {
  const last = attempt?.lastEvidence ?? null;
  const lastSign =
    last === null ? null : { kind: 'output' as const, at: last.at, detail: last.kind };
  const { verdict } = silenceOf({ lastSign, watchedSince: since }, stallMs, now);
  // Whoever looks ends a stalled one. That it still runs means that nobody looked, and then silence proves nothing.
  return verdict === 'stalled' ? 'unknown' : verdict;
}
