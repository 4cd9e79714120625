// Owns the verdict: what the evidence says of an attempt. One silence bound, counted from the last sign of work (I6).
import type { Attempt, Dispatch, DispatchSpec, Held, Millis, StopReason } from './dispatch.ts';
import { formatDuration } from './duration.ts';
import type { Result } from './evidence.ts';
import { newestSign, type Sign } from './sign.ts';

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
 * never longer than the window of silence itself.
 */
export const FRESH_MS = 60_000;

/** What silence is told from. */
export interface Watched {
  /** the newest sign of each kind */
  readonly signs: readonly Sign[];
  readonly watchedSince: Millis;
  /** `there`: and nothing was seen of it since, so the shorter window holds */
  readonly result: Result;
  /** what it asked a person; null: nothing */
  readonly waitingFor: string | null;
}

export interface Silence {
  readonly verdict: Extract<Verdict, 'working' | 'quiet' | 'stalled' | 'lingering' | 'blocked'>;
  /** the window is over: silence alone is proof enough to end it */
  readonly over: boolean;
  readonly because: string;
  /** silence is counted from here */
  readonly since: Millis;
  /** when silence alone would change what follows */
  readonly changesAt: Millis;
}

type Windows = Pick<DispatchSpec, 'stallMs' | 'lingerMs'>;

/**
 * Silence is counted from the last sign, or from when we began to watch where there is none: nothing else resets it.
 *
 * The window is `stall`; where the result is there, the shorter of `linger` and `stall`.
 *
 * | silence   | age of the last sign         | no result   | result there      |
 * |-----------|------------------------------|-------------|-------------------|
 * | < window  | < one minute and < window    | `working`   | `working`         |
 * | < window  | older, or there was none     | `quiet`     | `lingering`       |
 * | >= window | any                          | `stalled`   | `lingering`, over |
 *
 * Who has asked a person something is `blocked` instead of `working` or `quiet`: nobody may ever answer, and so the same
 * window holds.
 */
export function silenceOf(watched: Watched, windows: Windows, now: Millis): Silence {
  const sign = newestSign(watched.signs);
  const since = Math.max(sign?.at ?? 0, watched.watchedSince);
  const silentMs = Math.max(0, now - since);
  const windowMs = windowOf(watched, windows);
  const over = silentMs >= windowMs;
  const changesAt = over ? now : since + windowMs;
  const asks = askedOf(watched);
  if (!over && asks !== null) return { verdict: 'blocked', over, because: asks, since, changesAt };
  const last = sign === null ? 'no sign of work yet' : `last sign of work: ${sign.detail}`;
  if (!over && isFresh(sign, windowMs, now)) {
    return { verdict: 'working', over, because: sign.detail, since, changesAt };
  }
  if (watched.result === 'there') {
    const because = `its result is there, and nothing was seen of it for ${formatDuration(silentMs)}`;
    return { verdict: 'lingering', over, because, since, changesAt };
  }
  if (over) {
    const because = `no sign of work for ${formatDuration(silentMs)}; ${asks ?? last}`;
    return { verdict: 'stalled', over, because, since, changesAt };
  }
  const because = `quiet for ${formatDuration(silentMs)}; ${last}`;
  return { verdict: 'quiet', over, because, since, changesAt };
}

function askedOf({ waitingFor }: Watched): string | null {
  return waitingFor === null ? null : `waits for a person: ${waitingFor}`;
}

function isFresh(sign: Sign | null, windowMs: number, now: Millis): sign is Sign {
  return sign !== null && now - sign.at < Math.min(FRESH_MS, windowMs);
}

function windowOf({ result }: Watched, { stallMs, lingerMs }: Windows): number {
  return result === 'there' ? Math.min(lingerMs, stallMs) : stallMs;
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
      if (state.unseen !== undefined) return 'unknown';
      return verdictOfReason(state.reason) ?? 'gone';
    case 'running':
      return (
        verdictOfHeld(state.held) ??
        verdictOfRunning(watchedBy(attempt, state.since), spec, attempt, now)
      );
  }
}

/** null: it says nothing of what was seen. */
function verdictOfReason(reason: StopReason): Verdict | null {
  if (reason.kind === 'lingering') return 'lingering';
  return reason.kind === 'cause' && reason.cause === 'stalled' ? 'stalled' : null;
}

function verdictOfHeld(held: Held | undefined): Verdict | null {
  return held === undefined ? null : verdictOfReason(held.reason);
}

/** What the ledger knows of the watch over an attempt. */
export function watchedBy(attempt: Attempt | null, runningSince: Millis): Watched {
  return {
    signs: attempt?.signs ?? [],
    watchedSince: attempt?.watchedSince ?? runningSince,
    result: attempt === null || attempt.resultAt === null ? 'unasked' : 'there',
    waitingFor: attempt?.stream?.state.waitingFor ?? null,
  };
}

function verdictOfRunning(
  watched: Watched,
  windows: Windows,
  attempt: Attempt | null,
  now: Millis,
): Verdict {
  if (attempt !== null && attempt.unseen !== null) return 'unknown';
  const { verdict, over } = silenceOf(watched, windows, now);
  // Whoever looks ends it. That it still runs means that nobody looked, and then silence proves nothing.
  return over ? 'unknown' : verdict;
}
