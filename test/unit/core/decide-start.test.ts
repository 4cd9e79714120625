// Owns the table of `starting`: the intent is committed, and perhaps nothing else has happened.
import { describe } from 'vitest';
import { decisionTable } from './decision-table.ts';
import { MINUTE, type RowSpec, SECOND } from './row.ts';

const starting = (spec: RowSpec): RowSpec => ({ state: 'starting', ...spec });
const NOT_MINE = { kind: 'not-mine' } as const;
const ORDERED = { kind: 'ordered' } as const;
const FAILED = { kind: 'failed', because: 'could not be started: no memory' } as const;
const NO_ROOM = { ...FAILED, kind: 'exhausted' } as const;

describe('nobody has claimed', () => {
  const unclaimed = (spec: RowSpec) => starting({ claim: 'absent', ...spec });
  decisionTable([
    ['a start under way waits for its shim', unclaimed({}), 'stay +1000: its shim is on the way'],
    [
      'its shim needs milliseconds: the first second is looked at often',
      unclaimed({ sinceMs: 999 }),
      'stay +20: its shim is on the way',
    ],
    [
      'a start that is a second old is looked at seldom',
      unclaimed({ sinceMs: SECOND }),
      'stay +1000: its shim is on the way',
    ],
    [
      'I4: a start under way whose shim cannot be seen waits',
      unclaimed({ shim: 'unknown' }),
      'stay +1000: its shim is on the way',
    ],
    [
      'a start whose shim is gone is seized',
      unclaimed({ shim: 'gone' }),
      'stay +20 seize-claim: nobody has claimed its start',
    ],
    [
      'I2: after a restart the claim is seized, because its shim may still be on the way',
      unclaimed({ shim: 'gone', start: NOT_MINE }),
      'stay +20 seize-claim: nobody has claimed its start',
    ],
    [
      'I2: after a restart a living shim that has not claimed is raced for the claim',
      unclaimed({ shim: 'alive', start: NOT_MINE }),
      'stay +20 seize-claim: nobody has claimed its start',
    ],
    [
      'a start that failed is seized before anything is said of it',
      unclaimed({ shim: 'gone', start: FAILED }),
      'stay +20 seize-claim: nobody has claimed its start',
    ],
    [
      'a cancel waits for the claim as everything does',
      unclaimed({ shim: 'gone', wish: { cause: 'cancelled' } }),
      'stay +20 seize-claim: nobody has claimed its start',
    ],
  ]);
});

describe('recovery holds the claim: this fence never ran', () => {
  const seized = (spec: RowSpec) =>
    starting({ claim: 'recovery', shim: 'gone', members: [], emptyLooks: 2, ...spec });
  decisionTable([
    [
      'I10: what never started goes back to the queue and uses no budget',
      seized({ start: NOT_MINE, failures: { infrastructure: 99 } }),
      'dispatch.requeued queued: it never started [stopped superseded] [wish done]',
    ],
    [
      'a shim that ended before it claimed is a failed start',
      seized({}),
      'dispatch.parked parked backoff +500: its shim ended before it claimed the start; retry 1 of 3 for class infrastructure [refused (its shim ended before it claimed the start) class infrastructure] [wish done]',
    ],
    [
      'a failed start is tried again after a wait',
      seized({ start: FAILED, chance: 0.5, failures: { infrastructure: 2 } }),
      'dispatch.parked parked backoff +3000: could not be started: no memory; retry 3 of 3 for class infrastructure [refused (could not be started: no memory) class infrastructure] [wish done]',
    ],
    [
      'I14: a failed start ends when the budget of its class is used up',
      seized({ start: FAILED, failures: { infrastructure: 3 } }),
      'dispatch.ended ended: could not be started: no memory [refused (could not be started: no memory) class infrastructure] [wish done]',
    ],
    [
      'I14: one for which the machine had no room goes back to the queue, however often: it is not its fault',
      seized({ start: NO_ROOM, failures: { infrastructure: 3 } }),
      'dispatch.requeued queued: could not be started: no memory [stopped superseded] [wish done]',
    ],
    [
      'no room, and a cancel',
      seized({ start: NO_ROOM, wish: { cause: 'cancelled' } }),
      'dispatch.ended ended: stopped before it started [stopped cancelled class cancelled] [wish done]',
    ],
    [
      'failures of other classes use nothing of it',
      seized({ start: FAILED, failures: { stalled: 9, agent: 9, 'timed-out': 9 } }),
      'dispatch.parked parked backoff +500: could not be started: no memory; retry 1 of 3 for class infrastructure [refused (could not be started: no memory) class infrastructure] [wish done]',
    ],
    [
      'a cancelled one ends without having started',
      seized({ start: NOT_MINE, wish: { cause: 'cancelled' } }),
      'dispatch.ended ended: stopped before it started [stopped cancelled class cancelled] [wish done]',
    ],
    [
      'a cancelled one ends as cancelled even where its start failed',
      seized({ start: FAILED, wish: { cause: 'cancelled' } }),
      'dispatch.ended ended: stopped before it started [stopped cancelled class cancelled] [wish done]',
    ],
    [
      'an interrupted one goes back to the queue, and the interruption is carried out',
      seized({ start: NOT_MINE, wish: { cause: 'superseded' } }),
      'dispatch.requeued queued: it never started [stopped superseded] [wish done]',
    ],
  ]);
});

describe('its shim holds the claim', () => {
  const why = 'somebody wished it; its shim has claimed it and not recorded the start';
  const young = (spec: RowSpec) => starting({ sinceMs: 4_999, ...spec });
  decisionTable([
    ['its records are waited for', young({}), 'stay +20: its shim has claimed it'],
    [
      'I4: a shim that cannot be seen is waited for',
      young({ shim: 'unknown' }),
      'stay +20: cannot see its shim',
    ],
    [
      'I4: a claim that is still being written does not condemn its shim',
      young({ claim: 'illegible', members: [], emptyLooks: 2 }),
      'stay +20: its shim has claimed it',
    ],
    [
      'I4: a claim that is still being written does not condemn a shim that cannot be seen',
      young({ claim: 'illegible', shim: 'unknown', members: [], emptyLooks: 2 }),
      'stay +20: cannot see its shim',
    ],
    [
      'a cancel waits for the records',
      young({ wish: { cause: 'cancelled', agoMs: 4_999 } }),
      'stay +20: its shim has claimed it',
    ],
    [
      'a shim that records nothing does not outlast a cancel',
      young({ wish: { cause: 'cancelled', agoMs: 5_000 } }),
      `attempt.stopping stopping cancelled kill +10000: ${why}`,
    ],
    [
      'nor an interruption, with its own grace',
      young({ wish: { cause: 'superseded', agoMs: MINUTE, graceMs: 0 } }),
      `attempt.stopping stopping superseded kill +0: ${why}`,
    ],
    [
      'I4: a shim that cannot be seen does outlast a cancel',
      young({ shim: 'unknown', wish: { cause: 'cancelled', agoMs: MINUTE } }),
      'stay +20: cannot see its shim',
    ],
  ]);
});

describe('its shim claimed and is gone without a record', () => {
  const died = (spec: RowSpec) => starting({ shim: 'gone', ...spec });
  const lost = 'retry 1 of 3 for class infrastructure [lost class infrastructure] [wish done]';
  const hidden = 'stay +1000: its shim is gone and its tree cannot be seen';
  decisionTable([
    ['I4: a tree that cannot be seen proves nothing', died({}), `${hidden}: EIO`],
    [
      'I4: a tree that was not looked at proves nothing',
      died({ members: 'absent' }),
      `${hidden}: no look yet`,
    ],
    [
      'one empty look is not enough',
      died({ members: [], emptyLooks: 1 }),
      'stay +20: its shim is gone; looking again',
    ],
    [
      'two empty looks prove the loss',
      died({ members: [], emptyLooks: 2 }),
      `dispatch.parked parked backoff +500: its shim died before it recorded anything; ${lost}`,
    ],
    [
      'two empty looks prove it for an illegible claim as well',
      died({ claim: 'illegible', members: [], emptyLooks: 2 }),
      `dispatch.parked parked backoff +500: nobody is left of it, and its record was destroyed; ${lost}`,
    ],
    [
      'I12: a marked process is the agent, and is watched on',
      died({ members: [71] }),
      'attempt.started running 71@710: its shim died, but a process with its mark lives',
    ],
    [
      'I12: after a restart it is adopted; the oldest is taken for the agent',
      died({ members: [73, 71, 72], start: NOT_MINE }),
      'attempt.adopted running 71@710: adopted: its shim died, but a process with its mark lives',
    ],
    [
      'of two that started in the same tick the one with the smaller pid',
      died({ members: [72, 71], startTime: 9 }),
      'attempt.started running 71@9: its shim died, but a process with its mark lives',
    ],
    [
      'I4: where the claim is illegible, a marked process may be the shim itself: it is given a moment to leave',
      died({ claim: 'illegible', members: [71], sinceMs: 4_999 }),
      'stay +20: its claim is illegible, but a process with its mark lives',
    ],
    [
      'I4: whoever it is that lives longer than that is watched on',
      died({ claim: 'illegible', members: [71], sinceMs: 5_000 }),
      'attempt.started running 71@710: its claim is illegible, but a process with its mark lives',
    ],
    [
      'I2: a claim without content is about to be signed; a cancel waits for word of its shim',
      died({ claim: 'illegible', start: ORDERED, emptyLooks: 2, wish: { cause: 'cancelled' } }),
      'stay +20: its shim is claiming it',
    ],
    [
      'I13: whoever reached the goal and has no record any more is done',
      died({
        claim: 'illegible',
        members: [],
        emptyLooks: 2,
        goal: 'reached',
        spec: { doneWhen: 'x' },
      }),
      'dispatch.ended ended: nobody is left of it, and its record was destroyed; done_when holds [succeeded] [wish done]',
    ],
    [
      'a lost one that was cancelled is not tried again',
      died({ members: [], emptyLooks: 2, wish: { cause: 'cancelled' } }),
      'dispatch.ended ended: its shim died before it recorded anything [lost class infrastructure] [wish done]',
    ],
  ]);

  const goal = (spec: RowSpec) =>
    died({ members: [], emptyLooks: 2, spec: { doneWhen: 'test -f plan.md' }, ...spec });
  decisionTable([
    [
      'I13: done_when is asked, for the agent may have done its work',
      goal({}),
      'stay - ask-goal: its shim died before it recorded anything; asking done_when',
    ],
    [
      'I13: while it is asked, its own processes are not taken for the agent',
      goal({ goal: 'asking', members: [99] }),
      'stay -: its shim died before it recorded anything; done_when is being asked',
    ],
    [
      'I13: a goal that is reached is a success',
      goal({ goal: 'reached' }),
      'dispatch.ended ended: its shim died before it recorded anything; done_when holds [succeeded] [wish done]',
    ],
  ]);
});
