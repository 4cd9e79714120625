// Owns the watching of attempts: a hint that the record of one may have changed, nothing more.
import { type FSWatcher, watch } from 'node:fs';

export interface RunWatch {
  /** Calls `wake` when `record` changes. Of a shim whose end we are told, only that is news. */
  watch(record: string, wake: () => void): void;
  unwatch(record: string): void;
  /** A shim of ours writes `record`: its end is told by the kernel, and nothing is watched until then. */
  ownShim(record: string): void;
  /** It has ended. One that was killed may leave an agent, whose end the kernel does not tell us. */
  ownShimEnded(record: string, how: 'ended' | 'died'): void;
}

/**
 * Only the record itself is watched, so that a chatty agent wakes nobody. Errors (no more inotify watches, no record yet)
 * are silent: the supervisor also looks by itself.
 */
export function createRunWatch(): RunWatch {
  const own = new Set<string>();
  const wanted = new Map<string, { wake: () => void; watcher: FSWatcher | null }>();

  function attach(record: string): void {
    const entry = wanted.get(record);
    if (entry === undefined || entry.watcher !== null || own.has(record)) return;
    try {
      // Not persistent: a watch must not keep a process alive that has nothing else to do.
      const watcher = watch(record, { persistent: false }, () => entry.wake());
      entry.watcher = watcher;
      watcher.on('error', () => {
        watcher.close();
        if (entry.watcher === watcher) entry.watcher = null;
      });
    } catch {
      entry.watcher = null;
    }
  }

  return {
    watch(record, wake) {
      const entry = wanted.get(record);
      if (entry === undefined) wanted.set(record, { wake, watcher: null });
      else entry.wake = wake;
      attach(record);
    },
    unwatch(record) {
      wanted.get(record)?.watcher?.close();
      wanted.delete(record);
      own.delete(record);
    },
    ownShim(record) {
      own.add(record);
    },
    ownShimEnded(record, how) {
      own.delete(record);
      if (how === 'died') attach(record);
    },
  };
}
