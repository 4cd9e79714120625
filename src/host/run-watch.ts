// Owns the watching of attempts: a hint that the record of one may have changed or its output grown, nothing more.
import { type FSWatcher, existsSync, watch } from 'node:fs';
import { createGrowthWatch } from './growth-watch.ts';

export interface OutputWatch {
  readonly paths: readonly string[];
  /** null: nobody wants to know of it, so that a chatty agent wakes nobody */
  readonly wrote: (() => void) | null;
}

export interface RunWatch {
  /** Calls `wake` when `record` changes. Of a shim whose end we are told, only that is news. */
  watch(record: string, wake: () => void, output: OutputWatch): void;
  unwatch(record: string): void;
  /** A shim of ours writes `record`: its end is told by the kernel, and nothing is watched until then. */
  ownShim(record: string): void;
  /** It has ended. One that was killed may leave an agent, whose end the kernel does not tell us. */
  ownShimEnded(record: string, how: 'ended' | 'died'): void;
  /** The shim has made the files of its agent's output. */
  outputIsThere(record: string): void;
}

/** One file, for as long as somebody wants to know of it. */
interface Watched {
  tell: () => void;
  watcher: FSWatcher | null;
}

interface Attempt {
  readonly record: Watched;
  /** whose growth is watched */
  output: ReadonlySet<string>;
  wrote: (() => void) | null;
}

/**
 * Each file is watched by itself. Errors (no more inotify watches, no file yet) are silent: the supervisor also looks by
 * itself, and a file that was not there is tried again with the next news of its attempt.
 */
export function createRunWatch(): RunWatch {
  const own = new Set<string>();
  const attempts = new Map<string, Attempt>();
  const growth = createGrowthWatch();

  function attachRecord(record: string): void {
    const attempt = attempts.get(record);
    if (attempt !== undefined && !own.has(record)) attach(record, attempt.record);
  }

  function attachOutput(record: string): void {
    const attempt = attempts.get(record);
    if (attempt === undefined || attempt.wrote === null) return;
    for (const path of attempt.output) growth.watch(path, attempt.wrote);
  }

  function leaveOutput({ output }: Attempt): void {
    for (const path of output) growth.unwatch(path);
  }

  return {
    watch(record, wake, { paths, wrote }) {
      const tell = () => {
        attachOutput(record);
        wake();
      };
      const output = new Set(paths);
      const attempt = attempts.get(record) ?? { record: idle(tell), output, wrote };
      attempts.set(record, attempt);
      attempt.record.tell = tell;
      if (wrote === null) leaveOutput(attempt);
      Object.assign(attempt, { output, wrote });
      attachRecord(record);
      attachOutput(record);
    },
    unwatch(record) {
      const attempt = attempts.get(record);
      attempt?.record.watcher?.close();
      if (attempt !== undefined) leaveOutput(attempt);
      attempts.delete(record);
      own.delete(record);
    },
    ownShim(record) {
      own.add(record);
    },
    ownShimEnded(record, how) {
      own.delete(record);
      if (how === 'died') attachRecord(record);
    },
    outputIsThere: attachOutput,
  };
}

function idle(tell: () => void): Watched {
  return { tell, watcher: null };
}

function attach(path: string, watched: Watched): void {
  // Where it is not there yet, as at every start, an error would cost ten times as much as this question.
  if (watched.watcher !== null || !existsSync(path)) return;
  try {
    // Not persistent: a watch must not keep a process alive that has nothing else to do.
    const watcher = watch(path, { persistent: false }, () => watched.tell());
    watched.watcher = watcher;
    watcher.on('error', () => {
      watcher.close();
      if (watched.watcher === watcher) watched.watcher = null;
    });
  } catch {
    watched.watcher = null;
  }
}
