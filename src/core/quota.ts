// Owns what follows from a limit of the provider that an agent has met (I15): until when its pool starts nothing, and
// whether an agent that waits by itself may go on waiting in its slot.
import type { LiveDispatch, Millis } from './dispatch.ts';
import type { Evidence } from './evidence.ts';
import type { Moment } from './decision.ts';
import { isSameAttempt, type PoolLimit } from './pool.ts';
import type { StreamState } from './stream.ts';

/** Not everybody at the very second; and never before it, for clocks differ. */
const JITTER_MS_MAX = 30_000;
const JITTER_SHARE = 0.1;
const JITTER_MS_MIN = 1_000;
/** Without a known reset: this long at first, then doubling. */
const UNKNOWN_FIRST_MS = 5 * 60_000;
const UNKNOWN_MAX_MS = 60 * 60_000;
/** Resets are told to the minute, and read a little late: what has just passed is over in a moment. Not twice, though. */
const MINUTE_MS = 60_000;
const JUST_PASSED_MS = 2 * MINUTE_MS;
const AFTER_PASSED_MS = 30_000;
/** A limit of a month is the longest that anybody has; a later reset is misread. */
const WAIT_MS_MAX = 32 * 24 * 60 * 60_000;

type Met = NonNullable<StreamState['limit']>;

/** What the agent met and has had no answer since; null: nothing. */
export function limitMet({ stream }: Pick<Evidence, 'stream'>): Met | null {
  return stream.kind === 'seen' ? stream.value.state.limit : null;
}

/**
 * The limit as a state of the pool. The same notice always gives the same limit: it is on record then.
 *
 * @param met null: the end says that it was a limit, and nobody said which
 */
export function poolLimitOf(live: LiveDispatch, met: Met | null, moment: Moment): PoolLimit {
  const { dispatch, attempt, limit: known } = live;
  const by = { dispatch: dispatch.id, fence: attempt.fence };
  const since = met === null ? moment.now : met.seenAt;
  // An agent that is told to end may speak of that alone in its last words: what it had met is no other limit for it.
  const isKnown = (one: PoolLimit) => (met === null ? one.until > moment.now : one.since === since);
  if (known !== null && isSameAttempt(known.by, by) && isKnown(known)) return known;
  const { until, tries } = lastsUntil(met, known, moment);
  const { campaign, name, pool, spec } = dispatch;
  const { message, source, scope } = met?.notice ?? UNSAID;
  return {
    pool,
    model: scope === 'model' ? (spec.task?.model ?? null) : null,
    since,
    until,
    tries,
    because: message,
    source: `${source} of ${campaign}/${name}`,
    by,
    probe: null,
  };
}

const UNSAID = {
  scope: 'pool',
  message: 'its agent ended at a limit of its provider',
  source: 'end',
} as const;

function lastsUntil(
  met: Met | null,
  known: PoolLimit | null,
  { now, chance }: Moment,
): Pick<PoolLimit, 'until' | 'tries'> {
  const resetAt = resetOf(met);
  const withJitter = (waitMs: number) => now + waitMs + Math.round(chance * jitterMs(waitMs));
  if (resetAt !== null && resetAt > now && resetAt - now <= WAIT_MS_MAX) {
    return { until: withJitter(resetAt - now), tries: 0 };
  }
  // Who meets it while it is in force meets the same one.
  if (known !== null && known.until > now && known.probe === null) {
    return { until: Math.max(withJitter(untoldMs(known.tries)), known.until), tries: known.tries };
  }
  const tries = (known?.tries ?? 0) + 1;
  const isOver = tries === 1 && hasJustPassed(resetAt, now);
  return { until: withJitter(isOver ? AFTER_PASSED_MS : untoldMs(tries)), tries };
}

function hasJustPassed(resetAt: Millis | null, now: Millis): boolean {
  return resetAt !== null && resetAt <= now && now - resetAt <= JUST_PASSED_MS;
}

/** Programs cut what they say to the minute: what lies on a full one may be any moment of it. */
function resetOf(met: Met | null): Millis | null {
  const resetAt = met === null ? null : met.notice.resetAt;
  if (resetAt === null) return met?.waitsUntil ?? null;
  return resetAt % MINUTE_MS === 0 ? resetAt + MINUTE_MS : resetAt;
}

function untoldMs(tries: number): number {
  return Math.min(UNKNOWN_MAX_MS, UNKNOWN_FIRST_MS * 2 ** Math.min(16, Math.max(0, tries - 1)));
}

function jitterMs(waitMs: number): number {
  return Math.max(JITTER_MS_MIN, Math.min(JITTER_MS_MAX, waitMs * JITTER_SHARE));
}

/** An agent that repeats its request by itself once a limit is over. */
export interface OwnWait {
  readonly until: Millis;
  /** it may do so in its slot: not beyond its hard limit, and not for longer than it may be silent */
  readonly fits: boolean;
  readonly message: string;
}

/** null: it does not wait, or does not say until when: then its silence counts like any other. */
export function ownWait(
  { attempt, dispatch }: LiveDispatch,
  evidence: Evidence,
  now: Millis,
): OwnWait | null {
  const met = limitMet(evidence);
  if (met === null || met.waitsUntil === null || met.waitsUntil <= now) return null;
  const latest = Math.min(
    attempt.deadline?.hardAt ?? Number.POSITIVE_INFINITY,
    // Each repetition begins a new wait; all of them together are what it holds its slot for.
    met.metSince + dispatch.spec.stallMs,
  );
  return { until: met.waitsUntil, fits: met.waitsUntil <= latest, message: met.notice.message };
}

/** Silence is counted from the end of a wait that the agent had announced. */
export function watchedFrom(evidence: Evidence): Millis {
  const waitsUntil = limitMet(evidence)?.waitsUntil ?? 0;
  return Math.max(evidence.watchedSince, waitsUntil);
}
