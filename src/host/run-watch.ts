// Owns the watching of attempts: a hint that the record of one may have changed or its output grown, nothing more.
import { type FSWatcher, watch } from 'node:fs';

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
  /** by path */
  readonly output: Map<string, Watched>;
}

/**
 * Each file is watched by itself. Errors (no more inotify watches, no file yet) are silent: the supervisor also looks by
 * itself, and a file that was not there is tried again with the next news of its attempt.
 */
export function createRunWatch(): RunWatch {
  const own = new Set<string>();
  const attempts = new Map<string, Attempt>();

  function attachRecord(record: string): void {
    const attempt = attempts.get(record);
    if (attempt !== undefined && !own.has(record)) attach(record, attempt.record);
  }

  function attachOutput(record: string): void {
    for (const [path, watched] of attempts.get(record)?.output ?? []) attach(path, watched);
  }

  return {
    watch(record, wake, { paths, wrote }) {
      const tell = () => {
        attachOutput(record);
        wake();
      };
      const attempt = attempts.get(record) ?? { record: idle(tell), output: new Map() };
      attempts.set(record, attempt);
      attempt.record.tell = tell;
      for (const path of paths) {
        const watched = attempt.output.get(path) ?? idle(tell);
        if (wrote === null) {
          watched.watcher?.close();
          attempt.output.delete(path);
        } else {
          watched.tell = wrote;
          attempt.output.set(path, watched);
        }
      }
      attachRecord(record);
      attachOutput(record);
    },
    unwatch(record) {
      const attempt = attempts.get(record);
      attempt?.record.watcher?.close();
      for (const { watcher } of attempt?.output.values() ?? []) watcher?.close();
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
  if (watched.watcher !== null) return;
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
