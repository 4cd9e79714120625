// Owns the search for a row for which something does not hold.
import * as fc from 'fast-check';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { anySpec } from './any-row.ts';
import { type Row, type RowSpec, row } from './row.ts';

export interface Decided extends Row {
  readonly spec: RowSpec;
  readonly decision: Decision;
}

export function decided(spec: RowSpec): Decided {
  const one = row(spec);
  return { ...one, spec, decision: decide(one.live, one.evidence, one.moment) };
}

/** The smallest row for which it does not hold, with the seed that leads to it; null: there is none. */
export function exception(holds: (one: Decided) => boolean): string | null {
  const property = fc.property(anySpec, (spec) => holds(decided(spec)));
  const report = fc.check(property, { numRuns: 3_000 });
  return report.failed ? (fc.defaultReportMessage(report) ?? 'failed') : null;
}
