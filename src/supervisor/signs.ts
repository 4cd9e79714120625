// Owns what becomes a sign of work: growth of output and CPU time of the whole tree between two samples, and operation
// leases that are valid now. A first sample is no evidence; a look that failed is none in either direction (I4, I5).
import type { Millis } from '../core/dispatch.ts';
import type { Look, Sign } from '../core/evidence.ts';
import { processKey } from '../core/identity.ts';
import { describeOperation, isValid, type Operation, readAgain } from '../core/operation.ts';
import type { ProcessRow } from '../ports.ts';
import type { AttemptMemory } from './memory.ts';

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
  readonly operations: Look<readonly Operation[]>;
  readonly now: Millis;
  /** the distance of samples on the grid */
  readonly everyMs: number;
  /** a tree that uses less than this share of one core is idling (docs/decisions/0010-cpu-threshold.md) */
  readonly cpuShareMin: number;
}

/**
 * Remembers the sample, and whether it was blind: until the next one is whole, silence proves nothing.
 *
 * After a gap (the table could not be read, the ledger was gone, we were stopped) growth of CPU time is spread too thin to
 * show a burst of work. So the gap is a break in the watch: silence is counted from its end (I7).
 */
export function sampleSigns(
  memory: AttemptMemory,
  { rows, outputBytes, operations, now, everyMs, cpuShareMin }: Sample,
): readonly Sign[] {
  const elapsedMs = Math.max(1, now - memory.sampledAt);
  const found = [sampleOutput(memory, outputBytes, now)];
  if (rows.kind === 'seen') {
    if (memory.cpuMs === null) memory.watchedSince = now;
    found.push(sampleCpu(memory, rows.value, { elapsedMs, cpuShareMin, now }));
    if (elapsedMs >= Math.max(UNWATCHED_MS_MIN, MISSED_SAMPLES_MIN * everyMs)) {
      memory.watchedSince = now;
    }
    memory.sampledAt = now;
  }
  // Last, for it says best what the agent is doing.
  found.push(openOperation(memory, operations, now));
  const signs = found.filter((sign) => sign !== null);
  memory.lastSign = signs.at(-1) ?? memory.lastSign;
  memory.blind = whyBlind({ rows, outputBytes, operations });
  return signs;
}

/**
 * A watcher of output alone would have called it stalled by now. Said once for each silence, so that a report can count
 * how often that would have been wrong.
 *
 * @returns for how long it has been silent; null: there is nothing to say
 */
export function sparedStall(memory: AttemptMemory, stallMs: number, now: Millis): number | null {
  const { lastSign, outputAt } = memory;
  const silentMs = now - outputAt;
  if (silentMs < stallMs || memory.sparedFor === outputAt) return null;
  if (lastSign === null || lastSign.kind === 'output' || now - lastSign.at >= stallMs) return null;
  memory.sparedFor = outputAt;
  return silentMs;
}

/** null: everything could be looked at. */
function whyBlind({
  rows,
  outputBytes,
  operations,
}: Pick<Sample, 'rows' | 'outputBytes' | 'operations'>): string | null {
  for (const look of [outputBytes, rows, operations]) {
    if (look.kind === 'unknown') return look.because;
  }
  return rows.kind === 'absent' ? 'the process table was empty' : null;
}

/** A first sample shows no growth: the watch begins with it. */
function sampleOutput(memory: AttemptMemory, outputBytes: Look<number>, now: Millis): Sign | null {
  if (outputBytes.kind !== 'seen') return null;
  const before = memory.outputBytes;
  memory.outputBytes = outputBytes.value;
  if (before === null) memory.watchedSince = now;
  if (before === null || outputBytes.value <= before) return null;
  memory.outputAt = now;
  return { kind: 'output', at: now, detail: `wrote ${outputBytes.value - before} bytes` };
}

/** The valid one that may last longest: it is seen at each look for as long as its holder says so. */
function openOperation(
  memory: AttemptMemory,
  operations: Look<readonly Operation[]>,
  now: Millis,
): Sign | null {
  if (operations.kind === 'unknown') return null;
  const read = operations.kind === 'seen' ? operations.value : [];
  memory.operations = new Map(
    read.map((one) => [one.id, readAgain(memory.operations.get(one.id) ?? null, one, now)]),
  );
  const [longest] = [...memory.operations.values()]
    .map(({ known }) => known)
    .filter((operation) => isValid(operation, now))
    .toSorted((a, b) => b.notAfter - a.notAfter);
  if (longest === undefined) return null;
  return { kind: 'operation', at: now, detail: describeOperation(longest, now) };
}

/** Growth per process identity, so that a process that ends takes nothing away from what the others did. */
function sampleCpu(
  memory: AttemptMemory,
  rows: readonly ProcessRow[],
  { elapsedMs, cpuShareMin, now }: { elapsedMs: number; cpuShareMin: number; now: Millis },
): Sign | null {
  const before = memory.cpuMs;
  const cpuMs = new Map(rows.map((row) => [processKey(row), row.cpuMs]));
  memory.cpuMs = cpuMs;
  if (before === null) return null;
  let usedMs = 0;
  for (const [key, value] of cpuMs) usedMs += Math.max(0, value - (before.get(key) ?? 0));
  if (usedMs < CPU_MS_MIN || usedMs / elapsedMs < cpuShareMin) return null;
  const share = Math.round((usedMs / elapsedMs) * 100);
  return { kind: 'cpu', at: now, detail: `used ${usedMs} ms of CPU (${share} % of a core)` };
}
