// Owns what a run says at its end: one table for people, the same as one JSON value for programs.
import { COUNTS, type CountName, type Violation, countOf } from './counts.ts';
import type { Entry } from './fault-log.ts';
import type { RunReport } from './run.ts';
import type { Fault } from './schedule.ts';

export interface Summary {
  readonly seed: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly faults: number;
  /** by name of the fault: how often, and how many it met */
  readonly injected: Readonly<Record<string, { readonly times: number; readonly met: number }>>;
  readonly skipped: Readonly<Record<string, string>>;
  readonly dispatches: number;
  readonly runs: number;
  readonly samples: number;
  readonly explained: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<CountName, number>>;
  readonly violations: readonly Violation[];
}

const NAMES = Object.keys(COUNTS) as CountName[];

export function summarize(seed: number, lengthMs: number, report: RunReport): Summary {
  const { faults, dispatches, runs, samples, explained, startedAt } = report;
  const injected: Record<string, { times: number; met: number }> = {};
  const skipped: Record<string, string> = {};
  for (const entry of faults) countFault(entry, injected, skipped);
  return {
    seed,
    minutes: Number((lengthMs / 60_000).toFixed(3)),
    seconds: Math.round(report.seconds),
    // What met nobody was no fault.
    faults: Object.values(injected).reduce((sum, { times }) => sum + times, 0),
    injected,
    skipped,
    dispatches,
    runs,
    samples,
    explained,
    counts: Object.fromEntries(NAMES.map((name) => [name, countOf(report, name)])) as Record<
      CountName,
      number
    >,
    violations: report.violations.map(({ at, ...rest }) => ({
      ...rest,
      at: at === null ? null : Number((at - startedAt).toFixed(2)),
    })),
  };
}

function countFault(
  entry: Entry,
  injected: Record<string, { times: number; met: number }>,
  skipped: Record<string, string>,
): void {
  if (entry.what === 'skipped') skipped[entry.name] = entry.because;
  if (entry.what !== 'injected' || entry.count === 0) return;
  const { times, met } = injected[entry.name] ?? { times: 0, met: 0 };
  injected[entry.name] = { times: times + 1, met: met + entry.count };
}

export function isFlawless({ violations }: Summary): boolean {
  return violations.length === 0;
}

export function table(summary: Summary): string {
  const { injected, skipped, explained, counts, seconds, faults } = summary;
  const row = (name: string, value: number | string, more = '') =>
    `${name.padEnd(46)}${String(value).padStart(8)}  ${more}`.trimEnd();
  return [
    row(`seed ${summary.seed}, ${summary.minutes} minutes of faults`, ''),
    '',
    ...Object.entries(injected)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { times, met }]) => row(`  ${name}`, times, met > times ? `met ${met}` : '')),
    ...Object.entries(skipped).map(([name, because]) =>
      row(`  ${name}`, '-', `skipped: ${because}`),
    ),
    row('faults injected', faults),
    row('dispatches', summary.dispatches),
    row('runs', summary.runs),
    ...Object.entries(explained).map(([reason, times]) => row(`  again, for ${reason}`, times)),
    row('seconds', seconds),
    row('looks of the witness', summary.samples),
    '',
    ...NAMES.map((name) => row(COUNTS[name], counts[name], 'of 0')),
    ...summary.violations.map(({ count, at, what }) => {
      const when = at === null ? 'at the end' : `at ${at} s`;
      return `\n${COUNTS[count]}, ${when}: ${what}`;
    }),
  ].join('\n');
}

/** What can no longer have caused the first violation that has a time is left out. */
export function untilViolation(schedule: readonly Fault[], { violations }: Summary): Fault[] {
  const dated = violations.flatMap(({ at }) => (at === null ? [] : [at]));
  if (dated.length === 0 || dated.length < violations.length) return [...schedule];
  return schedule.filter(({ atMs }) => atMs <= Math.max(...dated) * 1_000);
}
