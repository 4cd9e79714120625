// Owns the tables of the signs that are no growth of output or CPU time: named files, I/O, child dispatches, and what
// is done for us and so is no sign (I5).
import { describe, expect, test } from 'vitest';
import type { EvidenceFile } from '../../../src/ports.ts';
import { type AttemptMemory, createMemory } from '../../../src/supervisor/memory.ts';
import { type Sample, sampleSigns } from '../../../src/supervisor/signs.ts';
import { HOUR, MINUTE, NOW, row } from '../core/row.ts';
import { EVERY_MS, found as foundIn, memoryAfter, sample, seen, usingCpu } from './sampled.ts';

function files(sizes: Readonly<Record<string, readonly [bytes: number, modifiedAgoMs: number]>>) {
  const entries = Object.entries(sizes).map(([path, [bytes, agoMs]]) => {
    const file: EvidenceFile = { bytes, modifiedMs: NOW - agoMs };
    return [path, file] as const;
  });
  return seen(new Map(entries));
}

/** One that reads and writes, and names a file. */
const naming = (differs: Partial<Sample> = {}) =>
  sample({ files: files({ 'a.log': [50, HOUR] }), ioBytesOf: () => 1_000, ...differs });

function sampled(): AttemptMemory {
  return memoryAfter(naming({ now: NOW }));
}

function found(differs: Partial<Sample>, memory = sampled()): readonly string[] {
  return foundIn(naming(differs), memory);
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

  test('I5: is no evidence where other patterns find it for the first time; of those known before, growth is', () => {
    const memory = sampled();
    const other = { filesNamed: ['*'], files: files({ 'a.log': [50, HOUR], 'b.txt': [9, HOUR] }) };
    expect(found(other, memory)).toEqual([]);
    const grown = { ...other, files: files({ 'a.log': [50, HOUR], 'b.txt': [10, HOUR] }) };
    expect(found({ ...grown, now: NOW + 2 * EVERY_MS }, memory)).toEqual(['wrote to b.txt']);
    const both = files({ 'a.log': [51, HOUR], 'b.txt': [9, HOUR] });
    expect(found({ ...other, files: both })).toEqual(['wrote to a.log']);
  });

  test('I4: that cannot be looked at makes the sample blind, and its growth is found later', () => {
    const memory = sampled();
    sampleSigns(memory, naming({ files: { kind: 'unknown', because: 'EIO' } }));
    expect(memory.blind).toBe('EIO');
    const later = { now: NOW + 2 * EVERY_MS, files: files({ 'a.log': [90, HOUR] }) };
    expect(found(later, memory)).toEqual(['wrote to a.log']);
  });
});

describe('the first look at named files', () => {
  const blind = { files: { kind: 'unknown', because: 'EIO' } } as const;

  test('I6: begins the watch: what was written while nobody could look is shown by no growth', () => {
    const memory = memoryAfter(naming(blind));
    sampleSigns(memory, naming({ now: NOW + EVERY_MS }));
    expect(memory.watchedSince).toBe(NOW + EVERY_MS);
    sampleSigns(memory, naming({ now: NOW + 2 * EVERY_MS }));
    expect(memory.watchedSince).toBe(NOW + EVERY_MS);
  });

  test('begins nothing where none are named', () => {
    const memory = memoryAfter();
    sampleSigns(memory, naming({ files: { kind: 'absent' } }));
    expect(memory.watchedSince).toBe(NOW);
  });
});

describe('what a tree reads and writes', () => {
  const perSecond = (bytes: number) => () => 1_000 + (bytes * EVERY_MS) / 1_000;
  test.each<[string, Partial<Sample>, readonly string[]]>([
    ['from 64 KiB/s on', { ioBytesOf: perSecond(65_536) }, ['read and wrote 640 KiB of disk']],
    ['below it', { ioBytesOf: perSecond(65_535) }, []],
    ['where the system does not tell', { ioBytesOf: () => null }, []],
  ])('counts %s', (_, differs, signs) => {
    expect(found(differs)).toEqual(signs);
  });

  test('I5: is no growth from zero where it could not be told before', () => {
    const memory = memoryAfter(naming({ ioBytesOf: () => null }));
    const told = (bytes: number) => ({ ioBytesOf: () => bytes });
    expect(found({ ...told(9_999_999_999), now: NOW + EVERY_MS }, memory)).toEqual([]);
    expect(found({ ...told(10_999_999_999), now: NOW + 2 * EVERY_MS }, memory)).toHaveLength(1);
  });

  test('of a process that was not there before counts from zero', () => {
    const rows = seen([usingCpu(70, 1_000), usingCpu(71, 0)]);
    const ioBytesOf = ({ pid }: { pid: number }) => (pid === 71 ? 9_999_999 : 1_000);
    expect(found({ rows, ioBytesOf })).toHaveLength(1);
  });

  test('is not asked while something else speaks, and begins anew after it', () => {
    const memory = sampled();
    const noisy = { outputBytes: seen(200), ioBytesOf: () => expect.unreachable() };
    expect(found(noisy, memory)).toEqual(['wrote 100 bytes']);
    const quiet = { outputBytes: seen(200), ioBytesOf: () => 9_999_999_999 };
    expect(found({ ...quiet, now: NOW + 2 * EVERY_MS }, memory)).toEqual([]);
  });

  test('I5: of a child is asked at each look: whoever waits for it may have no time for two', () => {
    const memory = sampled();
    const noisy = { outputBytes: seen(200), asksIo: true };
    expect(found(noisy, memory)).toEqual(['wrote 100 bytes']);
    const quiet = { outputBytes: seen(200), ioBytesOf: () => 9_999_999_999 };
    expect(found({ ...quiet, now: NOW + 2 * EVERY_MS }, memory)).toHaveLength(1);
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

  test('I6: and ends leaves its sign, though another works that did something earlier', () => {
    const memory = sampled();
    sampleSigns(memory, naming({ children: [child(0), child(MINUTE / 2, 'sub/y')] }));
    const later = { now: NOW + 2 * EVERY_MS, children: [child(MINUTE / 2, 'sub/y')] };
    expect(found(later, memory)).toEqual([]);
    expect(memory.signs).toMatchObject([{ kind: 'child', at: NOW + EVERY_MS }]);
  });

  test('that has done nothing since the last look is no news', () => {
    const memory = sampled();
    sampleSigns(memory, naming({ children: [child(0)] }));
    const later = { now: NOW + 2 * EVERY_MS, children: [child(0)] };
    expect(found(later, memory)).toEqual([]);
  });
});

describe('the result of an agent that lives', () => {
  const withResult = (result: AttemptMemory['result']) =>
    Object.assign(sampled(), { result, resultAt: NOW, resultAskedAt: NOW });

  test.each(['there', 'missing'] as const)('%s: is forgotten with the next sign', (result) => {
    const memory = withResult(result);
    sampleSigns(memory, naming({}));
    expect(memory.result).toBe(result);
    sampleSigns(memory, naming({ outputBytes: seen(101), now: NOW + 2 * EVERY_MS }));
    expect([memory.result, memory.resultAt]).toEqual(['unasked', null]);
  });

  test('is not forgotten for a sign from before it was asked', () => {
    const memory = withResult('there');
    const child = { name: 'sub/x', at: NOW - 1, detail: 'wrote 9 bytes' };
    sampleSigns(memory, naming({ children: [child] }));
    expect(memory.result).toBe('there');
  });

  test('an answer that is on its way is waited for', () => {
    const memory = withResult('asking');
    sampleSigns(memory, naming({ outputBytes: seen(101) }));
    expect(memory.result).toBe('asking');
  });

  const ago = (ms: number) => files({ 'a.log': [51, ms] });
  test.each<[string, Sample['files'], number]>([
    ['before it was asked is a sign', ago(5_011), 1],
    ['while it was asked is none: that may have been done_when', ago(5_010), 0],
    ['until the answer came is none', ago(3_000), 0],
    ['after the answer is one', ago(2_999), 1],
  ])('I5: a named file that was last written %s', (_, grown, signs) => {
    const asked = { resultAskedAt: NOW - 5_000, resultAnsweredAt: NOW - 3_000 };
    const memory = Object.assign(sampled(), { result: 'missing' }, asked);
    expect(found({ files: grown }, memory)).toHaveLength(signs);
  });

  test('I5: what is written as long as the answer is on its way is no sign', () => {
    const asked = { resultAskedAt: NOW - 5_000, resultAnsweredAt: NOW - HOUR };
    const memory = Object.assign(sampled(), { result: 'asking' }, asked);
    memory.watchedSince = NOW - HOUR;
    expect(found({ files: ago(0) }, memory)).toEqual([]);
    expect(memory.watchedSince).toBe(NOW + EVERY_MS);
  });

  test('I4: of what done_when may have written silence is counted from its answer, once', () => {
    const asked = { resultAskedAt: NOW - 5_000, resultAnsweredAt: NOW - 3_000 };
    const before = { result: 'missing', watchedSince: NOW - HOUR } as const;
    const memory = Object.assign(sampled(), before, asked);
    sampleSigns(memory, naming({ files: ago(4_000) }));
    expect([memory.watchedSince, memory.result]).toEqual([NOW - 3_000, 'missing']);
    sampleSigns(memory, naming({ files: ago(4_000), now: NOW + 2 * EVERY_MS }));
    expect(memory.watchedSince).toBe(NOW - 3_000);
  });

  test('I4: what is written meanwhile is no silence either, for the agent may have written it', () => {
    const asked = { resultAskedAt: NOW - 5_000, resultAnsweredAt: NOW - HOUR, watchedSince: 0 };
    const memory = Object.assign(sampled(), { result: 'asking' }, asked);
    sampleSigns(memory, naming());
    expect(memory.watchedSince).toBe(0);
    sampleSigns(memory, naming({ files: ago(0), now: NOW + 2 * EVERY_MS }));
    expect(memory.watchedSince).toBe(NOW + 2 * EVERY_MS);
  });
});

test('signs of one kind that come without a break are one stretch of work', () => {
  const memory = sampled();
  const look = (minutes: number, bytes: number) =>
    sampleSigns(memory, naming({ now: NOW + minutes * MINUTE, outputBytes: seen(bytes) }));
  look(1, 101);
  look(1.9, 102);
  expect(memory.signs[0]?.since).toBe(NOW + MINUTE);
  look(2.9, 103);
  expect(memory.signs[0]?.since).toBe(NOW + 2.9 * MINUTE);
});
