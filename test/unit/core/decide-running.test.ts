// Owns the table of `running`: its agent was seen. Ends that are proved here are in decide-ending.test.ts.
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { decisionTable } from './decision-table.ts';
import { HOUR, MINUTE, type RowSpec, SECOND, exited, row } from './row.ts';

describe('an agent that lives and has no deadline', () => {
  const works = 'stay +1200000: wrote 9 bytes';
  decisionTable([
    ['goes on while it works', {}, works],
    [
      'works until a minute after its last sign',
      { silentMs: 59_999 },
      'stay +1140001: wrote 9 bytes',
    ],
    [
      'is quiet from a minute on',
      { silentMs: MINUTE },
      'stay +1140000: quiet for 1m; last sign of work: wrote 9 bytes',
    ],
    [
      'I6: is quiet until a moment before its window ends',
      { silentMs: 20 * MINUTE - 1 },
      'stay +1: quiet for 19m59s; last sign of work: wrote 9 bytes',
    ],
    [
      'I6: is stopped when its window has passed without a sign',
      { silentMs: 20 * MINUTE },
      'attempt.stopping stopping 70@700 stalled kill +10000: no sign of work for 20m; last sign of work: wrote 9 bytes',
    ],
    [
      'I6: without any sign is stopped a window after the watch began',
      { silentMs: null, watchedMs: 20 * MINUTE },
      'attempt.stopping stopping 70@700 stalled kill +10000: no sign of work for 20m; no sign of work yet',
    ],
    [
      'without any sign is quiet until then',
      { silentMs: null, watchedMs: 20 * MINUTE - 1 },
      'stay +1: quiet for 19m59s; no sign of work yet',
    ],
    [
      'I7: has a whole window after a restart of its supervisor, however old its last sign is',
      { silentMs: 5 * HOUR, watchedMs: 20 * MINUTE - 1 },
      'stay +1: quiet for 19m59s; last sign of work: wrote 9 bytes',
    ],
    [
      'I7: has one such window, not two',
      { silentMs: 5 * HOUR, watchedMs: 20 * MINUTE },
      'attempt.stopping stopping 70@700 stalled kill +10000: no sign of work for 20m; last sign of work: wrote 9 bytes',
    ],
    [
      'I4: is not judged by a silence that nobody could listen to',
      { silentMs: 5 * HOUR, blind: 'EMFILE' },
      'stay +1000: cannot look for signs of work: EMFILE',
    ],
    ['is not touched because its shim is dead', { shim: 'gone' }, works],
    ['is not touched because its shim cannot be seen', { shim: 'unknown' }, works],
    [
      'I12: is watched on without its shim, with the same window',
      { shim: 'gone', silentMs: 20 * MINUTE },
      'attempt.stopping stopping 70@700 stalled kill +10000: no sign of work for 20m; last sign of work: wrote 9 bytes',
    ],
    ['needs no readable exit record to go on', { exit: 'unknown' }, works],
    [
      'with a window below a minute works until the window ends',
      { spec: { stallMs: 5 * SECOND }, silentMs: 4_999 },
      'stay +1: wrote 9 bytes',
    ],
    [
      'with a window below a minute is stopped at its end',
      { spec: { stallMs: 5 * SECOND }, silentMs: 5_000 },
      'attempt.stopping stopping 70@700 stalled kill +10000: no sign of work for 5s; last sign of work: wrote 9 bytes',
    ],
    [
      'with a sign from the future (a clock that stepped) works',
      { silentMs: -HOUR },
      'stay +4800000: wrote 9 bytes',
    ],
  ]);
});

describe('I4: an agent that cannot be seen', () => {
  const unseen = (spec: RowSpec): RowSpec => ({ agent: 'unknown', ...spec });
  const stays = 'stay +1000: cannot see its agent';
  decisionTable([
    ['is left alone', unseen({}), stays],
    ['is left alone when it is silent', unseen({ silentMs: 9 * HOUR }), stays],
    [
      'is left alone when its shim is gone',
      unseen({ shim: 'gone', members: [], emptyLooks: 9 }),
      stays,
    ],
    ['is left alone when its exit cannot be read', unseen({ exit: 'unknown' }), stays],
    [
      'is left alone beyond its hard limit',
      unseen({ deadline: { softInMs: -HOUR, hardInMs: -1 } }),
      stays,
    ],
    [
      'is left alone when somebody cancels it',
      unseen({ wish: { cause: 'cancelled', agoMs: HOUR } }),
      stays,
    ],
  ]);
});

describe('I7: an agent with a deadline', () => {
  const soft = (softInMs: number, spec: RowSpec = {}): RowSpec => ({
    deadline: { softInMs, hardInMs: 2 * HOUR },
    ...spec,
  });
  decisionTable([
    ['is looked at when its soft limit comes', soft(MINUTE), 'stay +60000: wrote 9 bytes'],
    ['goes on a moment before its soft limit', soft(1), 'stay +1: wrote 9 bytes'],
    [
      'is extended by five minutes at its soft limit while it works',
      soft(0),
      'extend to +300000, hard +7200000 (1, 300000): wrote 9 bytes: extended by 5m',
    ],
    [
      'counts what a supervisor that was away owes it',
      soft(-10 * MINUTE),
      'extend to +300000, hard +7200000 (1, 900000): wrote 9 bytes: extended by 15m',
    ],
    [
      'is extended on a sign of a moment less than a minute ago',
      soft(0, { silentMs: 59_999 }),
      'extend to +300000, hard +7200000 (1, 300000): wrote 9 bytes: extended by 5m',
    ],
    [
      'is stopped at its soft limit when its last sign is a minute old',
      soft(0, { silentMs: MINUTE }),
      'attempt.stopping stopping 70@700 timed-out kill +10000: its deadline has passed; quiet for 1m; last sign of work: wrote 9 bytes',
    ],
    [
      'is stopped at its soft limit without any sign',
      soft(0, { silentMs: null, watchedMs: MINUTE }),
      'attempt.stopping stopping 70@700 timed-out kill +10000: its deadline has passed; quiet for 1m; no sign of work yet',
    ],
    [
      'is watched for a minute first when its supervisor has just started',
      soft(-HOUR, { silentMs: HOUR, watchedMs: 0 }),
      'stay +60000: its deadline has passed; not watched long enough to tell',
    ],
    [
      'is stopped when that minute brought no sign',
      soft(-HOUR, { silentMs: HOUR, watchedMs: MINUTE }),
      'attempt.stopping stopping 70@700 timed-out kill +10000: its deadline has passed; quiet for 1m; last sign of work: wrote 9 bytes',
    ],
    [
      'is extended when that minute brought one',
      soft(-HOUR, { silentMs: 1, watchedMs: 30 * SECOND }),
      'extend to +300000, hard +7200000 (1, 3900000): wrote 9 bytes: extended by 1h5m',
    ],
    [
      'is extended right after a restart on a sign that the ledger still knows',
      soft(0, { silentMs: 30 * SECOND, watchedMs: 0 }),
      'extend to +300000, hard +7200000 (1, 300000): wrote 9 bytes: extended by 5m',
    ],
    [
      'is watched no longer than its hard limit',
      { deadline: { softInMs: -1, hardInMs: 7 }, silentMs: HOUR, watchedMs: 0 },
      'stay +7: its deadline has passed; not watched long enough to tell',
    ],
    [
      'is watched no longer than a short window',
      soft(0, { spec: { stallMs: 8 * SECOND }, silentMs: null, watchedMs: 0 }),
      'stay +8000: its deadline has passed; not watched long enough to tell',
    ],
    [
      'is extended up to its hard limit and not beyond',
      { deadline: { softInMs: 0, hardInMs: 299_999 } },
      'extend to +299999, hard +299999 (1, 299999): wrote 9 bytes: extended by 4m59s',
    ],
    [
      'is stopped at its hard limit though it works',
      { deadline: { softInMs: 0, hardInMs: 0 } },
      'attempt.stopping stopping 70@700 timed-out kill +10000: its hard limit is reached, though it was working: wrote 9 bytes',
    ],
    [
      'is stopped at its hard limit right after a restart, for no evidence could move it',
      { deadline: { softInMs: -HOUR, hardInMs: -1 }, silentMs: null, watchedMs: 0 },
      'attempt.stopping stopping 70@700 timed-out kill +10000: its hard limit is reached; quiet for 0ms; no sign of work yet',
    ],
    [
      'is stopped at its hard limit though nobody could look for signs',
      { deadline: { softInMs: -1, hardInMs: 0 }, blind: 'EMFILE' },
      'attempt.stopping stopping 70@700 timed-out kill +10000: its hard limit is reached, though it was working: wrote 9 bytes',
    ],
    [
      'I4: is neither extended nor stopped at its soft limit while nobody can look for signs',
      soft(0, { blind: 'EMFILE', silentMs: HOUR }),
      'stay +1000: cannot look for signs of work: EMFILE',
    ],
    [
      'I6: is stalled before it is timed out, whichever limit has passed',
      soft(-1, { silentMs: 20 * MINUTE }),
      'attempt.stopping stopping 70@700 stalled kill +10000: no sign of work for 20m; last sign of work: wrote 9 bytes',
    ],
    [
      'is looked at when its window ends, where that is before its soft limit',
      soft(HOUR, { silentMs: 19 * MINUTE }),
      'stay +60000: quiet for 19m; last sign of work: wrote 9 bytes',
    ],
  ]);

  test('an extension adds to those before it', () => {
    const { live, evidence, moment } = row({ deadline: { softInMs: 0, hardInMs: HOUR } });
    const deadline = { ...live.attempt.deadline!, extendedCount: 4, extendedMs: 20 * MINUTE };
    const again = { ...live, attempt: { ...live.attempt, deadline } };
    expect(decide(again, evidence, moment)).toMatchObject({
      kind: 'extend',
      deadline: { extendedCount: 5, extendedMs: 25 * MINUTE },
    });
  });
});

describe('a stop that somebody wishes', () => {
  decisionTable([
    [
      'is carried out at once, with the grace of the dispatch',
      { wish: { cause: 'cancelled' } },
      'attempt.stopping stopping 70@700 cancelled kill +10000: somebody wished it',
    ],
    [
      'is carried out with its own grace, longer or shorter',
      { wish: { cause: 'cancelled', graceMs: MINUTE } },
      'attempt.stopping stopping 70@700 cancelled kill +60000: somebody wished it',
    ],
    [
      'may leave no grace',
      { wish: { cause: 'superseded', graceMs: 0 } },
      'attempt.stopping stopping 70@700 superseded kill +0: somebody wished it',
    ],
    [
      'comes before stall and deadline',
      {
        wish: { cause: 'superseded' },
        silentMs: 9 * HOUR,
        deadline: { softInMs: -HOUR, hardInMs: -1 },
      },
      'attempt.stopping stopping 70@700 superseded kill +10000: somebody wished it',
    ],
    [
      'needs no signs of work',
      { wish: { cause: 'cancelled' }, blind: 'EMFILE' },
      'attempt.stopping stopping 70@700 cancelled kill +10000: somebody wished it',
    ],
    [
      'comes too late for an exit that is on record',
      {
        wish: { cause: 'cancelled' },
        exit: exited(0),
        agent: 'gone',
        shim: 'gone',
        members: [],
        emptyLooks: 1,
      },
      'dispatch.ended ended: exited with code 0 [succeeded code 0] [wish done]',
    ],
  ]);

  test('says its cause and its grace in the event', () => {
    const { live, evidence, moment } = row({ wish: { cause: 'cancelled', graceMs: 250 } });
    expect(decide(live, evidence, moment)).toMatchObject({
      data: { cause: 'cancelled', graceMs: 250 },
    });
  });
});
