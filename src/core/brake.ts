// Owns the brake on killing (I17): how many of those that live may be ended on our own judgement within a minute, and what
// becomes of the rest. It stays as it is until a person confirms it, or until it works again.
import type { Running } from './decide-running.ts';
import { type ChangeDecision, type Decision, type Moment, stay } from './decision.ts';
import type { Held, LiveDispatch, Millis, State, StopCause } from './dispatch.ts';
import { formatDuration } from './duration.ts';
import type { Evidence } from './evidence.ts';
import { newestSign } from './sign.ts';

/** Kills that lie no further apart count together, in however many passes and by however many supervisors. */
export const BRAKE_WINDOW_MS = 60_000;

/** What a person enters to have done what is held back. */
export const CONFIRM = 'drover reap --confirm';

/** As many kills as the greater of the two: `max`, and this share of the dispatches that hold a slot. */
export interface BrakeRule {
  readonly max: number;
  /** in [0, 1] */
  readonly share: number;
}

/** What the ledger remembers, so that a restart resets nothing. */
export interface Brake {
  /** null: nothing is held back */
  readonly engaged: { readonly at: Millis; readonly because: string } | null;
  /** the kills of the last minute */
  readonly kills: readonly Kill[];
  /** compare-and-set: who counts a kill names the revision that he read */
  readonly revision: number;
}

export interface Kill {
  readonly at: Millis;
  /** of the attempt whose tree it was: who has to be killed again is counted once */
  readonly name: string;
}

export interface BrakeMove {
  readonly from: number;
  readonly to: Omit<Brake, 'revision'>;
}

export const NO_KILLS: Brake = { engaged: null, kills: [], revision: 0 };

/** What was decided, by the names of the attempts, and the brake afterwards; null: as before. */
export interface Braked {
  readonly go: ReadonlySet<string>;
  readonly held: ReadonlySet<string>;
  readonly move: BrakeMove | null;
}

/**
 * The first ones go, up to the limit; with the first one beyond it the brake is engaged. From then on nobody goes before a
 * person has looked: otherwise a wrong judgement of everybody would only take a little longer.
 *
 * @param names of those that are to be killed, in their order
 * @param slots how many dispatches hold a slot
 */
export function brakeKills(
  names: readonly string[],
  { brake, rule, slots, now }: { brake: Brake; rule: BrakeRule; slots: number; now: Millis },
): Braked {
  const limit = limitOf(rule, slots);
  // A clock that was set back while nobody watched must not make them count for as long as the step was.
  const recent = brake.kills
    .map(({ name, at }) => ({ name, at: Math.min(at, now) }))
    .filter(({ at }) => now - at < BRAKE_WINDOW_MS);
  const counted = new Set(recent.map(({ name }) => name));
  const fresh = names.filter((name) => !counted.has(name));
  const room = brake.engaged === null ? Math.max(0, limit - counted.size) : 0;
  const go = new Set([...names.filter((name) => counted.has(name)), ...fresh.slice(0, room)]);
  const held = new Set(fresh.slice(room));
  const kills = [
    ...recent.filter(({ name }) => !go.has(name)),
    ...[...go].map((name) => ({ at: now, name })),
  ];
  const engaged = brake.engaged ?? (held.size === 0 ? null : { at: now, because: why() });
  const isMoved = go.size > 0 || engaged !== brake.engaged;
  return { go, held, move: isMoved ? { from: brake.revision, to: { engaged, kills } } : null };

  function why(): string {
    const all = counted.size + fresh.length;
    const limits = `brake: max ${rule.max}, share ${rule.share} of ${slots}`;
    return `${all} were to be ended within ${formatDuration(BRAKE_WINDOW_MS)}, and ${limit} may be (${limits})`;
  }
}

function limitOf({ max, share }: BrakeRule, slots: number): number {
  return Math.max(max, Math.floor(share * slots));
}

/** Nothing is held back any more, and nobody had to confirm anything. */
export function disengaged({ kills, revision }: Brake): BrakeMove {
  return { from: revision, to: { engaged: null, kills } };
}

export function shiftBrake({ engaged, kills }: Brake, byMs: number): BrakeMove['to'] {
  return {
    engaged: engaged === null ? null : { ...engaged, at: engaged.at + byMs },
    kills: kills.map(({ at, name }) => ({ at: at + byMs, name })),
  };
}

type Stopping = ChangeDecision & { readonly next: Extract<State, { kind: 'stopping' }> };

/**
 * The end of an agent that lives, on our own judgement. What a person asked for is none, and neither is what follows from
 * a hard fact: an agent that has ended leaves nobody to be killed by mistake.
 */
export function isJudgedKill(
  { dispatch: { state } }: LiveDispatch,
  decision: Decision,
  { agent }: Pick<Evidence, 'agent'>,
): decision is Stopping {
  if (decision.kind !== 'change' || state.kind !== 'running' || agent === 'gone') return false;
  const { next } = decision;
  if (next.kind !== 'stopping') return false;
  switch (next.reason.kind) {
    case 'leftovers':
      return false;
    case 'lingering':
      return true;
    case 'cause':
      return !NOT_JUDGED.has(next.reason.cause);
  }
}

/** What was not seen: its hard limit and what it uses are facts, however long ago they were looked at. */
export function restsOnSilence(
  { attempt: { deadline } }: LiveDispatch,
  decision: Decision,
  now: Millis,
): boolean {
  if (decision.kind !== 'change' || decision.next.kind !== 'stopping') return false;
  const { reason } = decision.next;
  if (reason.kind !== 'cause') return reason.kind === 'lingering';
  const isSoft = reason.cause === 'timed-out' && deadline !== null && now < deadline.hardAt;
  return reason.cause === 'stalled' || isSoft;
}

/**
 * What a person asked for; and what the agent has said itself: that it waits for its provider, and how much it has used.
 */
const NOT_JUDGED: ReadonlySet<StopCause> = new Set([
  'cancelled',
  'superseded',
  'quota',
  'max-tokens',
  'max-cost',
]);

/** It stays as it is, and everybody can read why. Told once. */
export function holdBack(
  { dispatch, state }: Running,
  { next, because: why }: Stopping,
  { now }: Moment,
): Decision {
  if (state.held !== undefined) return stay(dispatch.because, null);
  const { reason } = next;
  const { because: before } = dispatch;
  const held: Held = { at: now, because: why, reason, before, isConfirmed: false };
  const because = `held back by the brake: ${why}; ${CONFIRM} ends it`;
  const data = { why };
  return { kind: 'change', type: 'attempt.held', next: { ...state, held }, because, data };
}

/**
 * Whoever has worked since is not held back any more. What a person has confirmed needs nothing here: judged once more, it
 * passes. Not without that: a supervisor that has just begun to watch has not seen what was done while nobody watched.
 *
 * @returns null where nothing changes
 */
export function letGo(
  live: Running,
  evidence: Pick<Evidence, 'agent' | 'signs' | 'usage' | 'watchedSince'>,
  { now }: Moment,
): ChangeDecision | null {
  const { held, ...next } = live.state;
  if (held === undefined || evidence.agent !== 'alive') return null;
  const why = whyLetGo(live, held, evidence, now);
  if (why === null) return null;
  const data = { why };
  return { kind: 'change', type: 'attempt.unheld', next, because: held.before, data };
}

function whyLetGo(
  live: LiveDispatch,
  held: Held,
  { signs, usage, watchedSince }: Pick<Evidence, 'signs' | 'usage' | 'watchedSince'>,
  now: Millis,
): string | null {
  const { reason } = held;
  const cause = reason.kind === 'cause' ? reason.cause : null;
  if (cause !== null && LIMITS.has(cause)) {
    // Who breaks a limit mostly works; not every look measures what it uses.
    return usage.kind === 'seen' ? 'it breaks no limit any more' : null;
  }
  const sign = newestSign(signs);
  // Of the future where the clock was set back while nobody watched; what is newer than our watch is newer than that hold.
  const heldAt = held.at > now ? watchedSince : held.at;
  if (sign !== null && sign.at > heldAt) return sign.detail;
  const { deadline } = live.attempt;
  const isMoved = cause === 'timed-out' && deadline !== null && now < deadline.softAt;
  return isMoved ? 'its deadline was moved' : null;
}

const LIMITS: ReadonlySet<StopCause> = new Set(['max-output', 'max-memory', 'max-processes']);
