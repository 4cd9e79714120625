// Owns the tables of signs of work: what growth between two samples proves, and what a failed sample does not (I4, I5).
import { describe, expect, test } from 'vitest';
import type { ReadOperation } from '../../../src/core/operation.ts';
import { newestSign } from '../../../src/core/sign.ts';
import { createMemory } from '../../../src/supervisor/memory.ts';
import { type Sample, sampleSigns } from '../../../src/supervisor/signs.ts';
import { HOUR, MINUTE, NOW, row } from '../core/row.ts';
import { EVERY_MS, found, memoryAfter, sample, seen, usingCpu } from './sampled.ts';

const EMFILE = { kind: 'unknown', because: 'EMFILE' } as const;

describe('I5: two samples', () => {
  const ONE_PERCENT = 'used 100 ms of CPU (1 % of a core)';
  test.each<[string, Partial<Sample>, readonly string[]]>([
    ['without growth show nothing', {}, []],
    ['show output by its growth', { outputBytes: seen(101) }, ['wrote 1 bytes']],
    ['show no output where it was trimmed', { outputBytes: seen(50) }, []],
    ['show no output where there is none', { outputBytes: { kind: 'absent' } }, []],
    [
      'show CPU time from one percent of a core on',
      { rows: seen([usingCpu(70, 1_100)]) },
      [ONE_PERCENT],
    ],
    ['show no CPU time below it', { rows: seen([usingCpu(70, 1_099)]) }, []],
    [
      'show CPU time from the share on that the dispatch names',
      { rows: seen([usingCpu(70, 1_050)]), cpuShareMin: 0.005 },
      ['used 50 ms of CPU (1 % of a core)'],
    ],
    [
      'show no CPU time below that share',
      { rows: seen([usingCpu(70, 1_499)]), cpuShareMin: 0.05 },
      [],
    ],
    [
      'show CPU time from two ticks of the kernel on',
      { rows: seen([usingCpu(70, 1_020)]), now: NOW + 200 },
      ['used 20 ms of CPU (10 % of a core)'],
    ],
    ['show no CPU time below them', { rows: seen([usingCpu(70, 1_019)]), now: NOW + 200 }, []],
    [
      'show CPU time of the whole tree',
      { rows: seen([usingCpu(70, 1_050), usingCpu(71, 50)]) },
      [ONE_PERCENT],
    ],
    [
      'a process that ended takes nothing away from what others did',
      { rows: seen([usingCpu(71, 100)]) },
      [ONE_PERCENT],
    ],
    [
      'show CPU time that only the books of what holds the tree have',
      { heldCpuMs: 5_100 },
      [ONE_PERCENT],
    ],
    [
      'show what a member used, once, where it is in both books',
      { rows: seen([usingCpu(70, 1_100)]), heldCpuMs: 5_090 },
      [ONE_PERCENT],
    ],
    ['show nothing in books that others have been in', { heldCpuMs: null }, []],
    [
      'I3: a recycled pid is another process, with CPU time of its own',
      { rows: seen([usingCpu(70, 100, 999)]) },
      [ONE_PERCENT],
    ],
    [
      'show both',
      { rows: seen([usingCpu(70, 2_000)]), outputBytes: seen(300) },
      ['wrote 200 bytes', 'used 1000 ms of CPU (10 % of a core)'],
    ],
  ])('%s', (_sentence, differs, signs) => {
    expect(found(differs)).toEqual(signs);
  });

  test('that are too close to tell one percent from rounding are taken together', () => {
    const memory = memoryAfter();
    const look = (laterMs: number, cpuMs: number) =>
      found({ rows: seen([usingCpu(70, cpuMs)]), now: NOW + laterMs }, memory);
    expect(look(200, 1_010)).toEqual([]);
    expect(look(400, 1_020)).toEqual(['used 20 ms of CPU (5 % of a core)']);
    expect(look(600, 1_030)).toEqual([]);
    // At one percent of a core there would be two ticks by now.
    expect(look(2_400, 1_030)).toEqual([]);
    expect(look(2_600, 1_040)).toEqual([]);
  });

  test('make the newest sign the last one, with its moment', () => {
    const memory = memoryAfter();
    sampleSigns(memory, sample({ outputBytes: seen(101) }));
    expect(newestSign(memory.signs)).toEqual({
      kind: 'output',
      at: NOW + EVERY_MS,
      since: NOW + EVERY_MS,
      detail: 'wrote 1 bytes',
    });
    sampleSigns(memory, sample({ outputBytes: seen(101), now: NOW + 2 * EVERY_MS }));
    expect(newestSign(memory.signs)).toMatchObject({ at: NOW + EVERY_MS });
  });
});

test('I5: a first sample is no evidence, however much it finds', () => {
  const memory = createMemory().of(row({}).live, NOW);
  const first = {
    rows: seen([usingCpu(70, 9_999_999)]),
    outputBytes: seen(9_999_999),
    files: seen(new Map([['a.log', { bytes: 9, modifiedMs: NOW }]])),
    ioBytesOf: () => 9_999_999,
  };
  sampleSigns(memory, sample(first));
  expect(memory.signs).toEqual([]);
});

describe('I4: a sample that failed', () => {
  test.each<[string, Partial<Sample>, string | null]>([
    ['where the output cannot be read', { outputBytes: EMFILE }, 'EMFILE'],
    ['where the table cannot be read', { rows: EMFILE }, 'EMFILE'],
    ['where the table is empty', { rows: { kind: 'absent' } }, 'the process table was empty'],
    ['where a child cannot be told to work', { unseenChild: 'EIO' }, 'EIO'],
    ['not where there is no output yet', { outputBytes: { kind: 'absent' } }, null],
    ['not where all was read', {}, null],
  ])('leaves the watch blind: %s', (_sentence, differs, because) => {
    const memory = memoryAfter();
    sampleSigns(memory, sample(differs));
    expect(memory.blind).toBe(because);
  });

  test('is forgotten by the next one that succeeds', () => {
    const memory = memoryAfter({ outputBytes: EMFILE });
    expect(memory.blind).toBe('EMFILE');
    sampleSigns(memory, sample({}));
    expect(memory.blind).toBeNull();
  });

  test('loses no output: growth is found by the next one that succeeds', () => {
    const memory = memoryAfter();
    sampleSigns(memory, sample({ outputBytes: EMFILE }));
    expect(found({ outputBytes: seen(104), now: NOW + 2 * EVERY_MS }, memory)).toEqual([
      'wrote 4 bytes',
    ]);
  });

  test('loses no CPU time: its share is that of the whole time', () => {
    const memory = memoryAfter();
    sampleSigns(memory, sample({ rows: EMFILE }));
    expect(found({ rows: seen([usingCpu(70, 1_200)]), now: NOW + 2 * EVERY_MS }, memory)).toEqual([
      'used 200 ms of CPU (1 % of a core)',
    ]);
  });

  test('still shows the output that it could read', () => {
    expect(found({ rows: EMFILE, outputBytes: seen(105) })).toEqual(['wrote 5 bytes']);
  });
});

test.each([
  ['the window begins with it where another look was missed', 2 * EVERY_MS, NOW + 2 * EVERY_MS],
  ['it changes nothing where none was', 2 * EVERY_MS - 1, NOW - HOUR],
])('I4: disk I/O is asked for at last, after something else has spoken: %s', (_, gapMs, since) => {
  const memory = memoryAfter();
  sampleSigns(memory, sample({ now: NOW, outputBytes: seen(101) }));
  memory.watchedSince = NOW - HOUR;
  const io = { rows: seen([usingCpu(70, 1_000)]), outputBytes: seen(101), ioBytesOf: () => 1 };
  sampleSigns(memory, sample({ ...io, now: NOW + gapMs }));
  expect(memory.watchedSince).toBe(since);
});

describe('I7: a gap between samples', () => {
  const watchedSince = (gapMs: number, everyMs: number) => {
    const memory = memoryAfter();
    memory.watchedSince = NOW - HOUR;
    sampleSigns(memory, sample({ now: NOW + gapMs, everyMs }));
    return memory.watchedSince;
  };

  test.each([
    [1_999, NOW - HOUR],
    [2_000, NOW + 2_000],
  ])('may be shorter than five seconds where the window is: %i ms', (gapMs, since) => {
    const memory = memoryAfter();
    memory.watchedSince = NOW - HOUR;
    sampleSigns(memory, sample({ now: NOW + gapMs, everyMs: 400, stallMs: 2_000 }));
    expect(memory.watchedSince).toBe(since);
  });

  test('is never the distance of samples, however short the window: who is silent is ended', () => {
    const memory = memoryAfter();
    memory.watchedSince = NOW - HOUR;
    sampleSigns(memory, sample({ now: NOW + 200, everyMs: 200, stallMs: 200 }));
    expect(memory.watchedSince).toBe(NOW - HOUR);
  });

  test.each([
    ['one missed sample is none', 20_000, EVERY_MS, NOW - HOUR],
    ['almost three samples are none', 29_999, EVERY_MS, NOW - HOUR],
    ['three samples are a break in the watch', 30_000, EVERY_MS, NOW + 30_000],
    ['with a dense grid it takes five seconds', 4_999, 200, NOW - HOUR],
    ['five seconds are a break in the watch of a dense grid', 5_000, 200, NOW + 5_000],
  ])('%s', (_sentence, gapMs, everyMs, since) => {
    expect(watchedSince(gapMs, everyMs)).toBe(since);
  });

  test('is a gap however many looks failed within it', () => {
    const memory = memoryAfter();
    memory.watchedSince = NOW - HOUR;
    for (let elapsedMs = EVERY_MS; elapsedMs <= 30_000; elapsedMs += 1_000) {
      sampleSigns(memory, sample({ rows: EMFILE, now: NOW + elapsedMs }));
    }
    expect(memory.watchedSince).toBe(NOW - HOUR);
    sampleSigns(memory, sample({ now: NOW + 31_000 }));
    expect(memory.watchedSince).toBe(NOW + 31_000);
  });
});

describe('an operation lease', () => {
  const lease = (differs: Partial<ReadOperation> = {}): ReadOperation => ({
    id: 'a.json',
    label: 'npm test',
    startedAt: NOW - 12 * MINUTE,
    notAfter: NOW + EVERY_MS + 18 * MINUTE,
    touchedAt: NOW + EVERY_MS,
    apart: null,
    ...differs,
  });
  const said = (...operations: readonly ReadOperation[]) => found({ operations: seen(operations) });

  test('is a sign of work at each look, for as long as it is valid', () => {
    expect(said(lease())).toEqual(['in operation "npm test" for 12m10s, at most 18m more']);
  });

  test.each([
    ['that was touched 90 s ago', lease({ touchedAt: NOW + EVERY_MS - 90_000 }), 0],
    ['that was touched a moment later', lease({ touchedAt: NOW + EVERY_MS - 89_999 }), 1],
    [
      'that is touched in the future, by a clock that was set back',
      lease({ touchedAt: NOW + HOUR }),
      0,
    ],
    ['whose time is over', lease({ notAfter: NOW + EVERY_MS }), 0],
    ['whose time is not quite over', lease({ notAfter: NOW + EVERY_MS + 1 }), 1],
  ])('%s', (_, operation, signs) => {
    expect(said(operation)).toHaveLength(signs);
  });

  test('of several, the one that may last longest speaks', () => {
    const long = lease({ id: 'b.json', label: 'build', notAfter: NOW + HOUR });
    expect(said(lease(), long, lease({ id: 'c.json' }))[0]).toContain('"build"');
  });

  test('is told with the other signs, and is the last word', () => {
    const signs = found({ outputBytes: seen(200), operations: seen([lease()]) });
    expect(signs).toEqual(['wrote 100 bytes', expect.stringContaining('npm test')]);
  });

  test('I4: that cannot be read makes the sample blind', () => {
    const memory = memoryAfter();
    sampleSigns(memory, sample({ operations: EMFILE }));
    expect(memory.blind).toBe('EMFILE');
  });

  test('I7: outlives a step of the clock: a touch counts from when it was seen, the end keeps its distance', () => {
    const memory = createMemory();
    const live = row({}).live;
    const its = memory.of(live, NOW);
    const look = (now: number, operation: ReadOperation) =>
      found({ now, operations: seen([operation]) }, its);
    expect(look(NOW, lease({ touchedAt: NOW }))).toHaveLength(1);
    memory.shift(2 * HOUR);
    const after = NOW + 2 * HOUR + 10_000;
    // The file still has the date of before; its holder has not touched it again yet.
    expect(look(after, lease({ touchedAt: NOW }))).toHaveLength(1);
    expect(look(after + 90_000, lease({ touchedAt: NOW }))).toHaveLength(0);
    expect(look(after + 95_000, lease({ touchedAt: after + 95_000 }))).toHaveLength(1);
    // The 18 minutes that it had are over now, however the clock was moved.
    const end = NOW + 2 * HOUR + EVERY_MS + 18 * MINUTE;
    expect(look(end - 1, lease({ touchedAt: end - 1 }))).toHaveLength(1);
    expect(look(end, lease({ touchedAt: end }))).toHaveLength(0);
  });
});
