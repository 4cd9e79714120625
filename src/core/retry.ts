// Owns the one policy table (I16): what an end means, and what follows from it.
import type {
  AttemptEnd,
  FailureClass,
  Millis,
  RetryBudget,
  RetryClass,
  StopCause,
} from './dispatch.ts';
import type { ExitRecord } from './evidence.ts';

const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 60_000;

type Failures = Readonly<Partial<Record<FailureClass, number>>>;

/** What follows an ended attempt. */
export type FollowUp =
  | { readonly kind: 'end' }
  | { readonly kind: 'requeue' }
  /** its pool is blocked by a limit: no failure, and no budget is used */
  | { readonly kind: 'wait-for-quota' }
  /** a person decides: `pool` how it goes on with everybody in its pool, `dispatch` with itself */
  | { readonly kind: 'ask-person'; readonly about: 'pool' | 'dispatch' }
  | { readonly kind: 'retry'; readonly at: Millis; readonly because: string };

/** Which retry budget a class draws on; null: none, the class is never retried by itself. */
const BUDGET_OF: Readonly<Record<FailureClass, RetryClass | null>> = {
  agent: 'agent',
  infrastructure: 'infrastructure',
  stalled: 'stalled',
  'timed-out': 'timed-out',
  quota: null,
  auth: null,
  cancelled: null,
};

const CLASS_OF_CAUSE: Readonly<Record<StopCause, FailureClass | null>> = {
  cancelled: 'cancelled',
  'timed-out': 'timed-out',
  stalled: 'stalled',
  superseded: null,
  // Its owner set the limit and the agent broke it: as with a failure of its own, nothing says that it would not again.
  'max-output': 'agent',
  'max-memory': 'agent',
  'max-processes': 'agent',
  // It was within its rights, and is not to be repeated by itself: a person raises the limit, or does not.
  'max-tokens': null,
  'max-cost': null,
  quota: 'quota',
};

/** Reads an exit record. An exit that nobody recorded is `LOST`, never success and never 0 (I12). */
export function endOfExit(exit: ExitRecord): AttemptEnd {
  switch (exit.kind) {
    case 'refused':
      if (!exit.final) return endOfFailedStart(exit.reason);
      return {
        outcome: { kind: 'refused', reason: exit.reason },
        class: null,
        exitCode: null,
        signal: null,
      };
    case 'exited':
      return exit.exitCode === 0 ? SUCCEEDED : failed(exit.exitCode, null, 'agent');
    case 'signalled':
      return failed(exit.exitCode, exit.signal, 'infrastructure');
  }
}

export const SUCCEEDED: AttemptEnd = {
  outcome: { kind: 'succeeded' },
  class: null,
  exitCode: 0,
  signal: null,
};

export const LOST: AttemptEnd = {
  outcome: { kind: 'lost' },
  class: 'infrastructure',
  exitCode: null,
  signal: null,
};

export function failed(
  exitCode: number | null,
  signal: string | null,
  failureClass: FailureClass,
): AttemptEnd {
  return { outcome: { kind: 'failed', exitCode, signal }, class: failureClass, exitCode, signal };
}

/** An attempt that we ended; its own exit code is kept for people, it decides nothing. */
export function endOfStop(cause: StopCause, exit: ExitRecord | null): AttemptEnd {
  const exited = exit !== null && exit.kind !== 'refused';
  return {
    outcome: { kind: 'stopped', cause },
    class: CLASS_OF_CAUSE[cause],
    exitCode: exited ? exit.exitCode : null,
    signal: exit?.kind === 'signalled' ? exit.signal : null,
  };
}

/** An attempt whose shim could not be started; nothing ran. */
export function endOfFailedStart(because: string): AttemptEnd {
  return {
    outcome: { kind: 'refused', reason: because },
    class: 'infrastructure',
    exitCode: null,
    signal: null,
  };
}

/**
 * The policy: success and refusal end, `superseded` goes back to the queue without using any budget, a limit of the
 * provider is waited for, a provider that lets nobody in and a spent budget ask a person, every other class is retried
 * while its own budget lasts.
 *
 * @param failures earlier failures of the dispatch by class, this one not counted
 * @param chance in [0, 1), for the jitter
 */
export function followUp(
  end: AttemptEnd,
  {
    failures,
    retries,
    now,
    chance,
  }: { failures: Failures; retries: RetryBudget; now: Millis; chance: number },
): FollowUp {
  if (isWithdrawn(end)) return { kind: 'requeue' };
  if (end.class === 'quota') return { kind: 'wait-for-quota' };
  if (end.class === 'auth') return { kind: 'ask-person', about: 'pool' };
  if (isOverBudget(end)) return { kind: 'ask-person', about: 'dispatch' };
  const budgetName = end.class === null ? null : BUDGET_OF[end.class];
  if (end.class === null || budgetName === null) return { kind: 'end' };
  const used = failures[end.class] ?? 0;
  const budget = retries[budgetName];
  if (used >= budget) return { kind: 'end' };
  return {
    kind: 'retry',
    at: now + backoffMs(used, chance),
    because: `retry ${used + 1} of ${budget} for class ${end.class}`,
  };
}

/** It never started, or was interrupted by us: its dispatch goes back to the queue, and no budget is used. */
export function isWithdrawn({ outcome }: AttemptEnd): boolean {
  return outcome.kind === 'stopped' && outcome.cause === 'superseded';
}

function isOverBudget({ outcome }: AttemptEnd): boolean {
  return (
    outcome.kind === 'stopped' && (outcome.cause === 'max-tokens' || outcome.cause === 'max-cost')
  );
}

/** Exponential from one second to one minute, each wait between half of it and all of it (jitter). */
export function backoffMs(failuresBefore: number, chance: number): number {
  const full = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failuresBefore, 16));
  return Math.round(full * (0.5 + chance / 2));
}
