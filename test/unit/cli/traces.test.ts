// Owns what `drover doctor` says of the files that a herd leaves.
import { expect, test } from 'vitest';
import { traceFields, traceProblems, tracesOf } from '../../../src/cli/traces.ts';
import type { Examination } from '../../../src/compose/examine.ts';
import { RUNNING, SUCCEEDED, view } from './rows.ts';

const KIB = 1024;
const VIEWS = [
  view('done', SUCCEEDED, { id: 'done', fence: 2 }),
  view('live', RUNNING, { id: 'live', fence: 1 }),
];

function dir(dispatch: string, fence: number) {
  const path = `/s/runs/${dispatch}.${fence}`;
  return { dispatch, fence, path, outputBytes: 4 * KIB, untouched: false, fifo: `${path}/life` };
}

function found(traces: Examination['traces']): Examination {
  // Nothing else of an examination is read.
  return { traces } as Examination;
}

const SEEN = found({
  kind: 'seen',
  value: {
    runDirs: [dir('done', 1), dir('done', 2), dir('done', 3), dir('live', 1), dir('none', 1)],
    temporaryFiles: ['/s/.probe-1'],
    worktrees: ['done', 'live', 'none'].map((dispatch) => ({
      dispatch,
      path: `/s/worktrees/${dispatch}`,
      branch: `drover/c/${dispatch}`,
      repository: '/r',
    })),
  },
});

test('only what belongs to ended dispatches serves nobody any more', () => {
  const traces = tracesOf(SEEN, VIEWS);
  expect(traces.fifos).toEqual(['/s/runs/done.1/life', '/s/runs/done.2/life']);
  expect(traces.ended).toEqual({ runDirectories: 2, outputBytes: 8 * KIB });
  expect(traceFields(traces)).toEqual([
    ['ended', '2 run directories with 8 KiB of output: drover clean'],
    ['left behind', '1 temporary file: drover clean'],
    ['worktree', '/s/worktrees/done on drover/c/done of /r'],
    ['worktree', '/s/worktrees/none on drover/c/none of /r'],
  ]);
});

test('a fence that the ledger has not given needs a person', () => {
  const [problem, ...others] = traceProblems(SEEN, tracesOf(SEEN, VIEWS));
  expect(problem).toContain('/s/runs/done.3 has a fence that this ledger has not given yet');
  expect(others).toEqual([]);
});

test('one that a claim has made and not taken needs nobody, and has not ended', () => {
  const dirs = [3, 4].map((fence) => ({ ...dir('done', fence), untouched: true, fifo: null }));
  const seen = found({
    kind: 'seen',
    value: { runDirs: dirs, temporaryFiles: [], worktrees: [] },
  });
  const traces = tracesOf(seen, VIEWS);
  expect(traces).toMatchObject({ ended: { runDirectories: 0 }, ahead: ['/s/runs/done.4'] });
});

test('I4: without a ledger nothing has ended', () => {
  const traces = tracesOf(SEEN, null);
  expect(traces).toMatchObject({ fifos: [], ended: { runDirectories: 0 }, ahead: [] });
  expect(traces.temporaryFiles).toEqual(['/s/.probe-1']);
});

test('a look that failed is told, and lists nothing', () => {
  const unseen = found({ kind: 'unknown', because: 'EIO: /s' });
  expect(traceProblems(unseen, tracesOf(unseen, VIEWS))).toEqual([
    'files could not be looked at: EIO: /s',
  ]);
});
