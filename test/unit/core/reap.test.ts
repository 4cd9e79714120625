// Owns the tests of what a reaper makes of marked processes.
import { describe, expect, test } from 'vitest';
import {
  type AttemptRecord,
  type MarkedProcess,
  type ReapFacts,
  planReap,
} from '../../../src/core/reap.ts';
import { takeSnapshot } from '../../../src/core/tree.ts';

const MARK = 'herd.d1.1.4.n0nce';
const SHIM = { bootId: 'b', pid: 50, startTime: 500 };
const AGENT = { bootId: 'b', pid: 51, startTime: 510 };

const ENDED: AttemptRecord = {
  mark: MARK,
  isLive: false,
  keeps: false,
  shim: SHIM,
  agent: AGENT,
  holders: new Set(),
};

function process(pid: number, differs: Partial<MarkedProcess> = {}): MarkedProcess {
  return {
    pid,
    startTime: pid * 10,
    parent: 1,
    group: pid,
    session: pid,
    zombie: false,
    mark: MARK,
    command: `p${pid}`,
    ...differs,
  };
}

const TERMINAL = process(10, { mark: null, command: 'terminal' });

function plan(
  rows: readonly MarkedProcess[],
  {
    record = ENDED,
    ...facts
  }: { record?: AttemptRecord | null } & Partial<Omit<ReapFacts, 'attempts'>> = {},
) {
  const attempts = new Map(record === null ? [] : [['d1/4', record]]);
  const all = { ledger: 'herd', supervisors: new Set<number>(), unknownToo: false, ...facts };
  const isNamed = ({ pid }: MarkedProcess) => pid === 98;
  const isProtected = (one: MarkedProcess) => one.mark === 'off' || one.pid === 99 || isNamed(one);
  const guards = { isProtected, isNamed };
  const found = planReap(takeSnapshot([TERMINAL, ...rows]), { ...all, attempts }, guards);
  return {
    reaped: found.trees.flatMap(({ processes }) => processes.map(({ pid }) => pid)),
    skipped: found.skipped.map(({ pid, reason, next }) => `${pid}: ${reason}; ${next}`),
    protected: found.protected.map(({ pid }) => pid),
  };
}

const REAPED = (...pids: number[]) => ({ reaped: pids, skipped: [], protected: [] });
const SPARED = (words: string) => ({ reaped: [], skipped: [words], protected: [] });
const BY_HAND =
  '60: nothing but its mark shows that it descends from the attempt (parent: pid 10, terminal): was it exported by hand?; kill 60';

describe('of an attempt that is over', () => {
  test.each<[string, MarkedProcess[]]>([
    ['an orphan of pid 1', [process(60)]],
    ['its shim, whoever started it', [process(50, { parent: 10 })]],
    ['a child of its shim', [process(50, { parent: 10, mark: null }), process(60, { parent: 50 })]],
    [
      'who is in the session of its agent, which is gone',
      [process(60, { parent: 10, session: 51 })],
    ],
    ['who is in the group of its shim', [process(60, { parent: 10, group: 50 })]],
    [
      'who is in the session of its agent, which is there',
      [process(51, { mark: null }), process(60, { parent: 10, session: 51 })],
    ],
    [
      'who is in the session of a zombie whose start nobody tells',
      [
        process(51, { startTime: 0, mark: null, zombie: true }),
        process(60, { parent: 10, session: 51 }),
      ],
    ],
    ['what done_when has left', [process(60, { mark: `${MARK}helper` })]],
  ])('%s is reaped', (_, rows) => {
    expect(plan(rows)).toEqual(REAPED(rows.at(-1)!.pid));
  });

  test('who was started by one of its processes is reaped, however far down', () => {
    const rows = [process(60), process(61, { parent: 60 }), process(62, { parent: 61 })];
    expect(plan(rows)).toEqual(REAPED(60, 61, 62));
  });

  test.each([
    ['done_when', MARK, `${MARK}helper`],
    ['who was started by done_when', `${MARK}helper`, MARK],
  ])('%s is of the same attempt as its parent', (_, parent, child) => {
    const rows = [process(60, { mark: parent }), process(61, { parent: 60, mark: child })];
    expect(plan(rows)).toEqual(REAPED(60, 61));
  });

  test('who holds its life line is reaped, whoever its parent is', () => {
    const record = { ...ENDED, holders: new Set(['60@600']) };
    expect(plan([process(60, { parent: 10 })], { record })).toEqual(REAPED(60));
  });

  test('a shim whose claim is not legible is known by the supervisor that started it', () => {
    const record = { ...ENDED, shim: null, agent: null };
    const row = process(60, { parent: 10 });
    expect(plan([row], { record, supervisors: new Set([10]) })).toEqual(REAPED(60));
    expect(plan([row], { record })).toEqual(SPARED(BY_HAND));
  });

  test('I3: a shell with a mark that was exported by hand is reported, and so is what it starts', () => {
    const { reaped, skipped } = plan([process(60, { parent: 10 }), process(61, { parent: 60 })]);
    expect(reaped).toEqual([]);
    expect(skipped[0]).toBe(BY_HAND);
    expect(skipped[1]).toContain('(parent: pid 60, p60)');
  });

  test('I3: a session that a stranger leads by now proves nothing', () => {
    const others = [{ startTime: 999 }, { startTime: 999, zombie: true }, { startTime: 0 }];
    for (const other of others) {
      const stranger = process(51, { parent: 10, mark: null, ...other });
      expect(plan([stranger, process(60, { parent: 10, session: 51 })])).toEqual(SPARED(BY_HAND));
    }
  });

  test('two processes that are each other’s parents prove nothing', () => {
    const rows = [process(60, { parent: 61 }), process(61, { parent: 60 })];
    expect(plan(rows).reaped).toEqual([]);
  });

  test('what its owner keeps is skipped', () => {
    const why = '60: its dispatch keeps background processes (leftovers: keep); kill 60';
    expect(plan([process(60)], { record: { ...ENDED, keeps: true } })).toEqual(SPARED(why));
  });

  test('a mark that it was never given is skipped', () => {
    const why = '60: its mark is not the one that this attempt was given; kill 60';
    expect(plan([process(60, { mark: 'herd.d1.1.4.other' })])).toEqual(SPARED(why));
  });

  test('I9: the protected are named, and a zombie is nobody', () => {
    const rows = [process(60, { mark: 'off' }), process(99), process(61, { zombie: true })];
    expect(plan(rows)).toEqual({ reaped: [], skipped: [], protected: [60, 99] });
  });
});

test('what a live attempt owns is no item at all', () => {
  expect(plan([process(60), process(99)], { record: { ...ENDED, isLive: true } })).toEqual(
    REAPED(),
  );
});

test('what the ledger does not know is reaped only where that was asked for, and shells not even then', () => {
  const why = '60: the ledger does not know its dispatch; drover reap --unknown';
  expect(plan([process(60)], { record: null })).toEqual(SPARED(why));
  expect(plan([process(60)], { record: null, unknownToo: true })).toEqual(REAPED(60));
  const shell = process(60, { parent: 10 });
  expect(plan([shell], { record: null, unknownToo: true })).toEqual(SPARED(BY_HAND));
});

test('another ledger’s processes are listed, never touched; so is what is no mark', () => {
  const rows = [process(60, { mark: 'other.d1.1.4.n0nce' }), process(61, { mark: 'hello' })];
  expect(plan(rows, { unknownToo: true })).toEqual({
    reaped: [],
    skipped: [
      '60: it belongs to another ledger (other); drover reap --state DIR, with the directory of that herd',
      '61: its DROVER_MARK is the mark of no attempt; kill 61',
    ],
    protected: [],
  });
});
