// Owns the watching of run directories: a hint that a record may have changed, nothing more.
import { type FSWatcher, watch } from 'node:fs';

export interface RunWatch {
  /** Calls `wake` for changes in `dir`. Of a shim that is our own child only its end is news: the kernel tells us. */
  watch(dir: string, wake: () => void): void;
  unwatch(dir: string): void;
  /** A shim of ours runs for `dir`; call the result when it has ended, with whether it did its work to the end. */
  ownShim(dir: string): (wellEnded: boolean) => void;
}

/**
 * Only the run directory itself is watched, not `output/` in it, so that a chatty agent wakes nobody. Errors (no more
 * inotify watches) are silent: the supervisor also looks by itself.
 */
export function createRunWatch(): RunWatch {
  const own = new Set<string>();
  const wanted = new Map<string, { wake: () => void; watcher: FSWatcher | null }>();

  function attach(dir: string): void {
    const entry = wanted.get(dir);
    if (entry === undefined || entry.watcher !== null || own.has(dir)) return;
    try {
      // Not persistent: a watch must not keep a process alive that has nothing else to do.
      const watcher = watch(dir, { persistent: false }, (_, name) => {
        if (isRecord(name)) entry.wake();
      });
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
    watch(dir, wake) {
      const entry = wanted.get(dir);
      if (entry === undefined) wanted.set(dir, { wake, watcher: null });
      else entry.wake = wake;
      attach(dir);
    },
    unwatch(dir) {
      wanted.get(dir)?.watcher?.close();
      wanted.delete(dir);
    },
    ownShim(dir) {
      own.add(dir);
      return (wellEnded) => {
        own.delete(dir);
        wanted.get(dir)?.wake();
        // One that was killed may leave an agent, whose end the kernel does not tell us.
        if (!wellEnded) attach(dir);
      };
    },
  };
}

/** What others write into the directory (deadline.json, goal.log) says nothing new about the attempt. */
function isRecord(name: string | null): boolean {
  return name === null || name === 'exit' || name === 'pid' || name.startsWith('claim.');
}
