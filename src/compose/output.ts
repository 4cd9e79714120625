// Owns what faces read of an attempt's run directory: its output, and the operations that it is in.
import { statSync } from 'node:fs';
import type { Millis } from '../core/dispatch.ts';
import type { Look } from '../core/evidence.ts';
import { type Operation, readAgain } from '../core/operation.ts';
import { createClock } from '../host/clock.ts';
import type { HostProcessTable } from '../host/host-process-table.ts';
import { type HolderLook, readOperations } from '../host/operation-files.ts';
import { createProcessTable } from '../host/process-table.ts';
import { lastLine, readOutput } from '../host/read-output.ts';
import { runDirPath } from '../host/run-dir.ts';
import { outputPath } from '../host/run-look.ts';
import type { AttemptKey } from '../ports.ts';

type StreamName = 'stdout' | 'stderr';

export interface Output {
  /**
   * @param from offset in bytes
   * @returns at most 64 KiB and the offset after them; no bytes where nothing more is there yet. A part that was dropped
   *   is skipped, its marker line stands in its place
   */
  read(
    key: AttemptKey,
    stream: StreamName,
    from: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly next: number }>;
  /** The last line that is not empty, of whichever stream was written last; null: nothing was written, or unreadable. */
  lastLine(
    key: AttemptKey,
  ): { readonly text: string; readonly at: Millis; readonly bytes: number } | null;
  /** False where the run directory was removed, which `drover clean` does, or was never made. */
  isThere(key: AttemptKey): boolean;
  /** Operation leases as their holders left them. */
  operations(key: AttemptKey): Look<readonly Operation[]>;
}

const PIECE_BYTES = 65_536;

export function createOutput(runsDir: string): Output {
  const pathOf = (key: AttemptKey, stream: StreamName) =>
    outputPath(runDirPath(runsDir, key), stream);
  return {
    async read(key, stream, from) {
      const { bytes, next } = readOutput(pathOf(key, stream), { from, bytesMax: PIECE_BYTES });
      return { bytes, next };
    },
    lastLine(key) {
      const streams = (['stdout', 'stderr'] as const)
        .flatMap((stream) => measure(pathOf(key, stream)))
        .filter(({ bytes }) => bytes > 0)
        .toSorted((a, b) => b.at - a.at);
      const bytes = streams.reduce((sum, stream) => sum + stream.bytes, 0);
      for (const { path, at } of streams) {
        const text = lastLine(path);
        if (text !== null) return { text, at, bytes };
      }
      return null;
    },
    isThere: (key) => statSync(runDirPath(runsDir, key), { throwIfNoEntry: false }) !== undefined,
    operations: (key) => {
      const holders = holderLook();
      const read = readOperations(runDirPath(runsDir, key), holders);
      if (read.kind !== 'seen') return read;
      const now = holders.clock.now();
      return { kind: 'seen', value: read.value.map((one) => readAgain(null, one, now).known) };
    },
  };
}

/** The process table is opened for leases that name their holder, and only for those. */
function holderLook(): HolderLook {
  let table: HostProcessTable | null = null;
  return {
    sight: (holder) => (table ??= createProcessTable()).sight(holder),
    clock: createClock(),
  };
}

function measure(path: string): { path: string; at: Millis; bytes: number }[] {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? [] : [{ path, at: Math.round(stat.mtimeMs), bytes: stat.size }];
  } catch {
    return [];
  }
}
