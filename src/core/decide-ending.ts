// Owns the way to the end: when an end is proved, whether the goal was reached, and what follows from the policy. How a
// tree that has to go is brought to zero is decide-stopping.ts. A terminal state is written only after the proof (I8).
import {
  type ChangeDecision,
  type Decision,
  type Moment,
  type StayDecision,
  stay,
} from './decision.ts';
import type { AttemptEnd, LiveDispatch, Millis, Survivor } from './dispatch.ts';
import type { Evidence, ExitRecord, Look, Members } from './evidence.ts';
import { describeExit } from './snapshot.ts';
import { limitMet, poolLimitOf } from './quota.ts';
import { SUCCEEDED, endOfStop, failed, followUp, isWithdrawn } from './retry.ts';
import { endOfLoss, endOnRecord, judgementOf, stillReading } from './said.ts';

export const UNKNOWN_POLL_MS = 1_000;
export const PROOF_POLL_MS = 10;
/** After its record is written a shim has only to exit; one that is still there was stopped or starved. */
export const SHIM_LEAVES_MS = 5_000;
/** One that waits for the rest of its tree is gone by then where nobody is left. */
const SHIM_WAITS_MS = 50;

/** The exit is on record: the end is known, and the tree has to be empty before it may be written. */
export function concludeExit(
  live: LiveDispatch,
  exit: ExitRecord,
  evidence: Evidence,
  moment: Moment,
): Decision {
  const unread = stillReading(live, evidence, describeExit(exit), moment);
  if (unread !== null) return unread;
  const { end, because } = endOnRecord(exit, evidence);
  if (exit.kind === 'refused') return endedBy(live, { end, because }, evidence, moment);
  if (evidence.shim === 'unknown') {
    return stay(`${because}; cannot see its shim`, moment.now + UNKNOWN_POLL_MS);
  }
  if (evidence.shim === 'alive') {
    if (shimMayStillLeave(live, exit, moment.now)) {
      return stay(`${because}; its shim is leaving`, moment.now + PROOF_POLL_MS);
    }
    // Whom it still waits for, and whether any of them is ours, says the table.
    if (shimStays(live)) {
      return concludeEnd(live, { end, because, looksNeeded: 2 }, evidence, moment);
    }
    // Who keeps the background processes keeps a shim that hangs as well: no kill could tell them apart.
    if (live.dispatch.spec.leftovers === 'end') {
      return endLeftovers(
        live,
        { end, because: `${because}; its shim does not leave` },
        [],
        moment,
      );
    }
  }
  return concludeEnd(live, { end, because, looksNeeded: 1 }, evidence, moment);
}

/** By the clock of the record; a step in between makes it look far away, in either direction. */
export function shimMayStillLeave(live: LiveDispatch, exit: ExitRecord, now: Millis): boolean {
  return Math.abs(now - exit.at) < (shimStays(live) ? SHIM_WAITS_MS : SHIM_LEAVES_MS);
}

/**
 * A subreaper waits for everybody of its tree, members or not: a daemon that opted out, or a supervisor that was started
 * from inside (and which is then its descendant) keeps it for as long as it lives. It holds nothing meanwhile.
 */
export function shimStays({ attempt, dispatch: { spec } }: LiveDispatch): boolean {
  return attempt.containment === 'subreaper' && spec.leftovers === 'end';
}

/** Agent and shim are gone and nothing is on record. */
export function concludeLoss(live: LiveDispatch, evidence: Evidence, moment: Moment): Decision {
  const lost = 'its agent and its shim are gone, and no exit was recorded';
  const unread = stillReading(live, evidence, lost, moment);
  if (unread !== null) return unread;
  const judgement = judgementOf(evidence);
  const because = judgement === null ? lost : `${lost}; ${judgement.because}`;
  return concludeEnd(
    live,
    { end: endOfLoss(judgement), because, looksNeeded: 2 },
    evidence,
    moment,
  );
}

/** An end that is known. */
export interface Conclusion {
  readonly end: AttemptEnd;
  readonly because: string;
}

/** @param conclusion and how many looks at an empty tree still have to prove it */
function concludeEnd(
  live: LiveDispatch,
  conclusion: Conclusion & { readonly looksNeeded: number },
  evidence: Evidence,
  moment: Moment,
): Decision {
  const { end, because } = conclusion;
  const { spec } = live.dispatch;
  if (evidence.goal === 'asking' || evidence.result === 'asking') return awaitGoal(because);
  if (spec.leftovers === 'keep') return endedAfterGoal(live, conclusion, evidence, moment);
  const { members } = evidence;
  if (members.kind !== 'seen') return treeUnseen(because, members, moment);
  const { processes, emptyLooks } = members.value;
  if (processes.length > 0) {
    const why = `${because}; ${processes.length} of its processes are still there`;
    return endLeftovers(live, { end, because: why }, processes, moment);
  }
  if (emptyLooks < conclusion.looksNeeded) {
    return stay(`${because}; looking again`, moment.now + PROOF_POLL_MS);
  }
  return endedAfterGoal(live, conclusion, evidence, moment);
}

export function endLeftovers(
  { dispatch: { state, spec } }: LiveDispatch,
  { end, because }: { end: AttemptEnd; because: string },
  leftovers: readonly Survivor[],
  { now }: Moment,
): ChangeDecision {
  return {
    kind: 'change',
    type: 'attempt.stopping',
    next: {
      kind: 'stopping',
      since: now,
      reason: { kind: 'leftovers', end },
      process: state.kind === 'running' ? state.process : null,
      killAt: now + spec.leftoverGraceMs,
      survivors: [],
    },
    because,
    data: { leftovers: leftovers.slice(0, 20).map(describeProcess) },
  };
}

export function treeUnseen(because: string, members: Look<Members>, { now }: Moment): StayDecision {
  const why = members.kind === 'unknown' ? members.because : 'no look yet';
  return stay(`${because}; cannot see its tree: ${why}`, now + UNKNOWN_POLL_MS);
}

/** I13: work that reached its goal is `succeeded`, however its process ended. */
export function endedAfterGoal(
  live: LiveDispatch,
  { end, because }: Conclusion,
  evidence: Evidence,
  moment: Moment,
): Decision {
  const { goal } = evidence;
  const ended = (actual: AttemptEnd, why: string) =>
    endedBy(live, { end: actual, because: why }, evidence, moment);
  if (live.dispatch.spec.doneWhen === null) return ended(end, because);
  switch (goal) {
    case 'unasked':
      return stay(`${because}; asking done_when`, null, { kind: 'ask-goal' });
    case 'asking':
      return awaitGoal(because);
    case 'reached':
      return ended({ ...end, ...GOAL_REACHED }, `${because}; done_when holds`);
    case 'missed':
      return end.outcome.kind === 'succeeded'
        ? ended(
            failed(end.exitCode, end.signal, 'agent'),
            `${because}, but done_when does not hold`,
          )
        : ended(end, `${because}; done_when does not hold`);
    case 'unknown':
      return ended(end, `${because}; done_when gave no answer`);
  }
}

/** done_when runs with the mark of its attempt: meanwhile its own processes are all that is left of an empty tree. */
export function awaitGoal(because: string): Decision {
  return stay(`${because}; done_when is being asked`, null);
}

const GOAL_REACHED = { outcome: SUCCEEDED.outcome, class: null };

/** The attempt is over: the policy says whether the dispatch is. A person who cancelled wants no retry. */
export function endedBy(
  live: LiveDispatch,
  { end: proved, because }: Conclusion,
  evidence: Evidence,
  moment: Moment,
): ChangeDecision {
  const { now, chance } = moment;
  const { spec, stopWish } = live.dispatch;
  const end = stopWish?.cause === 'cancelled' ? cancelledInstead(proved) : proved;
  const follow = followUp(end, { failures: live.failures, retries: spec.retries, now, chance });
  const common = { kind: 'change', attemptEnd: end, clearStopWish: true } as const;
  const requeued = { ...common, type: 'dispatch.requeued', because } as const;
  const parked = { ...common, type: 'dispatch.parked' } as const;
  const wait = { kind: 'parked', since: now } as const;
  if (follow.kind === 'requeue') return { ...requeued, next: { kind: 'queued', since: now } };
  if (stopWish?.cause === 'cancelled' || follow.kind === 'end') {
    const { outcome, class: failureClass, exitCode } = end;
    return {
      ...common,
      type: 'dispatch.ended',
      next: { kind: 'ended', at: now, outcome, class: failureClass, exitCode },
      because,
    };
  }
  switch (follow.kind) {
    case 'retry': {
      const next = { ...wait, for: 'backoff', until: follow.at } as const;
      return { ...parked, next, because: `${because}; ${follow.because}` };
    }
    case 'wait-for-quota': {
      const { until } = poolLimitOf(live, limitMet(evidence), moment);
      return { ...parked, next: { ...wait, for: 'quota', until }, because };
    }
    case 'ask-person':
      if (follow.about === 'dispatch') {
        return { ...parked, next: { ...wait, for: 'gate', until: null }, because };
      }
      return { ...requeued, next: { kind: 'queued', since: now }, pausePool: because };
  }
}

/** Whoever was interrupted would go back to the queue, and the wish would be forgotten. */
function cancelledInstead(end: AttemptEnd): AttemptEnd {
  if (!isWithdrawn(end)) return end;
  const { exitCode, signal } = end;
  return { ...endOfStop('cancelled', null), exitCode, signal };
}

export function describeProcess({ pid, startTime, command }: Survivor): {
  pid: number;
  startTime: number;
  command: string;
} {
  return { pid, startTime, command };
}
