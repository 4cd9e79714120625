// Owns how a decision is written as one line, and the tables of rows and decisions.
import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { ChangeDecision, Decision } from '../../../src/core/decision.ts';
import type { AttemptEnd, State } from '../../../src/core/dispatch.ts';
import { NOW, type RowSpec, row } from './row.ts';

/** A decision as one line: what, until when or whereto, why; then what is written of the attempt. */
export function told(decision: Decision): string {
  switch (decision.kind) {
    case 'stay': {
      const { act, nextAt, because } = decision;
      const acts =
        act === null
          ? ''
          : ` ${act.kind}${'withShim' in act && act.withShim ? ' with its shim' : ''}`;
      return `stay ${nextAt === null ? '-' : span(nextAt)}${acts}: ${because}`;
    }
    case 'extend': {
      const { softAt, hardAt, extendedCount, extendedMs, because } = decision.deadline;
      return `extend to ${span(softAt)}, hard ${span(hardAt)} (${extendedCount}, ${extendedMs}): ${because}`;
    }
    case 'change': {
      const { type, next, because, attemptEnd, clearStopWish } = decision;
      const end = attemptEnd === undefined ? '' : ` [${endText(attemptEnd)}]`;
      const wish = clearStopWish === true ? ' [wish done]' : '';
      return `${type} ${stateText(next)}: ${because}${end}${wish}`;
    }
  }
}

/** `+20` or `-1000`: milliseconds from NOW. */
function span(at: number): string {
  return at < NOW ? `${at - NOW}` : `+${at - NOW}`;
}

function stateText(state: State): string {
  switch (state.kind) {
    case 'queued':
    case 'starting':
      return state.kind;
    case 'running':
      return `running ${state.process.pid}@${state.process.startTime}`;
    case 'parked':
      return `parked ${state.for} ${state.until === null ? '-' : span(state.until)}`;
    case 'stopping': {
      const { reason, process, killAt, survivors } = state;
      const why =
        reason.kind === 'cause'
          ? reason.cause
          : `${reason.kind === 'leftovers' ? 'leftovers of' : 'lingering'} ${endText(reason.end)}`;
      const who = process === null ? '' : ` ${process.pid}@${process.startTime}`;
      const named =
        survivors.length === 0 ? '' : ` survivors ${survivors.map(({ pid }) => pid).join()}`;
      const unseen = state.unseen === undefined ? '' : ` unseen (${state.unseen.because})`;
      return `stopping${who} ${why} kill ${span(killAt)}${named}${unseen}`;
    }
    case 'ended':
      return 'ended';
  }
}

function endText({ outcome, class: failureClass, exitCode, signal }: AttemptEnd): string {
  const code = exitCode === null ? '' : ` code ${exitCode}`;
  const by = signal === null ? '' : ` by ${signal}`;
  return `${outcomeText(outcome)}${code}${by}${failureClass === null ? '' : ` class ${failureClass}`}`;
}

function outcomeText(outcome: AttemptEnd['outcome']): string {
  switch (outcome.kind) {
    case 'stopped':
      return `stopped ${outcome.cause}`;
    case 'refused':
      return `refused (${outcome.reason})`;
    case 'succeeded':
    case 'failed':
    case 'lost':
    case 'skipped':
      return outcome.kind;
  }
}

/** Each row is a sentence, what differs from an ordinary agent, and the decision. */
export type TableRow = readonly [sentence: string, spec: RowSpec, decision: string];

export function decisionTable(rows: readonly TableRow[]): void {
  test.each(rows)('%s', (_sentence, spec, decision) => {
    const { live, evidence, moment } = row(spec);
    const made = decide(live, evidence, moment);
    expect(told(made)).toBe(decision);
    expect(made.kind === 'change' ? contradictions(made, live.dispatch.state) : []).toEqual([]);
  });
}

/** What the one line leaves out, because it follows: the state says the same as the end of its attempt. */
function contradictions({ next, attemptEnd }: ChangeDecision, before: State): readonly string[] {
  if (next.kind === 'ended') {
    const { outcome, class: failureClass, exitCode } = next;
    const end = { outcome, class: failureClass, exitCode };
    const same =
      attemptEnd !== undefined && JSON.stringify(end) === JSON.stringify(endOf(attemptEnd));
    return [
      ...(same ? [] : ['state and attempt end differently']),
      ...(next.at === NOW ? [] : ['at']),
    ];
  }
  // What lies ahead was dated by a clock that has been set back.
  const since = before.kind === next.kind ? Math.min(before.since, NOW) : NOW;
  return next.since === since ? [] : ['since'];
}

function endOf({ outcome, class: failureClass, exitCode }: AttemptEnd) {
  return { outcome, class: failureClass, exitCode };
}
