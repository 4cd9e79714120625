// Owns the decision: what follows for one dispatch from its row, the evidence and the moment. Pure and total; every way
// to end an attempt (exit, loss, stall, deadline, cancel, shutdown) goes through here. One file per family of states:
// decide-start.ts, decide-running.ts, decide-stopping.ts; what ends have in common is decide-ending.ts.
import { decideStarting } from './decide-start.ts';
import { decideRunning } from './decide-running.ts';
import { decideStopping } from './decide-stopping.ts';
import type { Decision, Moment } from './decision.ts';
import type { Dispatch, LiveDispatch } from './dispatch.ts';
import type { Evidence } from './evidence.ts';

/** For a dispatch that holds a slot. */
export function decide(live: LiveDispatch, evidence: Evidence, moment: Moment): Decision {
  const { state } = live.dispatch;
  switch (state.kind) {
    case 'starting':
      return decideStarting(live, evidence, moment);
    case 'running':
      return decideRunning({ ...live, state }, evidence, moment);
    case 'stopping':
      return decideStopping({ ...live, state }, evidence, moment);
  }
}

/** For a dispatch that holds no slot: carries out stop wishes, and ends the waits whose time has come. */
export function decideWaiting(dispatch: Dispatch, { now }: Moment): Decision {
  const { state, stopWish } = dispatch;
  if (state.kind !== 'queued' && state.kind !== 'parked') {
    return { kind: 'stay', because: 'it is not waiting', act: null, nextAt: null };
  }
  if (stopWish?.cause === 'cancelled') {
    return {
      kind: 'change',
      type: 'dispatch.ended',
      next: {
        kind: 'ended',
        at: now,
        outcome: { kind: 'stopped', cause: 'cancelled' },
        class: 'cancelled',
        exitCode: null,
      },
      because: `${stopWish.because}, before it started`,
      clearStopWish: true,
    };
  }
  if (state.kind === 'parked' && state.until !== null && state.until <= now) {
    return {
      kind: 'change',
      type: 'dispatch.queued',
      next: { kind: 'queued', since: now },
      because: `its wait (${state.for}) is over`,
    };
  }
  if (stopWish !== null) {
    return {
      kind: 'change',
      type: 'dispatch.queued',
      next: state,
      because: dispatch.because,
      clearStopWish: true,
    };
  }
  return {
    kind: 'stay',
    because: dispatch.because,
    act: null,
    nextAt: state.kind === 'parked' ? state.until : null,
  };
}
