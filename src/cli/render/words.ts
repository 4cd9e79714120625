// Owns how a state is said in one or two words, and which colour goes with it.
import { isHeldBack, isLive } from '../../core/dispatch.ts';
import type { Attempt, Dispatch, Millis, Outcome, State, Survivor } from '../../core/dispatch.ts';
import { newestSign } from '../../core/sign.ts';
import type { Colour } from './paint.ts';
import { ageShown, momentShown, secondsShown } from './time.ts';
import { oneLine } from './width.ts';

/** How people and hints name a dispatch. */
export function nameOf(dispatch: { readonly campaign: string; readonly name: string }): string {
  return `${dispatch.campaign}/${dispatch.name}`;
}

/** `1 dispatch`, `2 dispatches`. */
export function dispatchCount(count: number): string {
  return count === 1 ? '1 dispatch' : `${count} dispatches`;
}

/** `running`, `parked (quota)`, `succeeded`, `failed (3)`, `stopped (stalled)`. */
export function stateWord(state: State): string {
  switch (state.kind) {
    case 'queued':
    case 'starting':
      return state.kind;
    case 'running':
      return isHeldBack(state) ? 'running (held)' : state.kind;
    case 'parked':
      return `parked (${state.for})`;
    case 'stopping':
      if (state.unseen !== undefined) return 'stopping (unseen)';
      if (state.survivors.length > 0) return `stopping (${state.survivors.length} survived)`;
      return state.reason.kind === 'cause' ? `stopping (${state.reason.cause})` : 'stopping';
    case 'ended':
      return outcomeWord(state.outcome);
  }
}

/** By identity: a pid alone may be somebody else's by the time that it is read. */
export function survivorWords({ pid, startTime, command }: Survivor): string {
  return `pid ${pid}, start time ${startTime}, ${oneLine(command)}`;
}

export function outcomeWord(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'failed':
      if (outcome.signal !== null) return `failed (${outcome.signal})`;
      return outcome.exitCode === null ? 'failed' : `failed (${outcome.exitCode})`;
    case 'stopped':
      return `stopped (${outcome.cause})`;
    case 'succeeded':
    case 'lost':
    case 'refused':
    case 'skipped':
      return outcome.kind;
  }
}

export function stateColour(state: State): Colour | null {
  switch (state.kind) {
    case 'queued':
      return 'dim';
    case 'parked':
    case 'stopping':
      return 'yellow';
    case 'starting':
    case 'running':
      return isHeldBack(state) ? 'yellow' : 'cyan';
    case 'ended':
      return outcomeColour(state.outcome);
  }
}

function outcomeColour(outcome: Outcome): Colour {
  if (outcome.kind === 'succeeded') return 'green';
  return outcome.kind === 'skipped' ? 'yellow' : 'red';
}

/** How long it runs, ran, or waits: the one figure that tells a stuck row from a moving one. */
export function ageWord(dispatch: Dispatch, now: Millis): string {
  const { state } = dispatch;
  switch (state.kind) {
    case 'queued':
    case 'starting':
    case 'running':
    case 'stopping':
      return secondsShown(now - state.since);
    case 'parked':
      return state.until === null ? '' : `until ${momentShown(state.until, now)}`;
    case 'ended':
      return dispatch.startedAt === null ? '' : secondsShown(state.at - dispatch.startedAt);
  }
}

/** When a running one last gave a sign of work; empty where there was none, or where nobody waits for one. */
export function workedWord({ state }: Dispatch, attempt: Attempt | null, now: Millis): string {
  const last = newestSign(attempt?.signs ?? []);
  return state.kind === 'running' && last !== null ? ageShown(last.at, now) : '';
}

/** When the deadline of a live one comes, and how often it was extended: `in 42m (+3)`. */
export function deadlineWord({ state }: Dispatch, attempt: Attempt | null, now: Millis): string {
  const deadline = attempt?.deadline ?? null;
  if (deadline === null || !isLive(state)) return '';
  const { softAt, extendedCount } = deadline;
  return `${ageShown(softAt, now)}${extendedCount === 0 ? '' : ` (+${extendedCount})`}`;
}

/** Why a running one runs says nothing; what it was last seen doing does. */
export function reasonWord({ state, because }: Dispatch, attempt: Attempt | null): string {
  if (state.kind !== 'running' || state.held !== undefined) return because;
  return newestSign(attempt?.signs ?? [])?.detail ?? because;
}
