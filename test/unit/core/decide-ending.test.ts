// Owns the table of ends: what an exit or a loss needs before it is written, and what follows from it.
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { decisionTable } from './decision-table.ts';
import { type RowSpec, exited, over, refused, row, signalled } from './row.ts';

describe('an exit that is on record', () => {
  decisionTable([
    [
      'is the end of the attempt once its tree is empty: success',
      over(exited(0)),
      'dispatch.ended ended: exited with code 0 [succeeded code 0] [wish done]',
    ],
    [
      'failure by the agent itself, not tried again by itself',
      over(exited(3)),
      'dispatch.ended ended: exited with code 3 [failed code 3 class agent] [wish done]',
    ],
    [
      'a signal that we did not send is infrastructure',
      over(signalled('SIGKILL', 137)),
      'dispatch.parked parked backoff +500: ended by SIGKILL; retry 1 of 3 for class infrastructure [failed code 137 by SIGKILL class infrastructure] [wish done]',
    ],
    [
      'refused while it ran, it ends',
      over(refused('gone from the disk')),
      'dispatch.ended ended: gone from the disk [refused (gone from the disk)] [wish done]',
    ],
    [
      'I8: needs one look that found nobody, for its shim saw the agent end',
      over(exited(0), { emptyLooks: 0 }),
      'stay +10: exited with code 0; looking again',
    ],
    [
      'I4: proves nothing about a tree that cannot be seen',
      over(exited(0), { members: 'unknown' }),
      'stay +1000: exited with code 0; cannot see its tree: EIO',
    ],
    [
      'I4: proves nothing about a tree that was not looked at',
      over(exited(0), { members: 'absent' }),
      'stay +1000: exited with code 0; cannot see its tree: no look yet',
    ],
    [
      'I4: waits for a shim that cannot be seen',
      over(exited(0), { shim: 'unknown' }),
      'stay +1000: exited with code 0; cannot see its shim',
    ],
    [
      'is proof enough of an agent that cannot be seen',
      over(exited(0), { agent: 'unknown' }),
      'dispatch.ended ended: exited with code 0 [succeeded code 0] [wish done]',
    ],
  ]);
});

describe('a shim that has recorded the exit', () => {
  const withShim = (agoMs: number, spec: RowSpec = {}) =>
    over(exited(0, agoMs), { shim: 'alive', ...spec });
  const ends = 'dispatch.ended ended: exited with code 0 [succeeded code 0] [wish done]';
  const stops =
    'attempt.stopping stopping 70@700 leftovers of succeeded code 0 kill +5000: exited with code 0; its shim does not leave';
  decisionTable([
    ['is waited for', withShim(0), 'stay +10: exited with code 0; its shim is leaving'],
    [
      'is waited for below five seconds',
      withShim(4_999),
      'stay +10: exited with code 0; its shim is leaving',
    ],
    ['is a leftover itself from five seconds on', withShim(5_000), stops],
    ['is a leftover by a clock that has stepped back as well', withShim(-5_000), stops],
    [
      'is waited for by such a clock',
      withShim(-4_999),
      'stay +10: exited with code 0; its shim is leaving',
    ],
    [
      'stays with the leftovers of who keeps them',
      withShim(5_000, { spec: { leftovers: 'keep' } }),
      ends,
    ],
  ]);
});

describe('a shim that waits for the rest of its tree', () => {
  const waits = (agoMs: number, spec: RowSpec = {}) =>
    over(exited(0, agoMs), { shim: 'alive', tier: 'subreaper', ...spec });
  const leaving = 'stay +10: exited with code 0; its shim is leaving';
  decisionTable([
    ['has fifty milliseconds, where nobody is left', waits(49), leaving],
    [
      'says that somebody is: they are ended after their grace',
      waits(50, { members: [71] }),
      'attempt.stopping stopping 70@700 leftovers of succeeded code 0 kill +5000: exited with code 0; 1 of its processes are still there',
    ],
    [
      'and for nobody of ours, as one look says: looked at again',
      waits(50),
      'stay +10: exited with code 0; looking again',
    ],
    [
      'and for nobody of ours, as two looks say, holds nothing',
      waits(50, { emptyLooks: 2 }),
      'dispatch.ended ended: exited with code 0 [succeeded code 0] [wish done]',
    ],
    [
      'while nobody can see for whom is waited for',
      waits(9_000, { members: 'unknown' }),
      'stay +1000: exited with code 0; cannot see its tree: EIO',
    ],
    [
      'where leftovers are kept waits for nobody',
      waits(4_999, { spec: { leftovers: 'keep' } }),
      leaving,
    ],
  ]);
});

describe('processes that outlive their agent', () => {
  decisionTable([
    [
      'are ended after a grace of their own, and the end of the agent is kept',
      over(exited(0), { members: [71, 72] }),
      'attempt.stopping stopping 70@700 leftovers of succeeded code 0 kill +5000: exited with code 0; 2 of its processes are still there',
    ],
    [
      'are kept where the file says so, seen or not',
      over(exited(0), { members: [71], spec: { leftovers: 'keep' } }),
      'dispatch.ended ended: exited with code 0 [succeeded code 0] [wish done]',
    ],
    [
      'that nobody can see are kept as well',
      over(exited(0), { members: 'unknown', spec: { leftovers: 'keep' } }),
      'dispatch.ended ended: exited with code 0 [succeeded code 0] [wish done]',
    ],
    [
      'are ended after a loss',
      over('absent', { members: [71], spec: { leftoverGraceMs: 0 } }),
      'attempt.stopping stopping 70@700 leftovers of lost class infrastructure kill +0: its agent and its shim are gone, and no exit was recorded; 1 of its processes are still there',
    ],
  ]);

  test('I18: are named in the event, twenty at most', () => {
    const pids = Array.from({ length: 30 }, (_, index) => 100 + index);
    const { live, evidence, moment } = row(over(exited(0), { members: pids }));
    const decision = decide(live, evidence, moment);
    if (decision.kind !== 'change') throw new Error('it stays');
    expect(decision.data?.['leftovers']).toHaveLength(20);
    expect(decision.data?.['leftovers']).toContainEqual({
      pid: 100,
      startTime: 1_000,
      command: 'node',
    });
  });
});

describe('I12: agent and shim are gone and nothing is on record', () => {
  const why = 'its agent and its shim are gone, and no exit was recorded';
  decisionTable([
    ['one empty look is not enough', over('absent'), `stay +10: ${why}; looking again`],
    [
      'two are: it is lost, and tried again',
      over('absent', { emptyLooks: 2 }),
      `dispatch.parked parked backoff +500: ${why}; retry 1 of 3 for class infrastructure [lost class infrastructure] [wish done]`,
    ],
    [
      'I4: a tree that cannot be seen may still hold it',
      over('absent', { members: 'unknown' }),
      `stay +1000: ${why}; cannot see its tree: EIO`,
    ],
    [
      'I14: the last retry is the last',
      over('absent', { emptyLooks: 2, failures: { infrastructure: 3 } }),
      `dispatch.ended ended: ${why} [lost class infrastructure] [wish done]`,
    ],
    [
      'who keeps leftovers needs no look at them',
      over('absent', { members: 'unknown', spec: { leftovers: 'keep' } }),
      `dispatch.parked parked backoff +500: ${why}; retry 1 of 3 for class infrastructure [lost class infrastructure] [wish done]`,
    ],
    [
      'a cancel comes in time to prevent the retry',
      over('absent', { emptyLooks: 2, wish: { cause: 'cancelled' } }),
      `dispatch.ended ended: ${why} [lost class infrastructure] [wish done]`,
    ],
    [
      'an interruption does not prevent it',
      over('absent', { emptyLooks: 2, wish: { cause: 'superseded' } }),
      `dispatch.parked parked backoff +500: ${why}; retry 1 of 3 for class infrastructure [lost class infrastructure] [wish done]`,
    ],
  ]);
});
