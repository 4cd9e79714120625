// Owns the bell: how a client hints to the supervisor that the ledger has news. Never more than a hint.
import { type FSWatcher, mkdirSync, renameSync, statSync, watch, writeFileSync } from 'node:fs';

/** A file that is renamed into place: the one event that inotify, kqueue and FSEvents all report for a directory. */
const RUNG = 'rung';
/** Where watching is not possible (no inotify watches left), and in case the whole directory was replaced. */
const LOOK_EVERY_MS = 1_000;

/**
 * Rings the bell at `path`, a directory of its own, so that the ledger's writes next to it wake nobody. Never blocks,
 * never fails: who listens also looks by itself.
 */
export function ring(path: string): void {
  const clapper = `${path}/ring.${process.pid}`;
  try {
    writeFileSync(clapper, '', { mode: 0o600 });
  } catch {
    try {
      mkdirSync(path, { mode: 0o700 });
      writeFileSync(clapper, '', { mode: 0o600 });
    } catch {
      return;
    }
  }
  try {
    renameSync(clapper, `${path}/${RUNG}`);
  } catch {
    // The directory went away in between, and with it whoever would have heard.
  }
}

/**
 * Calls `onRing` soon after each ring (several rings close together may be one call). Goes on when the file or the
 * directory is removed. Does not keep the process alive.
 */
export function listen(path: string, onRing: () => void): { close(): void } {
  let watcher: FSWatcher | null = null;
  let watched = 0;
  let heard = lastRing(path);

  function arm(): void {
    disarm();
    try {
      if (inode(path) === 0) mkdirSync(path, { mode: 0o700 });
      const fresh = watch(path, { persistent: false }, (_, name) => {
        if (name === RUNG || name === null) tell();
      });
      fresh.on('error', disarm);
      watcher = fresh;
      watched = inode(path);
    } catch {
      disarm();
    }
  }

  function disarm(): void {
    watcher?.close();
    watcher = null;
  }

  function tell(): void {
    heard = lastRing(path);
    onRing();
  }

  function lookAgain(): void {
    if (watcher === null || inode(path) !== watched) arm();
    if (lastRing(path) !== heard) tell();
  }

  arm();
  const timer = setInterval(lookAgain, LOOK_EVERY_MS);
  timer.unref();
  return {
    close() {
      clearInterval(timer);
      disarm();
    },
  };
}

/** Each ring is another file: its inode and time tell it from the one before. null: not rung since it was removed. */
function lastRing(path: string): string | null {
  try {
    const stat = statSync(`${path}/${RUNG}`, { throwIfNoEntry: false, bigint: true });
    return stat === undefined ? null : `${stat.ino}@${stat.ctimeNs}`;
  } catch {
    return null;
  }
}

function inode(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
  } catch {
    return 0;
  }
}
