// Owns who is told that a file has grown. A chatty agent writes hundreds of times a second, and each of its writes would wake
// this process: so whoever has just grown is looked at every so often, all such files together, and is watched again once
// it has been quiet.
import { type FSWatcher, statSync, watch } from 'node:fs';

const LOOK_EVERY_MS = 400;

export interface GrowthWatch {
  /**
   * Calls `grew` when the file at `path` grows, and at once where something is in it already. Nothing where it is watched
   * already, or not there yet.
   */
  watch(path: string, grew: () => void): void;
  unwatch(path: string): void;
}

interface Watched {
  grew: () => void;
  /** null: it has just grown, and is looked at */
  watcher: FSWatcher | null;
  bytes: number;
}

export function createGrowthWatch(): GrowthWatch {
  const files = new Map<string, Watched>();
  const growing = new Set<string>();
  let timer: NodeJS.Timeout | null = null;

  /** Errors (no more inotify watches) are silent: the supervisor also looks by itself. */
  function attach(path: string, file: Watched): void {
    try {
      // Not persistent: a watch must not keep a process alive that has nothing else to do.
      const watcher = watch(path, { persistent: false }, () => tellGrowth(path, file));
      file.watcher = watcher;
      watcher.on('error', () => {
        watcher.close();
        if (file.watcher === watcher) file.watcher = null;
      });
    } catch {
      file.watcher = null;
    }
  }

  /** @returns whether it has grown */
  function tellGrowth(path: string, file: Watched): boolean {
    const bytes = sizeOf(path);
    if (bytes === file.bytes) return false;
    file.watcher?.close();
    file.watcher = null;
    file.bytes = bytes;
    growing.add(path);
    timer ??= setTimeout(lookAtAll, LOOK_EVERY_MS).unref();
    file.grew();
    return true;
  }

  function lookAtAll(): void {
    timer = null;
    const looked = [...growing];
    growing.clear();
    for (const path of looked) {
      const file = files.get(path);
      if (file !== undefined && !tellGrowth(path, file)) watchAgain(path, file);
    }
  }

  /** What is written between the look and the watch is seen by the look after it. */
  function watchAgain(path: string, file: Watched): void {
    attach(path, file);
    tellGrowth(path, file);
  }

  return {
    watch(path, grew) {
      const known = files.get(path);
      if (known !== undefined) {
        known.grew = grew;
        if (known.watcher === null && !growing.has(path)) watchAgain(path, known);
        return;
      }
      if (sizeOf(path) < 0) return;
      // Whoever reads it may have done so before anything was in it.
      const file: Watched = { grew, watcher: null, bytes: 0 };
      files.set(path, file);
      watchAgain(path, file);
    },
    unwatch(path) {
      files.get(path)?.watcher?.close();
      files.delete(path);
      growing.delete(path);
    },
  };
}

/** Negative: it is not there. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return -1;
  }
}
