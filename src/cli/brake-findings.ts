// Owns what `drover doctor` says of the brake, and of a reaper that only looks. Pure.
import { CONFIRM, type Brake } from '../core/brake.ts';
import { isHeldBack } from '../core/dispatch.ts';
import type { DispatchView } from '../ports.ts';
import { isoOrNull } from './render/time.ts';
import { nameOf } from './render/words.ts';

/** What the ledger says of it; null where it cannot be read. */
export type BrakeFindings = {
  readonly views: readonly DispatchView[];
  readonly brake: Brake;
} | null;

export function brakeJson(ledger: BrakeFindings) {
  const engaged = ledger?.brake.engaged ?? null;
  return {
    engagedAt: isoOrNull(engaged?.at ?? null),
    because: engaged?.because ?? null,
    held: heldOf(ledger).map(({ dispatch }) => nameOf(dispatch)),
  };
}

export function brakeProblems(ledger: BrakeFindings): string[] {
  const engaged = ledger?.brake.engaged ?? null;
  if (engaged === null) return heldOf(ledger).map(sentenceOf);
  const whole = `the brake is engaged: ${engaged.because}: drover reap --dry-run, then ${CONFIRM}`;
  return [whole, ...heldOf(ledger).map(sentenceOf)];
}

function sentenceOf({ dispatch }: DispatchView): string {
  return `${nameOf(dispatch)} is ${dispatch.because}`;
}

function heldOf(ledger: BrakeFindings): readonly DispatchView[] {
  return (ledger?.views ?? []).filter(({ dispatch: { state } }) => isHeldBack(state));
}
