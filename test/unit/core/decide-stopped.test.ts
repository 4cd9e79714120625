// Owns the table of what is written once a tree that we stopped is proved to be empty, and of the budgets that follow.
import { describe } from 'vitest';
import { LOST, SUCCEEDED, endOfFailedStart, failed } from '../../../src/core/retry.ts';
import { decisionTable } from './decision-table.ts';
import { MINUTE, type RowSpec, SECOND, exited, refused, signalled, zero } from './row.ts';

describe('zero is proved: an attempt that we stopped', () => {
  decisionTable([
    [
      'by a cancel ends, and is no failure that is tried again',
      zero(),
      'dispatch.ended ended: so far [stopped cancelled class cancelled] [wish done]',
    ],
    [
      'as superseded goes back to the queue',
      zero({ reason: 'superseded', failures: { infrastructure: 99 } }),
      'dispatch.requeued queued: so far [stopped superseded] [wish done]',
    ],
    [
      'as superseded and cancelled meanwhile ends as cancelled',
      zero({ reason: 'superseded', wish: { cause: 'cancelled' } }),
      'dispatch.ended ended: so far [stopped cancelled class cancelled] [wish done]',
    ],
    [
      'by a cancel and interrupted meanwhile ends as cancelled',
      zero({ wish: { cause: 'superseded' } }),
      'dispatch.ended ended: so far [stopped cancelled class cancelled] [wish done]',
    ],
    [
      'as stalled is tried again',
      zero({ reason: 'stalled' }),
      'dispatch.parked parked backoff +500: so far; retry 1 of 1 for class stalled [stopped stalled class stalled] [wish done]',
    ],
    [
      'keeps its exit code for people',
      zero({ exit: exited(0, 30 * SECOND) }),
      'dispatch.ended ended: so far [stopped cancelled code 0 class cancelled] [wish done]',
    ],
    [
      'keeps the signal that ended it for people',
      zero({ exit: signalled('SIGTERM', 143, 30 * SECOND) }),
      'dispatch.ended ended: so far [stopped cancelled code 143 by SIGTERM class cancelled] [wish done]',
    ],
    [
      'in the moment in which it ended counts as stopped',
      zero({ exit: exited(0, MINUTE) }),
      'dispatch.ended ended: so far [stopped cancelled code 0 class cancelled] [wish done]',
    ],
    [
      'within a tick of the clock by which files are dated counts as stopped',
      zero({ exit: exited(0, MINUTE + 10) }),
      'dispatch.ended ended: so far [stopped cancelled code 0 class cancelled] [wish done]',
    ],
    [
      'after it had ended by itself keeps its own end',
      zero({ exit: exited(0, MINUTE + 11) }),
      'dispatch.ended ended: exited with code 0, before it was stopped [succeeded code 0] [wish done]',
    ],
    [
      'after it had failed by itself keeps that, too',
      zero({ reason: 'stalled', exit: exited(7, MINUTE + 9_999) }),
      'dispatch.ended ended: exited with code 7, before it was stopped [failed code 7 class agent] [wish done]',
    ],
    [
      'by a record that is dated long before it counts as stopped: the clock has stepped in between',
      zero({ exit: exited(0, MINUTE + 10_000) }),
      'dispatch.ended ended: so far [stopped cancelled code 0 class cancelled] [wish done]',
    ],
    [
      'after its start was refused keeps that',
      zero({ process: null, exit: refused('no such program'), sinceMs: -1 }),
      'dispatch.ended ended: no such program, before it was stopped [refused (no such program)] [wish done]',
    ],
    [
      'whose agent was never seen ends all the same',
      zero({ process: null, killInMs: -6_000 }),
      'dispatch.ended ended: so far [stopped cancelled class cancelled] [wish done]',
    ],
  ]);
});

describe('zero is proved: what an agent left behind', () => {
  decisionTable([
    [
      'does not change its success',
      zero({ reason: SUCCEEDED }),
      'dispatch.ended ended: so far [succeeded code 0] [wish done]',
    ],
    [
      'does not change its failure',
      zero({ reason: failed(3, null, 'agent') }),
      'dispatch.ended ended: so far [failed code 3 class agent] [wish done]',
    ],
    [
      'does not change a proved end, even where its record cannot be read again',
      zero({ reason: SUCCEEDED, exit: 'unknown' }),
      'dispatch.ended ended: so far [succeeded code 0] [wish done]',
    ],
    [
      'does not change a success, whatever its program said since',
      zero({ reason: SUCCEEDED, judged: 'succeeded' }),
      'dispatch.ended ended: so far [succeeded code 0] [wish done]',
    ],
    [
      'leaves a loss a loss',
      zero({ reason: LOST }),
      'dispatch.parked parked backoff +500: so far; retry 1 of 3 for class infrastructure [lost class infrastructure] [wish done]',
    ],
    [
      'may have been its shim, whose record beats the loss',
      zero({ reason: LOST, exit: exited(0) }),
      'dispatch.ended ended: so far [succeeded code 0] [wish done]',
    ],
    [
      'I13: may have come to its result since its shim and its wrapper were lost',
      zero({ reason: LOST, judged: 'succeeded' }),
      'dispatch.ended ended: so far; it said: succeeded [succeeded] [wish done]',
    ],
    [
      'I2: may have been a shim that was held up, whose record beats the start that seemed to fail',
      zero({ reason: endOfFailedStart('hung'), process: null, claim: 'recovery', exit: exited(0) }),
      'dispatch.ended ended: so far [succeeded code 0] [wish done]',
    ],
    [
      'leaves a failed start what it was, where nobody recorded another end',
      zero({ reason: endOfFailedStart('hung'), process: null, claim: 'recovery' }),
      'dispatch.parked parked backoff +500: so far; retry 1 of 3 for class infrastructure [refused (hung) class infrastructure] [wish done]',
    ],
    [
      'and waits for no words that cannot be read: it has said none',
      zero({ reason: endOfFailedStart('hung'), process: null, claim: 'recovery', said: 'unknown' }),
      'dispatch.parked parked backoff +500: so far; retry 1 of 3 for class infrastructure [refused (hung) class infrastructure] [wish done]',
    ],
    [
      'is no reason to try a cancelled one again',
      zero({ reason: LOST, wish: { cause: 'cancelled' } }),
      'dispatch.ended ended: so far [lost class infrastructure] [wish done]',
    ],
    [
      'is no reason to run a success again for an interruption',
      zero({ reason: SUCCEEDED, wish: { cause: 'superseded' } }),
      'dispatch.ended ended: so far [succeeded code 0] [wish done]',
    ],
  ]);
});

describe('I14: budgets are per class', () => {
  const stopped = (cause: 'stalled' | 'timed-out', spec: RowSpec): RowSpec =>
    zero({ reason: cause, ...spec });
  const attempt = (cause: string) => `[stopped ${cause} class ${cause}] [wish done]`;
  decisionTable([
    [
      'a stalled one is tried again once',
      stopped('stalled', {}),
      `dispatch.parked parked backoff +500: so far; retry 1 of 1 for class stalled ${attempt('stalled')}`,
    ],
    [
      'a stalled one is not tried again twice',
      stopped('stalled', { failures: { stalled: 1 } }),
      `dispatch.ended ended: so far ${attempt('stalled')}`,
    ],
    [
      'a timed-out one has its own budget',
      stopped('timed-out', { failures: { stalled: 1, infrastructure: 3 } }),
      `dispatch.parked parked backoff +500: so far; retry 1 of 1 for class timed-out ${attempt('timed-out')}`,
    ],
    [
      'a timed-out one is not tried again twice',
      stopped('timed-out', { failures: { 'timed-out': 1 } }),
      `dispatch.ended ended: so far ${attempt('timed-out')}`,
    ],
    [
      'a stalled one that was cancelled meanwhile is not tried again',
      stopped('stalled', { wish: { cause: 'cancelled', agoMs: 1 } }),
      `dispatch.ended ended: so far ${attempt('stalled')}`,
    ],
    [
      'a budget of zero means no retry',
      stopped('stalled', { retries: { stalled: 0 } }),
      `dispatch.ended ended: so far ${attempt('stalled')}`,
    ],
    [
      'later retries wait longer',
      stopped('stalled', { retries: { stalled: 9 }, failures: { stalled: 4 }, chance: 0.999999 }),
      `dispatch.parked parked backoff +16000: so far; retry 5 of 9 for class stalled ${attempt('stalled')}`,
    ],
  ]);
});
