// Owns what a herd leaves on the disk beside its ledger, as `drover doctor` counts it.
import type { AttemptKey, DispatchId } from '../core/dispatch.ts';
import type { Look } from '../core/evidence.ts';
import {
  fifoOf,
  isUntouched,
  listRunDirs,
  listTemporaryFiles,
  outputBytesOnDisk,
} from '../host/left-files.ts';
import type { StateDirPaths } from '../host/state-dir.ts';
import { describeError } from '../host/system-error.ts';
import { listWorktrees, readWorktree, worktreePath } from '../host/worktree-record.ts';

export interface RunDirTrace extends AttemptKey {
  readonly path: string;
  readonly outputBytes: number;
  /** nothing is in it */
  readonly untouched: boolean;
  /** its life line; null: it has none */
  readonly fifo: string | null;
}

export interface Traces {
  readonly runDirs: readonly RunDirTrace[];
  /** of commands that were killed, and what is left of a run directory whose removal was interrupted */
  readonly temporaryFiles: readonly string[];
  readonly worktrees: readonly WorktreeTrace[];
}

/** A git worktree of a dispatch. */
export interface WorktreeTrace {
  readonly dispatch: DispatchId;
  readonly path: string;
  readonly branch: string;
  readonly repository: string;
}

/** @param isThere whether any process has that pid */
export function lookForTraces(
  { dir, runs, worktrees }: Pick<StateDirPaths, 'dir' | 'runs' | 'worktrees'>,
  isThere: (pid: number) => boolean,
): Look<Traces> {
  try {
    const entries = listRunDirs(runs);
    const runDirs = entries.flatMap(({ path, key, kind }): RunDirTrace[] => {
      if (key === null || kind !== 'directory') return [];
      const outputBytes = outputBytesOnDisk(path);
      return [{ ...key, path, outputBytes, untouched: isUntouched(path), fifo: fifoOf(path) }];
    });
    const interrupted = entries.filter(({ beingRemoved }) => beingRemoved);
    const files = listTemporaryFiles(dir, isThere);
    const temporaryFiles = [...files, ...interrupted].map(({ path }) => path);
    return { kind: 'seen', value: { runDirs, temporaryFiles, worktrees: worktreesIn(worktrees) } };
  } catch (error) {
    return { kind: 'unknown', because: describeError(error, dir) };
  }
}

function worktreesIn(dir: string): readonly WorktreeTrace[] {
  return listWorktrees(dir).flatMap((dispatch) => {
    const record = readWorktree(dir, dispatch);
    if (record === null) return [];
    const { branch, repository } = record;
    return [{ dispatch, path: worktreePath(dir, dispatch), branch, repository }];
  });
}
