// Owns the listing of /proc, and bookmarks of it.
import { readdirSync } from 'node:fs';
import type { Bookmark } from '../ports.ts';
import { ScanFailure } from './proc-environ.ts';
import { describeError } from './system-error.ts';

/** A listing this old still serves as a bookmark; it only makes a few more processes count as young. */
const FRESH_MS = 100;

export interface PidList {
  /** @throws ScanFailure */
  list(): Bookmark;
  /** null where /proc cannot be listed: whoever looks next says so */
  bookmark(): Bookmark | null;
}

/** A listing without `ownPid` is none. */
export function createPidList(ownPid: number): PidList {
  let listed: Bookmark = { pids: new Set(), atMs: Number.NEGATIVE_INFINITY };

  function list(): Bookmark {
    // Taken before the listing: who appears while it is read came after it.
    const atMs = performance.now();
    const pids = listPids();
    if (!pids.has(ownPid)) throw new ScanFailure('/proc does not show ourselves');
    listed = { pids, atMs };
    return listed;
  }

  return {
    list,
    bookmark() {
      if (performance.now() - listed.atMs < FRESH_MS) return listed;
      try {
        return list();
      } catch {
        return null;
      }
    },
  };
}

function listPids(): Set<number> {
  try {
    const pids = new Set<number>();
    for (const name of readdirSync('/proc')) {
      const first = name.charCodeAt(0);
      if (first >= 0x31 && first <= 0x39) pids.add(Number(name));
    }
    return pids;
  } catch (error) {
    throw new ScanFailure(describeError(error, '/proc'));
  }
}
