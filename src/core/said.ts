// Owns what an agent's own words mean for its end: they beat its exit code, which counts where it said nothing (I13).
import type { Judgement } from './agent-event.ts';
import { type Moment, stay } from './decision.ts';
import type { AttemptEnd, LiveDispatch, Millis } from './dispatch.ts';
import type { Evidence, ExitRecord } from './evidence.ts';
import { LOST, SUCCEEDED, endOfExit, endOfStop, failed } from './retry.ts';
import { describeExit } from './snapshot.ts';

const UNREAD_POLL_MS = 1_000;

/** What the agent's own words mean; null: it has none that are understood. */
export function judgementOf({ stream }: Evidence): Judgement | null {
  return stream.kind === 'seen' ? stream.value.judgement : null;
}

/**
 * Nothing is concluded from half of what it said (I13). What cannot be read keeps its slot until a person cancels it, who
 * then wants no conclusion any more.
 *
 * @returns null: all of it was read
 */
export function stillReading(
  { dispatch: { stopWish } }: LiveDispatch,
  { stream }: Evidence,
  because: string,
  { now }: Moment,
) {
  if (stream.kind === 'unknown') {
    if (stopWish?.cause === 'cancelled') return null;
    return stay(`${because}; cannot read what it said: ${stream.because}`, now + UNREAD_POLL_MS);
  }
  return readingOn({ stream }, because, { now });
}

/** What was read last may be long over. @returns null: all that can be read now was read */
export function readingOn(
  { stream }: Pick<Evidence, 'stream'>,
  because: string,
  { now }: Pick<Moment, 'now'>,
) {
  if (stream.kind !== 'seen' || stream.value.atEnd) return null;
  return stay(`${because}; reading what it said`, now);
}

/** The end of an agent whose exit is on record, once `stillReading` waits for nothing more. */
export function endOnRecord(
  exit: ExitRecord,
  evidence: Evidence,
): { readonly end: AttemptEnd; readonly because: string } {
  const because = describeExit(exit);
  if (evidence.stream.kind === 'unknown' && exit.kind !== 'refused') {
    // A person cancelled it, and its last word cannot be read: its exit code alone would make a success of a failure (I13).
    return { end: endOfStop('cancelled', exit), because: `${because}; cannot read what it said` };
  }
  const judgement = judgementOf(evidence);
  const words = judgement === null ? because : `${because}; ${judgement.because}`;
  return { end: endOfRun(exit, judgement), because: words };
}

/** The end of an agent that has exited like this, and whose own words mean that. */
export function endOfRun(exit: ExitRecord, judgement: Judgement | null): AttemptEnd {
  if (judgement === null || exit.kind === 'refused') return endOfExit(exit);
  const { exitCode } = exit;
  const signal = exit.kind === 'signalled' ? exit.signal : null;
  if (judgement.kind === 'succeeded') return { ...SUCCEEDED, exitCode, signal };
  if (judgement.kind === 'interrupted') return endOfStop('superseded', exit);
  if (judgement.kind !== 'unsaid') return failed(exitCode, signal, judgement.kind);
  // Its last word is missing, so that nobody knows whether its work was done: the code 0 alone does not say so.
  const isCut = exit.kind === 'exited' && exitCode === 0;
  return isCut ? failed(exitCode, null, 'infrastructure') : endOfExit(exit);
}

/** The end of an agent that has its result, and does not leave. */
export function endOfSilent(judgement: Judgement | null): AttemptEnd {
  if (judgement === null || judgement.kind === 'succeeded' || judgement.kind === 'unsaid') {
    return SUCCEEDED;
  }
  if (judgement.kind === 'interrupted') return endOfStop('superseded', null);
  return failed(null, null, judgement.kind);
}

/** The end of an agent whose exit nobody recorded. */
export function endOfLoss(judgement: Judgement | null): AttemptEnd {
  if (judgement === null || judgement.kind === 'unsaid' || judgement.kind === 'infrastructure') {
    return LOST;
  }
  if (judgement.kind === 'succeeded') return { ...SUCCEEDED, exitCode: null };
  if (judgement.kind === 'interrupted') return endOfStop('superseded', null);
  return failed(null, null, judgement.kind);
}

/**
 * The end of an agent that we stopped: its word that it is done stands where it was given before. Given after, it may be
 * about work that was cut: a program can lose its tool to the signal, and take that for the end of its task.
 */
export function endDespiteStop(
  end: AttemptEnd,
  { stream, goal }: Evidence,
  stoppedAt: Millis,
): { readonly end: AttemptEnd; readonly because: string } | null {
  // Where done_when denies it, it was stopped.
  if (stream.kind !== 'seen' || goal === 'missed') return null;
  const { state, judgement } = stream.value;
  if (judgement.kind !== 'succeeded' || state.result === null) return null;
  if (state.result.at > stoppedAt) return null;
  const { outcome, class: failureClass } = SUCCEEDED;
  return { end: { ...end, outcome, class: failureClass }, because: judgement.because };
}
