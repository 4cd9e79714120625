// Owns what becomes a sign of work: growth between two samples, of output, of named files, of the tree's CPU time and
// I/O; and what says that it is going on now, operation leases and child dispatches. A first sample is no evidence; a
// look that failed is none in either direction (I4, I5).
import type { Millis } from '../core/dispatch.ts';
import { FILE_CLOCK_TICK_MS, type Look } from '../core/evidence.ts';
import { processKey } from '../core/identity.ts';
import { describeOperation, isValid, type ReadOperation, readAgain } from '../core/operation.ts';
import type { OpenTool } from '../core/stream.ts';
import { formatDuration } from '../core/duration.ts';
import { type FoundSign, newestSign, withSign } from '../core/sign.ts';
import type { EvidenceFiles, ProcessRow } from '../ports.ts';
import type { AttemptMemory } from './memory.ts';

/** Two ticks of the kernel's CPU accounting (10 ms each): a single one may be rounding. */
const CPU_MS_MIN = 20;
/** Less is what a log costs (docs/decisions/0012-disk-io.md). */
const IO_BYTES_PER_S_MIN = 64 * 1024;

/** Nobody watched while this many samples in a row were missing, and this long; or a window of silence, if shorter. */
const MISSED_SAMPLES_MIN = 3;
const UNWATCHED_MS_MIN = 5_000;
/** A sample after so many was late: another one should have come in between. */
const LATE_SAMPLES = 2;

/** A dispatch that this attempt added and that is working. */
export interface WorkingChild {
  readonly name: string;
  /** of its newest sign, whenever that was */
  readonly at: Millis;
  readonly detail: string;
}

/** What one sample looks at; unknown where it could not be read. */
export interface Sample {
  /** the tree's processes, without those that work for us (I5) */
  readonly rows: Look<readonly ProcessRow[]>;
  /** CPU time by the books of what holds the tree; null: there are none */
  readonly heldCpuMs: number | null;
  readonly outputBytes: Look<number>;
  /** by path; absent: it names none */
  readonly files: Look<EvidenceFiles>;
  /** the patterns of these files */
  readonly filesNamed: readonly string[];
  readonly operations: Look<readonly ReadOperation[]>;
  /** that its stream says are open */
  readonly tools: readonly OpenTool[];
  readonly children: readonly WorkingChild[];
  /** why one of its children that run cannot be told to work or not; null: there is none such */
  readonly unseenChild: string | null;
  /** bytes read and written so far by a process and its waited-for children; null: it cannot be told */
  readonly ioBytesOf: (row: ProcessRow) => number | null;
  /** its I/O is asked for at each look: somebody is judged by it who may look once only */
  readonly asksIo: boolean;
  /** a tree that uses less than this share of one core is idling */
  readonly cpuShareMin: number;
  readonly now: Millis;
  /** the distance of samples on the grid */
  readonly everyMs: number;
  /** for how long it may be silent */
  readonly stallMs: number;
}

/**
 * Remembers the sample, and whether it was blind: until the next one is whole, silence proves nothing.
 *
 * After a gap (the table could not be read, the ledger was gone, we were stopped) growth of CPU time is spread too thin to
 * show a burst of work. So the gap is a break in the watch: silence is counted from its end (I7).
 */
export function sampleSigns(memory: AttemptMemory, sample: Sample): void {
  const { rows, now } = sample;
  const elapsedMs = Math.max(1, now - memory.sampledAt);
  const found = [sampleOutput(memory, sample), sampleFiles(memory, sample)];
  if (rows.kind === 'seen') {
    if (memory.cpuMs === null) memory.watchedSince = now;
    const cpu = sampleCpu(memory, rows.value, sample);
    const known = cpu !== null || found.some((sign) => sign !== null);
    const io = known && !sample.asksIo ? null : rows.value;
    found.push(cpu, sampleIo(memory, io, elapsedMs, sample));
    if (elapsedMs >= breakMs(sample)) memory.watchedSince = now;
    memory.sampledAt = now;
  }
  found.push(workingChild(sample), openTool(sample), openOperation(memory, sample));
  for (const sign of found) if (sign !== null) memory.signs = withSign(memory.signs, sign);
  memory.blind = whyBlind(sample);
  if (found.some((sign) => sign !== null && sign.at > memory.resultAskedAt)) forgetResult(memory);
}

function breakMs({ everyMs, stallMs }: Sample): number {
  return Math.max(MISSED_SAMPLES_MIN * everyMs, Math.min(stallMs, UNWATCHED_MS_MIN));
}

/**
 * It works again: what it had when it was silent is not its last word. An answer that is on its way will be too old. What it
 * has said itself holds for as long as it says nothing else (streams.ts).
 */
function forgetResult(memory: AttemptMemory): void {
  if (memory.result === 'asking' || memory.resultIsSaid) return;
  memory.result = 'unasked';
  memory.resultAt = null;
}

/**
 * A watcher of output alone would have called it stalled by now. Said once for each silence, so that a report can count
 * how often that would have been wrong.
 *
 * @returns for how long it has been silent, and what spared it; null: there is nothing to say
 */
export function sparedStall(
  memory: AttemptMemory,
  stallMs: number,
  now: Millis,
): { readonly silentMs: number; readonly by: string } | null {
  const { outputAt, signs } = memory;
  const silentMs = now - outputAt;
  if (silentMs < stallMs || memory.sparedFor === outputAt) return null;
  const newest = newestSign(signs);
  if (newest === null || newest.kind === 'output' || now - newest.at >= stallMs) return null;
  memory.sparedFor = outputAt;
  return { silentMs, by: newest.detail };
}

/** null: everything could be looked at. */
function whyBlind({ rows, outputBytes, operations, files, unseenChild }: Sample): string | null {
  for (const look of [outputBytes, rows, operations, files]) {
    if (look.kind === 'unknown') return look.because;
  }
  return rows.kind === 'absent' ? 'the process table was empty' : unseenChild;
}

/** A first sample shows no growth: the watch begins with it. */
function sampleOutput(memory: AttemptMemory, { outputBytes, now }: Sample): FoundSign | null {
  if (outputBytes.kind !== 'seen') return null;
  const before = memory.outputBytes;
  memory.outputBytes = outputBytes.value;
  if (before === null) memory.watchedSince = now;
  if (before === null || outputBytes.value <= before) return null;
  memory.outputAt = now;
  return { kind: 'output', at: now, detail: `wrote ${outputBytes.value - before} bytes` };
}

/**
 * A file has grown where it is new, longer, or written again in place. A file that was there at the first sample may be
 * somebody else's: it counts from the second on, and the watch begins with the first.
 *
 * What was last written while `done_when` was being asked may be its work, and so ours: as a sign it would be the reason
 * for the next question, for ever (I5). It may be the agent's as well: silence is counted from the answer (I4). That
 * happens once for each question, and so once for each silence.
 */
function sampleFiles(memory: AttemptMemory, { files, filesNamed, now }: Sample): FoundSign | null {
  if (files.kind !== 'seen') return null;
  const before = memory.files;
  const isNamedAnew = before !== null && filesNamed.join('\n') !== memory.filesNamed.join('\n');
  memory.files = files.value;
  memory.filesNamed = filesNamed;
  if (before === null) {
    memory.watchedSince = now;
    return null;
  }
  const changed = [...files.value].filter(([path, { bytes, modifiedMs }]) => {
    const known = before.get(path);
    // What other patterns find may have been there before.
    if (known === undefined) return bytes > 0 && !isNamedAnew;
    return bytes > known.bytes || (bytes > 0 && modifiedMs > known.modifiedMs);
  });
  const grown = changed.filter(([, { modifiedMs }]) => !isOfQuestion(memory, modifiedMs));
  const [first] = grown;
  if (first === undefined) {
    if (changed.length > 0)
      memory.watchedSince = Math.max(memory.watchedSince, endOfQuestion(memory, now));
    return null;
  }
  const others = grown.length === 1 ? '' : ` and ${grown.length - 1} more`;
  return { kind: 'file', at: now, detail: `wrote to ${first[0]}${others}` };
}

function isOfQuestion(memory: AttemptMemory, modifiedMs: Millis): boolean {
  const isAfter = modifiedMs >= memory.resultAskedAt - FILE_CLOCK_TICK_MS;
  return isAfter && modifiedMs <= endOfQuestion(memory, Number.POSITIVE_INFINITY);
}

/** @param open where the answer is on its way */
function endOfQuestion({ resultAskedAt, resultAnsweredAt }: AttemptMemory, open: Millis): Millis {
  return resultAnsweredAt < resultAskedAt ? open : resultAnsweredAt;
}

/** Dated by the child's own evidence: whoever waits for it is no busier than it is. */
function workingChild({ children }: Sample): FoundSign | null {
  const [newest] = children.toSorted((a, b) => b.at - a.at);
  if (newest === undefined) return null;
  const detail = `waits for child dispatch ${newest.name}: ${newest.detail}`;
  return { kind: 'child', at: newest.at, detail };
}

/** The one that was started last, for as long as it may take. */
function openTool({ tools, now }: Sample): FoundSign | null {
  const tool = tools.findLast(({ expiresAt }) => expiresAt > now);
  if (tool === undefined) return null;
  const { name, detail, startedAt } = tool;
  const what = detail === '' ? name : `${name}: ${detail}`;
  return { kind: 'tool', at: now, detail: `in ${what}, ${formatDuration(now - startedAt)}` };
}

/** The valid one that may last longest: it is seen at each look for as long as its holder says so. */
function openOperation(memory: AttemptMemory, { operations, now }: Sample): FoundSign | null {
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

/**
 * Growth per process identity, so that a process that ends takes nothing away from what the others did; or that in the
 * books of what holds them all, which also have who came and went since and was waited for by nobody. Samples that are
 * too close to tell the least share from rounding are taken together.
 */
function sampleCpu(
  memory: AttemptMemory,
  rows: readonly ProcessRow[],
  { cpuShareMin, heldCpuMs, now }: Sample,
): FoundSign | null {
  // The first look into those books shows no growth, and is where growth begins.
  memory.heldCpuMs ??= heldCpuMs;
  const { cpuMs: before, heldCpuMs: heldBefore } = memory;
  const cpuMs = new Map(rows.map((row) => [processKey(row), row.cpuMs]));
  const elapsedMs = Math.max(1, now - memory.cpuSampledAt);
  const heldMs = heldCpuMs === null || heldBefore === null ? 0 : heldCpuMs - heldBefore;
  const usedMs = before === null ? 0 : Math.max(growth(before, cpuMs), heldMs);
  if (before !== null && usedMs < CPU_MS_MIN && elapsedMs < CPU_MS_MIN / cpuShareMin) return null;
  memory.cpuMs = cpuMs;
  memory.heldCpuMs = heldCpuMs;
  memory.cpuSampledAt = now;
  if (before === null) return null;
  if (usedMs < CPU_MS_MIN || usedMs / elapsedMs < cpuShareMin) return null;
  const share = Math.round((usedMs / elapsedMs) * 100);
  return { kind: 'cpu', at: now, detail: `used ${usedMs} ms of CPU (${share} % of a core)` };
}

/**
 * Costs a file for each process, so it is asked only where nothing else speaks (null: something does), and then the
 * next time begins anew: of the looks in a window of its own there is another one for that, unless they come late; then the
 * window begins with this one. Whoever waits for it may have a shorter window.
 */
function sampleIo(
  memory: AttemptMemory,
  rows: readonly ProcessRow[] | null,
  elapsedMs: number,
  { ioBytesOf, now, everyMs }: Sample,
): FoundSign | null {
  const before = memory.ioBytes;
  memory.ioBytes = null;
  if (rows === null) return null;
  // Who cannot be asked this time has what he had: the next time finds all of it.
  const ioBytes = new Map(
    rows.map((row) => {
      const key = processKey(row);
      return [key, ioBytesOf(row) ?? before?.get(key) ?? null] as const;
    }),
  );
  memory.ioBytes = ioBytes;
  if (before === null) {
    if (elapsedMs >= LATE_SAMPLES * everyMs) memory.watchedSince = now;
    return null;
  }
  const bytes = growth(before, ioBytes);
  if ((bytes * 1_000) / elapsedMs < IO_BYTES_PER_S_MIN) return null;
  return { kind: 'io', at: now, detail: `read and wrote ${Math.round(bytes / 1024)} KiB of disk` };
}

/** Whoever was not there has grown from zero; of whom it could not be told (null), nothing is known. */
function growth(
  before: ReadonlyMap<string, number | null>,
  now: ReadonlyMap<string, number | null>,
): number {
  let sum = 0;
  for (const [key, value] of now) {
    const known = before.get(key);
    if (value !== null && known !== null) sum += Math.max(0, value - (known ?? 0));
  }
  return sum;
}
