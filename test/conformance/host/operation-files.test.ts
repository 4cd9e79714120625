// Operation leases as files: what is read of them, what is no lease, and how one is held.
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type HolderLook,
  holdOperation,
  leaveOperation,
  readOperations,
  removeOperation,
  removeOperations,
} from '../../../src/host/operation-files.ts';
import type { Sighting } from '../../../src/core/evidence.ts';
import { makeScratch, type Scratch } from './scratch.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

const START = Date.parse('2026-11-29T14:00:00.000Z');
const FOR_MS = 5 * 60_000;
const END = START + FOR_MS;
const UPTIME_MS = 90_000;

/** No lease of these tests names its holder, but for those that are about it. */
const NOBODY = holders('unknown', START);

function holders(sighting: Sighting, now: number): HolderLook {
  return { sight: ({ pid }) => (pid === 70 ? sighting : 'unknown'), clock: clockAt(now) };
}

/** Whatever the wall clock says, no time has passed. */
function clockAt(now: number) {
  return { now: () => now, monotonicMs: () => UPTIME_MS, origin: () => 'boot-1' };
}

function lease(name: string, text: string): void {
  mkdirSync(`${scratch.dir}/ops`, { recursive: true });
  writeFileSync(`${scratch.dir}/ops/${name}`, text);
  utimesSync(`${scratch.dir}/ops/${name}`, START / 1_000, START / 1_000);
}

const written = (differs: object = {}) =>
  JSON.stringify({
    operation: 'npm test',
    startedAt: '2026-11-29T14:00:00Z',
    notAfter: '2026-11-29T14:05:00Z',
    ...differs,
  });

describe('reading', () => {
  test('finds what any program left there by the contract', () => {
    lease('a.json', written());
    const operation = { id: 'a.json', label: 'npm test', startedAt: START, notAfter: END };
    expect(readOperations(scratch.dir, NOBODY)).toEqual({
      kind: 'seen',
      value: [{ ...operation, touchedAt: START, apart: null }],
    });
  });

  test.each([
    ['cut.json', written().slice(0, 40)],
    ['empty.json', ''],
    ['list.json', '[]'],
    ['number.json', '7'],
    ['without-end.json', written({ notAfter: undefined })],
    ['no-time.json', written({ notAfter: 'soon' })],
    ['no-name.json', written({ operation: 7 })],
    ['huge.json', written({ operation: 'x'.repeat(5_000) })],
    ['a.json.tmp', written()],
  ])('takes %s for no lease', (name, text) => {
    lease(name, text);
    expect(readOperations(scratch.dir, NOBODY)).toEqual({ kind: 'seen', value: [] });
  });

  test('keeps a label on one line, and short', () => {
    lease('a.json', written({ operation: `two\nlines ${'x'.repeat(500)}` }));
    const look = readOperations(scratch.dir, NOBODY);
    const [operation] = look.kind === 'seen' ? look.value : [];
    expect(operation?.label).toMatch(/^two lines x+$/);
    expect(operation?.label).toHaveLength(200);
  });

  test('reads no more than a bounded number of them', () => {
    for (let n = 0; n < 100; n++) lease(`${n}.json`, written());
    const look = readOperations(scratch.dir, NOBODY);
    expect(look.kind === 'seen' && look.value.length).toBe(64);
  });

  test('I5: finds the one that is held among all those that killed holders have left', () => {
    for (let n = 0; n < 100; n++) lease(`${1000 + n}.json`, written());
    lease('9999.json', written({ operation: 'held' }));
    utimesSync(`${scratch.dir}/ops/9999.json`, START / 1_000 + 60, START / 1_000 + 60);
    const look = readOperations(scratch.dir, NOBODY);
    const labels = look.kind === 'seen' ? look.value.map(({ label }) => label) : [];
    expect(labels).toHaveLength(64);
    expect(labels).toContain('held');
  });

  test('I4: does not take a directory full of files for none', () => {
    for (let n = 0; n <= 1_024; n++) lease(`${n}.json`, '');
    expect(readOperations(scratch.dir, NOBODY)).toMatchObject({ kind: 'unknown' });
  });

  test('is not held up by a FIFO of such a name', () => {
    mkdirSync(`${scratch.dir}/ops`);
    execFileSync('mkfifo', [`${scratch.dir}/ops/a.json`]);
    expect(readOperations(scratch.dir, NOBODY)).toEqual({ kind: 'seen', value: [] });
  });

  test('I4: is absent without a directory, and unknown where it cannot be told', () => {
    expect(readOperations(scratch.dir, NOBODY)).toEqual({ kind: 'absent' });
    symlinkSync('ops', `${scratch.dir}/ops`);
    const because = `ELOOP: ${scratch.dir}/ops`;
    expect(readOperations(scratch.dir, NOBODY)).toEqual({ kind: 'unknown', because });
  });
});

test('a lease is there from the first moment, is touched, and is gone with its holder', () => {
  mkdirSync(`${scratch.dir}/ops`);
  let upMs = UPTIME_MS;
  const clock = { ...clockAt(START), monotonicMs: () => upMs };
  const held = holdOperation(scratch.dir, { label: 'build', forMs: FOR_MS }, clock);
  const [name] = readdirSync(`${scratch.dir}/ops`);
  const path = `${scratch.dir}/ops/${name}`;
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
    operation: 'build',
    startedAt: '2026-11-29T14:00:00.000Z',
    notAfter: '2026-11-29T14:05:00.000Z',
    monotonic: { origin: 'boot-1', startedMs: upMs, notAfterMs: upMs + FOR_MS, touchedMs: upMs },
  });
  const { mtimeMs } = statSync(path);
  upMs += 30_000;
  held.touch();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
    monotonic: { startedMs: UPTIME_MS, touchedMs: upMs },
  });
  expect(statSync(path).mtimeMs).toBeGreaterThanOrEqual(mtimeMs);
  held.release();
  expect(readdirSync(`${scratch.dir}/ops`)).toEqual([]);
});

test.each([
  ['ahead', 7_200_000],
  ['back', -7_200_000],
])(
  'I7: a lease is as far away where the clock was set two hours %s, whoever reads it',
  (_, byMs) => {
    mkdirSync(`${scratch.dir}/ops`);
    holdOperation(scratch.dir, { label: 'build', forMs: FOR_MS }, clockAt(START));
    const apart = { startedMs: 0, notAfterMs: FOR_MS, touchedMs: 0 };
    const look = readOperations(scratch.dir, holders('unknown', START + byMs));
    expect(look).toMatchObject({ value: [{ label: 'build', startedAt: START, apart }] });
  },
);

describe('a lease that a hook has left', () => {
  const CALL = { session: 's/1', id: 'toolu_1' };
  const HOLDER = { bootId: 'boot', pid: 70, startTime: 700 };
  const LEFT = { label: 'Bash: make', forMs: FOR_MS };
  const names = () => readdirSync(`${scratch.dir}/ops`);

  test.each([
    ['is touched by every look that sees its holder', 'alive', { touchedAt: END - 1 }],
    ['I4: keeps its last touch where its holder cannot be seen', 'unknown', { touchedAt: START }],
    ['has ended with its last touch where its holder is gone', 'gone', { notAfter: START }],
  ] as const)('%s', (_title, sighting, seen) => {
    mkdirSync(`${scratch.dir}/ops`);
    leaveOperation(scratch.dir, CALL, LEFT, HOLDER);
    utimesSync(`${scratch.dir}/ops/${names()[0]}`, START / 1_000, START / 1_000);
    const look = readOperations(scratch.dir, holders(sighting, END - 1));
    expect(look).toMatchObject({ kind: 'seen', value: [{ label: 'Bash: make', ...seen }] });
  });

  test('goes with the end of its call, and with that of its session', () => {
    mkdirSync(`${scratch.dir}/ops`);
    lease('a.json', written());
    leaveOperation(scratch.dir, CALL, LEFT, HOLDER);
    leaveOperation(scratch.dir, { ...CALL, id: '../../other' }, LEFT, HOLDER);
    leaveOperation(scratch.dir, { ...CALL, session: 'another' }, LEFT, null);
    expect(names()).toHaveLength(4);
    removeOperation(scratch.dir, CALL);
    removeOperation(scratch.dir, CALL);
    expect(names()).toHaveLength(3);
    removeOperations(scratch.dir, 's/1');
    expect(names()).toHaveLength(2);
    expect(names()).toContain('a.json');
  });
});
