// Owns what `drover reap` says: item by item for people, and as JSON for programs. Pure.
import type { ReapReport, RowOutcome } from '../compose/reap.ts';
import type { Dispatch, Survivor } from '../core/dispatch.ts';
import type { Look } from '../core/evidence.ts';
import { oneLine } from './render/width.ts';
import { nameOf } from './render/words.ts';

/** A row that held a slot, and what became of it. */
export interface RowItem {
  readonly dispatch: Pick<Dispatch, 'id' | 'campaign' | 'name'>;
  readonly pid: number | null;
  readonly outcome: RowOutcome;
  readonly because: string;
  readonly survivors: readonly Survivor[];
}

export interface Reaping {
  readonly dryRun: boolean;
  /** who supervises meanwhile, and judges the live rows; null: nobody else */
  readonly supervisor: number | null;
  readonly rows: readonly RowItem[];
  readonly report: Look<ReapReport>;
}

/** Something survived, or could not be judged. */
export function needsLook({ rows, report }: Reaping): boolean {
  if (report.kind !== 'seen') return true;
  const survived = report.value.trees.some(({ survivors }) => survivors.length > 0);
  return (
    survived || rows.some(({ outcome, survivors }) => outcome === 'skipped' || survivors.length > 0)
  );
}

export function reapJson({ dryRun, rows, report }: Reaping) {
  const { trees, skipped, protected: shielded } = report.kind === 'seen' ? report.value : NOTHING;
  const of = (outcome: RowOutcome) =>
    rows
      .filter((row) => row.outcome === outcome && row.survivors.length === 0)
      .map(({ dispatch }) => ({ dispatch: dispatch.id, name: nameOf(dispatch) }));
  const gone = trees.filter(({ survivors }) => survivors.length === 0);
  return {
    dryRun,
    adopted: of('adopted'),
    finished: of('finished'),
    requeued: of('requeued'),
    reaped: gone.map(({ key, because, processes }) => ({
      dispatch: key.dispatch,
      because,
      processes,
    })),
    survivors: [
      ...rows.flatMap(({ dispatch, survivors }) => named(dispatch.id, survivors)),
      ...trees.flatMap(({ key, survivors }) => named(key.dispatch, survivors)),
    ],
    skipped: [
      ...(report.kind === 'unknown' ? [{ pid: null, reason: report.because, next: null }] : []),
      ...rows
        .filter(({ outcome }) => outcome === 'skipped')
        .map(({ dispatch, pid, because }) => ({
          pid,
          dispatch: dispatch.id,
          reason: because,
          next: `drover why ${nameOf(dispatch)}`,
        })),
      ...skipped,
    ],
    protected: shielded,
  };
}

const NOTHING: ReapReport = { trees: [], skipped: [], protected: [] };

function named(dispatch: string, survivors: readonly Survivor[]) {
  return survivors.map(({ pid, startTime, command }) => ({ dispatch, pid, startTime, command }));
}

export function reapLines(reaping: Reaping): string[] {
  const { dryRun, rows, report } = reaping;
  const lines = rows.map(({ dispatch, outcome, because, survivors }) =>
    survivors.length > 0
      ? `survived  ${nameOf(dispatch)}: ${listed(survivors)}`
      : `${outcome.padEnd(9)} ${nameOf(dispatch)}: ${oneLine(because)}`,
  );
  if (report.kind !== 'seen') {
    const why = report.kind === 'unknown' ? report.because : 'there is no process table';
    return [...lines, `nobody was signalled: ${why}`];
  }
  const { trees, skipped, protected: shielded } = report.value;
  for (const { key, because, processes: found, survivors } of trees) {
    lines.push(
      survivors.length > 0
        ? `survived  ${listed(survivors)} of dispatch ${key.dispatch}`
        : `reaped    ${listed(found)} of dispatch ${key.dispatch}: ${because}`,
    );
  }
  for (const [reason, count] of strangers(skipped)) {
    lines.push(`skipped   ${count === 1 ? '1 process' : `${count} processes`}: ${reason}`);
  }
  for (const { pid, command, reason, next } of skipped.filter(isOurs)) {
    const way = next === null ? '' : `; next: ${next}`;
    lines.push(`skipped   pid ${pid} (${oneLine(command)}): ${reason}${way}`);
  }
  for (const { pid, command, reason } of shielded) {
    lines.push(`protected pid ${pid} (${oneLine(command)}): ${reason}`);
  }
  if (lines.length === 0) lines.push('nothing to reap');
  if (dryRun) lines.push('nothing was changed (--dry-run)');
  return lines;
}

/** The dispatches of another herd are none of ours, and each process of it has the same reason. */
function strangers(skipped: ReapReport['skipped']): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { reason } of skipped.filter((one) => !isOurs(one))) {
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
}

function isOurs({ dispatch }: { readonly dispatch: string | null }): boolean {
  return dispatch !== null;
}

/** More than a screen of them says nothing to a person. */
const NAMED_MAX = 10;

function listed(list: readonly Survivor[]): string {
  const names = list.slice(0, NAMED_MAX).map(({ pid, command }) => `${pid} (${oneLine(command)})`);
  const more = list.length > NAMED_MAX ? ` and ${list.length - NAMED_MAX} more` : '';
  return `${list.length === 1 ? 'pid' : 'pids'} ${names.join(', ')}${more}`;
}
