// Owns what `drover doctor` says of the files that a herd leaves: what serves nobody any more, how much there is of it, and
// what removes it. Pure.
import type { Examination } from '../compose/examine.ts';
import type { RunDirTrace, WorktreeTrace } from '../compose/traces.ts';
import { isOfNextClaim } from '../core/cleaning.ts';
import { formatSize } from '../core/size.ts';
import type { DispatchView } from '../ports.ts';

export interface TraceFindings {
  /** life lines of attempts that have ended; `drover clean` removes them with their run directories */
  readonly fifos: readonly string[];
  readonly temporaryFiles: readonly string[];
  /** run directories of ended dispatches: records and output, until somebody cleans */
  readonly ended: { readonly runDirectories: number; readonly outputBytes: number };
  /** git worktrees of dispatches that have ended: their work is not merged, or nobody has cleaned */
  readonly worktrees: readonly WorktreeTrace[];
  /** with a fence that the ledger has not given yet: it is an old copy */
  readonly ahead: readonly string[];
}

const NOTHING: TraceFindings = {
  fifos: [],
  temporaryFiles: [],
  ended: { runDirectories: 0, outputBytes: 0 },
  worktrees: [],
  ahead: [],
};

/** @param views every dispatch; null: the ledger cannot be read, so that nothing can be said to have ended */
export function tracesOf(
  { traces }: Examination,
  views: readonly DispatchView[] | null,
): TraceFindings {
  if (traces.kind !== 'seen') return NOTHING;
  const { runDirs, temporaryFiles, worktrees } = traces.value;
  if (views === null) return { ...NOTHING, temporaryFiles };
  const rows = new Map(views.map(({ dispatch }) => [dispatch.id, dispatch]));
  const ended: RunDirTrace[] = [];
  const ahead: string[] = [];
  for (const dir of runDirs) {
    const row = rows.get(dir.dispatch);
    if (row === undefined) continue;
    if (isOfNextClaim(dir, row.fence)) continue;
    if (dir.fence > row.fence) ahead.push(dir.path);
    else if (row.state.kind === 'ended') ended.push(dir);
  }
  const outputBytes = ended.reduce((sum, dir) => sum + dir.outputBytes, 0);
  return {
    fifos: ended.flatMap(({ fifo }) => (fifo === null ? [] : [fifo])),
    temporaryFiles,
    ended: { runDirectories: ended.length, outputBytes },
    worktrees: worktrees.filter(({ dispatch }) => {
      const kind = rows.get(dispatch)?.state.kind;
      return kind === undefined || kind === 'ended';
    }),
    ahead,
  };
}

export function traceProblems({ traces }: Examination, { ahead }: TraceFindings): string[] {
  const unseen =
    traces.kind === 'unknown' ? [`files could not be looked at: ${traces.because}`] : [];
  return [
    ...unseen,
    ...ahead.map(
      (path) =>
        `${path} has a fence that this ledger has not given yet: is the ledger an old copy? Move the directory away`,
    ),
  ];
}

/** Lines for people: each with the command that removes it. */
export function traceFields({
  ended,
  temporaryFiles,
  worktrees,
}: Pick<TraceFindings, 'ended' | 'temporaryFiles' | 'worktrees'>): [string, string][] {
  const fields: [string, string][] = [];
  const { runDirectories, outputBytes } = ended;
  if (runDirectories > 0) {
    const what = runDirectories === 1 ? 'run directory' : 'run directories';
    const size = formatSize(outputBytes);
    fields.push(['ended', `${runDirectories} ${what} with ${size} of output: drover clean`]);
  }
  if (temporaryFiles.length > 0) {
    const what = temporaryFiles.length === 1 ? 'file' : 'files';
    fields.push(['left behind', `${temporaryFiles.length} temporary ${what}: drover clean`]);
  }
  for (const { path, branch, repository } of worktrees) {
    fields.push(['worktree', `${path} on ${branch} of ${repository}`]);
  }
  return fields;
}
