// Owns how two samples become a sign of work: growth of output, and CPU time of the whole tree. A first sample is no
// evidence; a look that failed is none in either direction (I4, I5).
import type { Millis } from '../core/dispatch.ts';
import type { Look, Sign } from '../core/evidence.ts';
import { processKey } from '../core/identity.ts';
import type { ProcessRow } from '../ports.ts';
import type { AttemptMemory } from './memory.ts';

/** A tree that uses less than this share of one core is idling: timers and heartbeats of an idle Node stay below it. */
const CPU_SHARE_MIN = 0.01;
/** Two ticks of the kernel's CPU accounting (10 ms each): a single one may be rounding. */
const CPU_MS_MIN = 20;

/** Nobody watched while this many samples in a row were missing, and no less than this long. */
const MISSED_SAMPLES_MIN = 3;
const UNWATCHED_MS_MIN = 5_000;

/** What one sample looks at; unknown where it could not be read. */
export interface Sample {
  /** the tree's processes */
  readonly rows: Look<readonly ProcessRow[]>;
  readonly outputBytes: Look<number>;
  readonly now: Millis;
  /** the distance of samples on the grid */
  readonly everyMs: number;
}

/**
 * Remembers the sample, and whether it was blind: until the next one is whole, silence proves nothing.
 *
 * After a gap (the table could not be read, the ledger was gone, we were stopped) growth of CPU time is spread too thin to
 * show a burst of work. So the gap is a break in the watch: silence is counted from its end (I7).
 */
export function sampleSigns(
  memory: AttemptMemory,
  { rows, outputBytes, now, everyMs }: Sample,
): readonly Sign[] {
  const elapsedMs = Math.max(1, now - memory.sampledAt);
  const signs: Sign[] = [];
  let blind: string | null = null;
  if (outputBytes.kind === 'unknown') blind = outputBytes.because;
  if (outputBytes.kind === 'seen') {
    const before = memory.outputBytes;
    // A first sample shows no growth: the watch begins with it.
    if (before === null) memory.watchedSince = now;
    else if (outputBytes.value > before) {
      signs.push({ kind: 'output', at: now, detail: `wrote ${outputBytes.value - before} bytes` });
    }
    memory.outputBytes = outputBytes.value;
  }
  if (rows.kind === 'seen') {
    if (memory.cpuMs === null) memory.watchedSince = now;
    const sign = sampleCpu(memory, rows.value, elapsedMs, now);
    if (sign !== null) signs.push(sign);
    if (elapsedMs >= Math.max(UNWATCHED_MS_MIN, MISSED_SAMPLES_MIN * everyMs)) {
      memory.watchedSince = now;
    }
    memory.sampledAt = now;
  } else {
    blind ??= rows.kind === 'unknown' ? rows.because : 'the process table was empty';
  }
  const newest = signs.at(-1);
  if (newest !== undefined) memory.lastSign = newest;
  memory.blind = blind;
  return signs;
}

/** Growth per process identity, so that a process that ends takes nothing away from what the others did. */
function sampleCpu(
  memory: AttemptMemory,
  rows: readonly ProcessRow[],
  elapsedMs: number,
  now: Millis,
): Sign | null {
  const before = memory.cpuMs;
  const cpuMs = new Map(rows.map((row) => [processKey(row), row.cpuMs]));
  memory.cpuMs = cpuMs;
  if (before === null) return null;
  let usedMs = 0;
  for (const [key, value] of cpuMs) usedMs += Math.max(0, value - (before.get(key) ?? 0));
  if (usedMs < CPU_MS_MIN || usedMs / elapsedMs < CPU_SHARE_MIN) return null;
  const share = Math.round((usedMs / elapsedMs) * 100);
  return { kind: 'cpu', at: now, detail: `used ${usedMs} ms of CPU (${share} % of a core)` };
}
