// Owns what `drover reap` says: item by item for people, and as JSON for programs. Pure.
import type { ReapReport, RowOutcome } from '../compose/reap.ts';
import { CONFIRM } from '../core/brake.ts';
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
  readonly mode: 'act' | 'shadow';
  /** what a person has confirmed just now, and whoever supervises ends */
  readonly confirmed: readonly Pick<Dispatch, 'id' | 'campaign' | 'name'>[];
}

/** Something survived, is held back, or could not be judged. */
export function needsLook({ rows, report }: Reaping): boolean {
  if (report.kind !== 'seen') return true;
  const isLeft = report.value.trees.some(
    ({ survivors, sparedBy }) => survivors.length > 0 || sparedBy === 'brake',
  );
  return isLeft || rows.some((row) => ASK_A_PERSON.has(row.outcome) || row.survivors.length > 0);
}

const ASK_A_PERSON: ReadonlySet<RowOutcome> = new Set<RowOutcome>(['skipped', 'held']);

export function reapJson({ dryRun, rows, report, mode, confirmed }: Reaping) {
  const { trees, skipped, protected: shielded } = report.kind === 'seen' ? report.value : NOTHING;
  const of = (outcome: RowOutcome) =>
    rows
      .filter((row) => row.outcome === outcome && row.survivors.length === 0)
      .map(({ dispatch }) => ({ dispatch: dispatch.id, name: nameOf(dispatch) }));
  const gone = trees.filter((tree) => tree.survivors.length === 0 && tree.sparedBy === null);
  const treesOf = (some: ReapReport['trees']) =>
    some.map(({ key, because, processes }) => ({ dispatch: key.dispatch, because, processes }));
  return {
    dryRun,
    adopted: of('adopted'),
    finished: of('finished'),
    requeued: of('requeued'),
    reaped: treesOf(gone),
    mode,
    confirmed: confirmed.map((one) => ({ dispatch: one.id, name: nameOf(one) })),
    held: of('held'),
    heldTrees: treesOf(trees.filter(({ sparedBy }) => sparedBy === 'brake')),
    wouldReap: treesOf(trees.filter(({ sparedBy }) => sparedBy === 'shadow')),
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
  const { dryRun, rows, report, confirmed } = reaping;
  const lines = confirmed.map(
    (one) => `confirmed ${nameOf(one)}: ended once it is judged so again`,
  );
  const rowLines = rows.map(({ dispatch, outcome, because, survivors }) =>
    survivors.length > 0
      ? `survived  ${nameOf(dispatch)}: ${listed(survivors)}`
      : `${outcome.padEnd(9)} ${nameOf(dispatch)}: ${oneLine(because)}`,
  );
  lines.push(...rowLines);
  if (report.kind !== 'seen') {
    const why = report.kind === 'unknown' ? report.because : 'there is no process table';
    return [...lines, `nobody was signalled: ${why}`];
  }
  const { trees, skipped, protected: shielded } = report.value;
  lines.push(...trees.map(treeLine));
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
  lines.push(...closingLines(reaping));
  if (dryRun) lines.push('nothing was changed (--dry-run)');
  return lines;
}

function treeLine(tree: ReapReport['trees'][number]): string {
  const { key, because, processes: found, survivors, sparedBy } = tree;
  if (survivors.length > 0) return `survived  ${listed(survivors)} of dispatch ${key.dispatch}`;
  const word = sparedBy === null ? 'reaped' : SPARED[sparedBy];
  return `${word.padEnd(9)} ${listed(found)} of dispatch ${key.dispatch}: ${because}`;
}

const SPARED = { brake: 'held', shadow: 'shadow' } as const;

/** What no line by itself says: what a person can do about it, and why nobody was ended. */
function closingLines({ rows, report, mode }: Reaping): string[] {
  const trees = report.kind === 'seen' ? report.value.trees : [];
  const isBraked = trees.some(({ sparedBy }) => sparedBy === 'brake');
  const lines: string[] = [];
  if (isBraked || rows.some(({ outcome }) => outcome === 'held')) {
    lines.push(`the brake holds these back: ${CONFIRM} ends them`);
  }
  if (mode === 'shadow') {
    lines.push('reap: shadow in config.yaml: what belongs to no live attempt is not ended');
  }
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
