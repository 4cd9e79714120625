// Owns what is written of an attempt that was stopped, once zero is proved (I8): its own end, ours, or its last word.
import { UNKNOWN_POLL_MS, endedAfterGoal, endedBy } from './decide-ending.ts';
import type { Stopping } from './decide-stopping.ts';
import { type Decision, type Moment, stay } from './decision.ts';
import type { AttemptEnd, Millis, StopCause, StopReason, StopWish } from './dispatch.ts';
import { type Evidence, type ExitRecord, FILE_CLOCK_TICK_MS } from './evidence.ts';
import { SUCCEEDED, endOfStop } from './retry.ts';
import { endDespiteStop, endOfLoss, endOnRecord, judgementOf, stillReading } from './said.ts';

/** An agent that ended by itself before a stop did so between the look and its commit: longer than a busy ledger takes. */
const OWN_END_WITHIN_MS = 10_000;

/** Zero is proved. An agent that had ended by itself before we began keeps its own end. */
export function stopped(live: Stopping, evidence: Evidence, moment: Moment): Decision {
  const { reason } = live.state;
  const { exit } = evidence.runDir;
  const { because } = live.dispatch;
  const conclude = (end: AttemptEnd, why = because) =>
    endedAfterGoal(live, { end, because: why }, evidence, moment);
  if (reason.kind === 'leftovers' && !isGuessed(reason.end, exit)) {
    // What cannot be read was judged by what could be, when its agent had ended.
    const isSeen = evidence.stream.kind === 'seen';
    const unread = isSeen ? stillReading(live, evidence, 'its tree is empty', moment) : null;
    return unread ?? concludeLeftovers(reason.end, { evidence, conclude }, because);
  }
  if (exit.kind === 'unknown') {
    const why = `its tree is empty; cannot read its exit record: ${exit.because}`;
    return stay(why, moment.now + UNKNOWN_POLL_MS);
  }
  const unread = stillReading(live, evidence, 'its tree is empty', moment);
  if (unread !== null) return unread;
  const record = exit.kind === 'seen' ? exit.value : null;
  if (reason.kind === 'leftovers') {
    // A shim whose claim was destroyed counts as a leftover; the record that it wrote meanwhile beats what was guessed.
    if (record !== null) return conclude(endOnRecord(record, evidence).end);
    return concludeLeftovers(reason.end, { evidence, conclude }, because);
  }
  return stoppedByUs(live, reason, { record, evidence, conclude }, moment);
}

/** Nobody had recorded it. A shim that seemed to have started nothing may have gone on since, and left a record (I2). */
function isGuessed({ outcome }: AttemptEnd, exit: Evidence['runDir']['exit']): boolean {
  return outcome.kind === 'lost' || (outcome.kind === 'refused' && exit.kind !== 'absent');
}

/**
 * The process that we took for the agent may have been a wrapper that somebody killed, while the program in it went on to its
 * result. Nobody was signalled before all were frozen: what it has said meanwhile is its own word (I13).
 */
function concludeLeftovers(
  end: AttemptEnd,
  { evidence, conclude }: Omit<Proof, 'record'>,
  because: string,
): Decision {
  const judgement = judgementOf(evidence);
  if (end.outcome.kind === 'succeeded' || judgement === null) return conclude(end);
  const why = `${because}; ${judgement.because}`;
  // A person cancelled it, and it was unreadable when its agent had ended; by now its words can be read.
  if (judgement.kind === 'quota' && end.outcome.kind === 'lost') {
    return conclude(endOfLoss(judgement), why);
  }
  if (judgement.kind !== 'succeeded') return conclude(end);
  const { outcome, class: failureClass } = SUCCEEDED;
  return conclude({ ...end, outcome, class: failureClass }, why);
}

function stoppedByUs(
  live: Stopping,
  reason: Exclude<StopReason, { kind: 'leftovers' }>,
  { record, evidence, conclude }: Proof,
  moment: Moment,
): Decision {
  const { since } = live.state;
  const { because, stopWish } = live.dispatch;
  const judgement = judgementOf(evidence);
  if (record !== null && endedBefore(record, since)) {
    const own = endOnRecord(record, evidence);
    return conclude(own.end, `${own.because}, before it was stopped`);
  }
  if (reason.kind === 'lingering') {
    const { exitCode, signal } = endOfStop('stalled', record);
    const end = { ...reason.end, exitCode, signal };
    // Whose result is its own word is asked for it as well; of the others that was done when they were silent.
    if (judgement !== null) return conclude(end);
    return endedBy(live, { end, because }, evidence, moment);
  }
  const end = endOfStop(causeNow(reason.cause, stopWish), record);
  const done = endDespiteStop(end, evidence, since);
  return done === null ? conclude(end) : conclude(done.end, `${because}; ${done.because}`);
}

/** Its tree is empty, all that it said was read. */
interface Proof {
  readonly record: ExitRecord | null;
  readonly evidence: Evidence;
  readonly conclude: (end: AttemptEnd, because?: string) => Decision;
}

/** Who was interrupted goes back to the queue, unless a person has cancelled it meanwhile. */
function causeNow(cause: StopCause, wish: StopWish | null): StopCause {
  return cause === 'superseded' && wish?.cause === 'cancelled' ? 'cancelled' : cause;
}

/**
 * By the file's clock and ours: a step between the two would make any end look like an earlier one, and so would the
 * ticks of the file's clock for an agent that obeys our signal at once. What was refused never ran.
 */
function endedBefore({ kind, at }: ExitRecord, since: Millis): boolean {
  if (kind === 'refused') return true;
  return at < since - FILE_CLOCK_TICK_MS && since - at < OWN_END_WITHIN_MS;
}
