// Owns samples of an ordinary attempt, as the tables of signs change them.
import type { Look } from '../../../src/core/evidence.ts';
import type { ProcessRow } from '../../../src/ports.ts';
import { type AttemptMemory, createMemory } from '../../../src/supervisor/memory.ts';
import { type Sample, sampleSigns } from '../../../src/supervisor/signs.ts';
import { HOUR, NOW, row } from '../core/row.ts';

export const EVERY_MS = 10_000;

export function usingCpu(pid: number, cpuMs: number, startTime = pid * 10): ProcessRow {
  const where = { parent: 1, group: 1, session: 1, zombie: false, mark: null, command: 'node' };
  return { pid, startTime, cpuMs, rssBytes: 0, ...where };
}

export function seen<T>(value: T): Look<T> {
  return { kind: 'seen', value };
}

/** Memory of an attempt that was sampled a moment ago. */
export function memoryAfter(first: Partial<Sample> = {}): AttemptMemory {
  const memory = createMemory().of(row({}).live, NOW - HOUR);
  memory.sampledAt = NOW - EVERY_MS;
  sampleSigns(memory, sample({ now: NOW, ...first }));
  return memory;
}

export function sample(differs: Partial<Sample>): Sample {
  return {
    rows: seen([usingCpu(70, 1_000)]),
    outputBytes: seen(100),
    files: { kind: 'absent' },
    filesNamed: ['*.log'],
    operations: seen([]),
    tools: [],
    children: [],
    unseenChild: null,
    asksIo: false,
    heldCpuMs: 5_000,
    ioBytesOf: () => null,
    cpuShareMin: 0.01,
    now: NOW + EVERY_MS,
    everyMs: EVERY_MS,
    stallMs: 60_000,
    ...differs,
  };
}

/** The details of the signs that a second sample finds. */
export function found(differs: Partial<Sample>, memory = memoryAfter()): readonly string[] {
  const before = memory.signs;
  sampleSigns(memory, sample(differs));
  return memory.signs.filter((sign) => !before.includes(sign)).map(({ detail }) => detail);
}
