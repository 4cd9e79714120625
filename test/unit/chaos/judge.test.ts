// The judgement of a run: an honest herd is flawless, every lie is counted, and an excuse excuses what it names only.
import { describe, expect, test } from 'vitest';
import type { CountName } from '../../chaos/counts.ts';
import { runsIn } from '../../chaos/runs.ts';
import { type Given, KILLED, at, counts, killed, run, signalled } from './testimony.ts';

describe('an honest herd is flawless', () => {
  test.each<[string, Given]>([
    ['one run', { runs: [run(1)] }],
    [
      'a planned failure',
      {
        kind: 'failing',
        end: { outcome: 'failed', exitCode: 3 },
        runs: [run(1, { end: { code: 3, at: 11 } })],
        row: { outcome: 'failed', exitCode: 3 },
      },
    ],
    [
      'an agent that was killed',
      { runs: [run(1, KILLED), run(2)], faults: [killed(1, 'agent', 10.5)] },
    ],
    [
      'a tool that was killed, for which its agent failed',
      { runs: [run(1, { end: { code: 137, at: 11 } }), run(2)], faults: [killed(1, 'tool', 10.5)] },
    ],
    ['a shim that was killed', { runs: [run(1), run(2)], faults: [killed(1, 'shim', 10.5)] }],
    [
      'a shim that was stopped before its agent ended, and killed while it was',
      {
        runs: [run(1), run(2)],
        faults: [signalled(1, 'shim', 10.5, 'SIGSTOP'), killed(1, 'shim', 17)],
      },
    ],
    [
      'a shim that was killed while it waited for room on the disk',
      {
        runs: [run(1), run(2)],
        faults: [
          at(10.5, { fault: 2, what: 'disk', full: true }),
          killed(1, 'shim', 16),
          at(17, { fault: 2, what: 'disk', full: false }),
        ],
      },
    ],
    [
      'a record that was removed',
      {
        runs: [run(1), run(2)],
        faults: [at(10.5, { fault: 1, what: 'damage', mark: run(1).mark, part: 'record' })],
      },
    ],
    [
      'what is left of a tree whose record was removed',
      {
        runs: [run(1)],
        faults: [at(10.5, { fault: 1, what: 'damage', mark: run(1).mark, part: 'record' })],
        row: { outcome: 'stopped', cause: 'stalled', exitCode: null },
      },
    ],
    [
      'a limit',
      { kind: 'limited', runs: [run(1, { end: { code: 1, at: 11 }, limitAt: 10.5 }), run(2)] },
    ],
    [
      'a person who retries',
      { runs: [run(1), run(2)], faults: [at(15, { fault: 1, what: 'retry', names: ['a'] })] },
    ],
    [
      'a person who stops',
      {
        runs: [run(1, { end: { code: 143, at: 11 }, signals: [{ signal: 'TERM', at: 10.9 }] })],
        faults: [at(10.5, { fault: 1, what: 'stop', names: ['a'] })],
        row: { outcome: 'stopped', cause: 'cancelled', exitCode: 143 },
      },
    ],
    [
      'one that has its result and lingers',
      {
        kind: 'lingering',
        end: { outcome: 'succeeded', exitCode: null },
        runs: [
          run(1, {
            finishingAt: 10.4,
            resultAt: 10.5,
            signals: [{ signal: 'TERM', at: 12.5 }],
            end: { code: 143, at: 12.6 },
          }),
        ],
        row: { exitCode: 143 },
      },
    ],
  ])('%s', (_, given) => {
    expect(counts(given)).toEqual({});
  });
});

describe('a lie is counted', () => {
  const FULL = { words: ['ps'], code: 0, signal: null, stderr: '', hung: false, expected: null };

  test.each<[string, Given, Partial<Record<CountName, number>>]>([
    [
      'a fence that began twice',
      { runs: [run(1), run(1, { beganAt: 12, lastAt: 13 })] },
      { doubledFences: 1, runTwice: 1 },
    ],
    ['a second run', { runs: [run(1), run(2)] }, { runTwice: 1 }],
    [
      'a second run while the first goes on',
      { runs: [run(1, { lastAt: 30, end: { code: 0, at: 30 } }), run(2)] },
      { runTwice: 1, overlaps: 1, overCaps: 1 },
    ],
    ['an agent that vanished', { runs: [run(1, KILLED)] }, { killed: 1, lost: 1 }],
    [
      'an agent that was signalled',
      { runs: [run(1, { signals: [{ signal: 'TERM', at: 10.5 }] })] },
      { killed: 1 },
    ],
    ['no row', { runs: [run(1)], row: null }, { lost: 1 }],
    ['a row that has not ended', { runs: [run(1)], row: { state: 'parked' } }, { lost: 1 }],
    ['success without a run', { runs: [] }, { lost: 1 }],
    ['success of one that failed', { runs: [run(1, { end: { code: 3, at: 11 } })] }, { lost: 1 }],
    ['another exit code', { runs: [run(1)], row: { exitCode: 1 } }, { wrongEnds: 1 }],
    [
      'silence of one that worked',
      { runs: [run(1)], row: { outcome: 'stopped', cause: 'stalled', exitCode: null } },
      { wrongEnds: 1 },
    ],
    ['another outcome', { runs: [run(1)], row: { outcome: 'lost' } }, { wrongEnds: 1 }],
    [
      'a slot that is held by nothing',
      {
        runs: [run(1)],
        claims: { doctor: { heldSlots: [{ pool: 'one', dispatch: 'd' }] } },
      },
      { slots: 1 },
    ],
    [
      'a command that hung, and one that broke',
      {
        runs: [run(1)],
        claims: {
          commands: [
            { ...FULL, hung: true },
            { ...FULL, code: 1, stderr: 'TypeError: x\n    at f (file:///x.js:1:2)\n' },
            { ...FULL, code: 0, expected: [4] },
          ],
        },
      },
      { commands: 3 },
    ],
    [
      'a run of a campaign that says the wrong thing',
      { runs: [run(1)], claims: { endings: [{ campaign: 'c', code: 1 }] } },
      { wrongEnds: 1 },
    ],
    [
      'somebody who is left',
      { runs: [run(1)], more: { survivors: [{ what: '1@1 sleep', dispatch: 'd' }] } },
      { survivors: 1 },
    ],
  ])('%s', (_, given, expected) => {
    expect(counts(given)).toEqual(expected);
  });
});

describe('an excuse excuses nothing else', () => {
  test.each<[string, Given, Partial<Record<CountName, number>>]>([
    [
      'the killed agent of an earlier attempt',
      { runs: [run(1, KILLED), run(2), run(3)], faults: [killed(1, 'agent', 10.5)] },
      { runTwice: 1 },
    ],
    [
      'a tool that was killed, for which nobody failed',
      { runs: [run(1), run(2)], faults: [killed(1, 'tool', 10.5)] },
      { runTwice: 1 },
    ],
    [
      'a tool is no agent',
      { runs: [run(1, KILLED), run(2)], faults: [killed(1, 'tool', 10.5)] },
      { killed: 1 },
    ],
    [
      'a shim that was killed when all was recorded',
      { runs: [run(1), run(2)], faults: [killed(1, 'shim', 14)] },
      { runTwice: 1 },
    ],
    [
      'a shim that was killed, its agent as well',
      { runs: [run(1, KILLED), run(2)], faults: [killed(1, 'shim', 10.5)] },
      { killed: 1 },
    ],
    [
      'a shim that was continued long before it was killed',
      {
        runs: [run(1), run(2)],
        faults: [
          signalled(1, 'shim', 10.5, 'SIGSTOP'),
          signalled(1, 'shim', 12, 'SIGCONT'),
          killed(1, 'shim', 17),
        ],
      },
      { runTwice: 1 },
    ],
    [
      'an agent that was stopped and continued',
      {
        runs: [run(1, { ...KILLED, lastAt: 12 }), run(2)],
        faults: [signalled(1, 'agent', 10.5, 'SIGSTOP'), signalled(1, 'agent', 11, 'SIGCONT')],
      },
      { runTwice: 1, killed: 1 },
    ],
    [
      'output that was removed',
      {
        runs: [run(1), run(2)],
        faults: [at(10.5, { fault: 1, what: 'damage', mark: run(1).mark, part: 'other' })],
      },
      { runTwice: 1 },
    ],
    [
      'a wish to run again that came before',
      { runs: [run(1), run(2)], faults: [at(9, { fault: 1, what: 'retry', names: ['a'] })] },
      { runTwice: 1 },
    ],
    [
      'a wish to stop another',
      { runs: [run(1, KILLED)], faults: [at(9, { fault: 1, what: 'stop', names: ['b'] })] },
      { killed: 1, lost: 1 },
    ],
    [
      'a wish to stop that came afterwards',
      {
        runs: [run(1, { signals: [{ signal: 'TERM', at: 10.5 }] })],
        faults: [at(12, { fault: 1, what: 'stop', names: ['a'] })],
      },
      { killed: 1 },
    ],
    [
      'a wish to stop from before it was asked to run again',
      {
        runs: [run(1), run(2, KILLED)],
        faults: [
          at(10.5, { fault: 1, what: 'stop', names: ['a'] }),
          at(15, { fault: 1, what: 'retry', names: ['a'] }),
        ],
      },
      { killed: 1, lost: 1 },
    ],
    [
      'a result that was there makes a second run one too many',
      {
        kind: 'goal',
        end: { outcome: 'succeeded', exitCode: null },
        runs: [run(1, { ...KILLED, resultAt: 10.5 }), run(2)],
        faults: [killed(1, 'agent', 10.6)],
      },
      { runTwice: 1 },
    ],
    [
      'silence that had not lasted',
      {
        kind: 'stalling',
        end: { outcome: 'stopped', exitCode: null },
        runs: [
          run(1, {
            idleAt: 10.1,
            signals: [{ signal: 'TERM', at: 11.5 }],
            end: { code: 143, at: 11.6 },
          }),
        ],
        row: { outcome: 'stopped', cause: 'stalled', exitCode: 143 },
      },
      { killed: 1 },
    ],
  ])('%s', (_, given, expected) => {
    expect(counts(given)).toEqual(expected);
  });
});

test('lines of a journal belong to the run that wrote them', () => {
  const line = { name: 'a', mark: 'l.d.1.1.n', pid: 1, startTime: 2, exitCode: null, signal: null };
  const again = { ...line, mark: 'l.d.2.2.n', pid: 3 };
  const runs = runsIn([
    { ...line, word: 'begin', at: 1 },
    { ...again, word: 'begin', at: 2 },
    { ...line, word: 'signal', signal: 'TERM', at: 3 },
    { ...again, word: 'end', exitCode: 4, at: 5 },
  ]);
  expect(runs).toMatchObject([
    { fence: 1, lastAt: 3, end: null, signals: [{ signal: 'TERM', at: 3 }] },
    { fence: 2, lastAt: 5, end: { code: 4, at: 5 } },
  ]);
});
