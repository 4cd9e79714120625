// Owns the tables of the signs that are no growth of output or CPU time: named files, I/O, child dispatches, and what
// is done for us and so is no sign (I5).
import { describe, expect, test } from 'vitest';
import type { Look } from '../../../src/core/evidence.ts';
import type { EvidenceFile } from '../../../src/ports.ts';
import { type AttemptMemory, createMemory } from '../../../src/supervisor/memory.ts';
import { type Sample, sampleSigns } from '../../../src/supervisor/signs.ts';
import { HOUR, MINUTE, NOW, row } from '../core/row.ts';
import { process } from './scene.ts';

const EVERY_MS = 10_000;

function seen<T>(value: T): Look<T> {
  return { kind: 'seen', value };
}

function files(sizes: Readonly<Record<string, readonly [bytes: number, modifiedAgoMs: number]>>) {
  const entries = Object.entries(sizes).map(([path, [bytes, agoMs]]) => {
    const file: EvidenceFile = { bytes, modifiedMs: NOW - agoMs };
    return [path, file] as const;
  });
  return seen(new Map(entries));
}

function sample(differs: Partial<Sample>): Sample {
  return {
    rows: seen([process(70)]),
    outputBytes: seen(100),
    files: files({ 'a.log': [50, HOUR] }),
    operations: seen([]),
    helper: 'm.helper',
    children: [],
    ioBytesOf: () => 1_000,
    cpuShareMin: 0.01,
    now: NOW + EVERY_MS,
    everyMs: EVERY_MS,
    ...differs,
  };
}

function sampled(first: Partial<Sample> = {}): AttemptMemory {
  const memory = createMemory().of(row({}).live, NOW - HOUR);
  memory.sampledAt = NOW - EVERY_MS;
  sampleSigns(memory, sample({ now: NOW, ...first }));
  return memory;
}

function found(differs: Partial<Sample>, memory = sampled()): readonly string[] {
  const before = memory.signs;
  sampleSigns(memory, sample(differs));
  return memory.signs.filter((sign) => !before.includes(sign)).map(({ detail }) => detail);
}

describe('a file that the campaign names', () => {
  test.each<[string, Sample['files'], readonly string[]]>([
    ['that is longer', files({ 'a.log': [51, HOUR] }), ['wrote to a.log']],
    ['that was written again in place', files({ 'a.log': [50, 0] }), ['wrote to a.log']],
    ['that is new', files({ 'a.log': [50, HOUR], 'b.log': [1, HOUR] }), ['wrote to b.log']],
    ['that is new and empty', files({ 'a.log': [50, HOUR], 'b.log': [0, 0] }), []],
    ['that is as it was', files({ 'a.log': [50, HOUR] }), []],
    ['that is shorter', files({ 'a.log': [9, HOUR] }), []],
    ['that is gone', files({}), []],
    ['that is one of two', files({ a: [1, 0], b: [1, 0] }), ['wrote to a and 1 more']],
    ['that cannot be looked at', { kind: 'unknown', because: 'EIO' }, []],
  ])('%s', (_, now, signs) => {
    expect(found({ files: now })).toEqual(signs);
  });

  test('I5: is no evidence at the first look, whoever wrote it', () => {
    expect(found({ now: NOW }, createMemory().of(row({}).live, NOW))).toEqual([]);
  });

  test('I4: that cannot be looked at makes the sample blind, and its growth is found later', () => {
    const memory = sampled();
    sampleSigns(memory, sample({ files: { kind: 'unknown', because: 'EIO' } }));
    expect(memory.blind).toBe('EIO');
    const later = { now: NOW + 2 * EVERY_MS, files: files({ 'a.log': [90, HOUR] }) };
    expect(found(later, memory)).toEqual(['wrote to a.log']);
  });
});

describe('what a tree reads and writes', () => {
  const perSecond = (bytes: number) => () => 1_000 + (bytes * EVERY_MS) / 1_000;
  test.each<[string, Partial<Sample>, readonly string[]]>([
    ['from 64 KiB/s on', { ioBytesOf: perSecond(65_536) }, ['read and wrote 640 KiB']],
    ['below it', { ioBytesOf: perSecond(65_535) }, []],
    ['where the system does not tell', { ioBytesOf: () => null }, []],
  ])('counts %s', (_, differs, signs) => {
    expect(found(differs)).toEqual(signs);
  });

  test('is not asked while something else speaks, and begins anew after it', () => {
    const memory = sampled();
    const noisy = { outputBytes: seen(200), ioBytesOf: () => expect.unreachable() };
    expect(found(noisy, memory)).toEqual(['wrote 100 bytes']);
    const quiet = { outputBytes: seen(200), ioBytesOf: () => 9_999_999_999 };
    expect(found({ ...quiet, now: NOW + 2 * EVERY_MS }, memory)).toEqual([]);
  });
});

describe('a child dispatch that works', () => {
  const child = (agoMs: number, name = 'sub/x') => ({
    name,
    at: NOW + EVERY_MS - agoMs,
    detail: 'wrote 9 bytes',
  });

  test('is a sign, dated by its own evidence', () => {
    const memory = sampled();
    expect(found({ children: [child(MINUTE / 2), child(MINUTE / 4, 'sub/y')] }, memory)).toEqual([
      'waits for child dispatch sub/y: wrote 9 bytes',
    ]);
    expect(memory.signs[0]).toMatchObject({ kind: 'child', at: NOW + EVERY_MS - MINUTE / 4 });
  });

  test('that has done nothing since the last look is no news', () => {
    const memory = sampled();
    sampleSigns(memory, sample({ children: [child(0)] }));
    const later = { now: NOW + 2 * EVERY_MS, children: [child(0)] };
    expect(found(later, memory)).toEqual([]);
  });
});

describe('I5: what done_when does for us', () => {
  test('is no sign of work', () => {
    const busy = (mark: string) => seen([process(70), process(90, { mark, cpuMs: 5_000 })]);
    expect(found({ rows: busy('m.helper') })).toEqual([]);
    expect(found({ rows: busy('m') })).toEqual(['used 5000 ms of CPU (50 % of a core)']);
  });
});

describe('the result of an agent that lives', () => {
  const withResult = (result: AttemptMemory['result']) =>
    Object.assign(sampled(), { result, resultAt: NOW, resultAskedAt: NOW });

  test.each(['there', 'missing'] as const)('%s: is forgotten with the next sign', (result) => {
    const memory = withResult(result);
    sampleSigns(memory, sample({}));
    expect(memory.result).toBe(result);
    sampleSigns(memory, sample({ outputBytes: seen(101), now: NOW + 2 * EVERY_MS }));
    expect([memory.result, memory.resultAt]).toEqual(['unasked', null]);
  });

  test('is not forgotten for a sign from before it was asked', () => {
    const memory = withResult('there');
    const child = { name: 'sub/x', at: NOW - 1, detail: 'wrote 9 bytes' };
    sampleSigns(memory, sample({ children: [child] }));
    expect(memory.result).toBe('there');
  });

  test('an answer that is on its way still counts', () => {
    const memory = withResult('asking');
    sampleSigns(memory, sample({ outputBytes: seen(101) }));
    expect(memory.result).toBe('asking');
  });
});

test('signs of one kind that come without a break are one stretch of work', () => {
  const memory = sampled();
  const look = (minutes: number, bytes: number) =>
    sampleSigns(memory, sample({ now: NOW + minutes * MINUTE, outputBytes: seen(bytes) }));
  look(1, 101);
  look(1.9, 102);
  expect(memory.signs[0]?.since).toBe(NOW + MINUTE);
  look(2.9, 103);
  expect(memory.signs[0]?.since).toBe(NOW + 2.9 * MINUTE);
});
