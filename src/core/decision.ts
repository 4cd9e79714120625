// Owns what a decision can be.
import type { AttemptEnd, Deadline, Millis, State } from './dispatch.ts';
import type { EventType, Json } from './event.ts';

/** The moment of a decision; chance in [0, 1) for jitter. */
export interface Moment {
  readonly now: Millis;
  readonly chance: number;
}

/** An effect that follows. Each is safe to repeat: a crash after it, or before it, changes nothing but the time it takes. */
export type Act =
  | { readonly kind: 'seize-claim' }
  | { readonly kind: 'ask-goal' }
  /** the same question, of an agent that lives */
  | { readonly kind: 'ask-result' }
  /** the graceful signal, to the agent alone */
  | { readonly kind: 'signal' }
  /** freeze and kill the tree; `withShim` once the shim has nothing left to record */
  | { readonly kind: 'kill'; readonly withShim: boolean };

export interface StayDecision {
  readonly kind: 'stay';
  readonly because: string;
  readonly act: Act | null;
  /** the next moment at which time alone may change something; null: none */
  readonly nextAt: Millis | null;
}

export interface ChangeDecision {
  readonly kind: 'change';
  readonly next: State;
  readonly because: string;
  readonly type: EventType;
  readonly data?: { readonly [key: string]: Json };
  readonly attemptEnd?: AttemptEnd;
  readonly clearStopWish?: boolean;
  /** why nothing more is to start in its pool until a person says so */
  readonly pausePool?: string;
}

export interface ExtendDecision {
  readonly kind: 'extend';
  readonly deadline: Deadline;
}

export type Decision = StayDecision | ChangeDecision | ExtendDecision;

export function stay(because: string, nextAt: Millis | null, act: Act | null = null): StayDecision {
  return { kind: 'stay', because, act, nextAt };
}
