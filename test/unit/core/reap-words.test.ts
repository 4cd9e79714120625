// Owns the tests of what is told of processes that a reaper finds, and of how an attempt stands with its slot.
import { describe, expect, test } from 'vitest';
import {
  type AttemptRecord,
  type MarkedProcess,
  markedAttempts,
  planReap,
  standingOf,
} from '../../../src/core/reap.ts';
import { SUCCEEDED, endOfExit, endOfFailedStart } from '../../../src/core/retry.ts';
import { takeSnapshot } from '../../../src/core/tree.ts';
import { row } from './row.ts';

const MARK = 'herd.d1.1.4.n0nce';

function process(pid: number, mark: string | null, parent = 1): MarkedProcess {
  const who = { pid, startTime: pid * 10, parent, group: pid, session: pid };
  return { ...who, zombie: false, mark, command: `p${pid}` };
}

const RECORD: AttemptRecord = {
  mark: MARK,
  isLive: false,
  keeps: false,
  shim: null,
  agent: null,
  holders: new Set(),
};

function plan(rows: readonly MarkedProcess[], record: AttemptRecord | null = RECORD) {
  const attempts = new Map(record === null ? [] : [['d1/4', record]]);
  const facts = { ledger: 'herd', supervisors: new Set<number>(), unknownToo: true, attempts };
  const guards = {
    isProtected: (one: MarkedProcess) => one.pid >= 90 || one.mark === 'off',
    isNamed: (one: MarkedProcess) => one.pid === 98,
  };
  return planReap(takeSnapshot(rows), facts, guards);
}

test('attempts are found by the marks of their own ledger', () => {
  const marks = [MARK, `${MARK}helper`, 'herd.d2.1.7.x', 'foreign.d3.1.1.x', 'off', null];
  const rows = marks.map((mark, index) => process(60 + index, mark));
  expect([...markedAttempts(takeSnapshot(rows), 'herd').keys()]).toEqual(['d1/4', 'd2/7']);
});

/** The ordinary one: it holds the slot, and has not ended. */
const HOLDS = { isOver: false, fence: 1, hasEnded: false, leftovers: 'end' } as const;

test.each([
  ['the attempt that holds the slot', {}, { isLive: true, keeps: false }],
  ['an earlier one', { fence: 2, hasEnded: true }, { isLive: false, keeps: false }],
  [
    'the last one of what has ended',
    { isOver: true, hasEnded: true },
    { isLive: false, keeps: false },
  ],
  [
    'one whose leftovers stay',
    { isOver: true, hasEnded: true, leftovers: 'keep' },
    { isLive: false, keeps: true },
  ],
  ['one that has not ended yet', { leftovers: 'keep' }, { isLive: true, keeps: false }],
] as const)('of the standing of %s', (_, given, expected) => {
  const { isOver, fence, hasEnded, leftovers } = { ...HOLDS, ...given };
  const { dispatch, attempt } = row({ spec: { leftovers } }).live;
  const { outcome, class: failureClass, exitCode } = SUCCEEDED;
  const ended = { kind: 'ended', at: 1, outcome, class: failureClass, exitCode } as const;
  const state = isOver ? ended : dispatch.state;
  const its = { ...attempt, end: hasEnded ? SUCCEEDED : null };
  expect(standingOf({ ...dispatch, state, fence }, its)).toEqual(expected);
});

describe('what is told', () => {
  test('of a tree of which the ledger knows the attempt', () => {
    expect(plan([process(61, MARK), process(60, `${MARK}helper`)]).trees).toMatchObject([
      {
        mark: MARK,
        key: { dispatch: 'd1', fence: 4 },
        attempt: 1,
        isKnown: true,
        because: 'its attempt (1) has no slot any more',
        processes: [{ pid: 60 }, { pid: 61 }],
      },
    ]);
  });

  test('of one that it does not know, named by the mark of its attempt', () => {
    expect(plan([process(60, `${MARK}helper`)], null).trees).toMatchObject([
      { mark: MARK, isKnown: false, because: 'the ledger does not know its dispatch' },
    ]);
  });

  test('of the protected: who says so, and whose they would be', () => {
    const rows = [process(60, 'off'), process(97, MARK), process(98, 'foreign.d1.1.4.x')];
    const told = plan(rows).protected.map(({ dispatch, reason }) => [dispatch, reason]);
    expect(told).toEqual([
      [null, 'it has opted out (DROVER_MARK=off)'],
      ['d1', 'it is Drover, or Drover was started from it'],
      [null, 'its owner protects it (config.yaml or --protect)'],
    ]);
  });

  test('of one whose parent nobody sees', () => {
    const [spared] = plan([process(60, MARK, 4)]).skipped;
    expect(spared?.reason).toBe(
      'nothing but its mark shows that it descends from the attempt: was it exported by hand?',
    );
  });
});

test('I16: a refusal that is not final is a start that failed', () => {
  const exit = { kind: 'refused', final: false, reason: 'no room', at: 1 } as const;
  expect(endOfExit(exit)).toEqual(endOfFailedStart('no room'));
});
