// Owns decisions in a few words, for tables in which the sentences do not matter.
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { type RowSpec, row } from './row.ts';

export function decided(spec: RowSpec): Decision {
  const { live, evidence, moment } = row(spec);
  return decide(live, evidence, moment);
}

/** `ended succeeded`, `parked quota`, `stopping stalled`, `stay`. */
export function briefly(decision: Decision): string {
  if (decision.kind !== 'change') return decision.kind;
  const { next } = decision;
  if (next.kind === 'ended') return `ended ${next.outcome.kind} ${next.class ?? ''}`.trim();
  if (next.kind === 'parked') return `parked ${next.for}`;
  if (next.kind === 'stopping') {
    const { reason } = next;
    return `stopping ${reason.kind === 'cause' ? reason.cause : `${reason.kind} ${reason.end.outcome.kind}`}`;
  }
  return next.kind;
}
