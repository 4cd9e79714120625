// Owns how a state is said in one or two words, and which colour goes with it.
import type { Dispatch, Millis, Outcome, State } from '../../core/dispatch.ts';
import type { Colour } from './paint.ts';
import { momentShown, secondsShown } from './time.ts';

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
    case 'running':
      return state.kind;
    case 'parked':
      return `parked (${state.for})`;
    case 'stopping':
      if (state.survivors.length > 0) return `stopping (${state.survivors.length} survived)`;
      return state.reason.kind === 'cause' ? `stopping (${state.reason.cause})` : 'stopping';
    case 'ended':
      return outcomeWord(state.outcome);
  }
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
      return 'cyan';
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
