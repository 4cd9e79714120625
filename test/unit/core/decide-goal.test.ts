// Owns the table of done_when: whatever happened to its process, work that reached its goal has succeeded (I13).
import { describe } from 'vitest';
import { SUCCEEDED } from '../../../src/core/retry.ts';
import { decisionTable } from './decision-table.ts';
import { type RowSpec, SECOND, exited, over, refused, signalled, zero } from './row.ts';

describe('I13: done_when is consulted before an end is written', () => {
  const goal = (end: 'success' | 'failure' | 'crash' | 'loss', spec: RowSpec): RowSpec => {
    const exit = {
      success: exited(0),
      failure: exited(3),
      crash: signalled('SIGKILL', 137),
      loss: 'absent',
    } as const;
    return over(exit[end], { emptyLooks: 2, spec: { doneWhen: 'test -f plan.md' }, ...spec });
  };
  const lossText = 'its agent and its shim are gone, and no exit was recorded';
  const retry = 'retry 1 of 3 for class infrastructure';
  decisionTable([
    [
      'after a success',
      goal('success', {}),
      'stay - ask-goal: exited with code 0; asking done_when',
    ],
    [
      'after a failure',
      goal('failure', {}),
      'stay - ask-goal: exited with code 3; asking done_when',
    ],
    ['after a loss', goal('loss', {}), `stay - ask-goal: ${lossText}; asking done_when`],
    [
      'and not before its tree is empty',
      goal('success', { emptyLooks: 0 }),
      'stay +10: exited with code 0; looking again',
    ],
    [
      'nor asked twice',
      goal('success', { goal: 'asking' }),
      'stay -: exited with code 0; done_when is being asked',
    ],
    [
      'the processes of the check itself are no leftovers',
      goal('failure', { goal: 'asking', members: [99] }),
      'stay -: exited with code 3; done_when is being asked',
    ],
    [
      'where leftovers are kept, too',
      goal('failure', {
        goal: 'asking',
        members: [99],
        spec: { doneWhen: 'x', leftovers: 'keep' },
      }),
      'stay -: exited with code 3; done_when is being asked',
    ],
    [
      'a background process that the check left behind is a leftover',
      goal('failure', { goal: 'reached', members: [99] }),
      'attempt.stopping stopping 70@700 leftovers of failed code 3 class agent kill +5000: exited with code 3; 1 of its processes are still there',
    ],
    [
      'reached, a success stays one',
      goal('success', { goal: 'reached' }),
      'dispatch.ended ended: exited with code 0; done_when holds [succeeded code 0] [wish done]',
    ],
    [
      'reached, a failure is a success with its exit code',
      goal('failure', { goal: 'reached' }),
      'dispatch.ended ended: exited with code 3; done_when holds [succeeded code 3] [wish done]',
    ],
    [
      'reached, a crash is not tried again',
      goal('crash', { goal: 'reached' }),
      'dispatch.ended ended: ended by SIGKILL; done_when holds [succeeded code 137 by SIGKILL] [wish done]',
    ],
    [
      'reached, a loss is not tried again',
      goal('loss', { goal: 'reached' }),
      `dispatch.ended ended: ${lossText}; done_when holds [succeeded] [wish done]`,
    ],
    [
      'reached, even a cancelled one has succeeded',
      goal('success', { goal: 'reached', wish: { cause: 'cancelled' } }),
      'dispatch.ended ended: exited with code 0; done_when holds [succeeded code 0] [wish done]',
    ],
    [
      'missed, an exit with 0 is a failure of the agent',
      goal('success', { goal: 'missed' }),
      'dispatch.ended ended: exited with code 0, but done_when does not hold [failed code 0 class agent] [wish done]',
    ],
    [
      'missed, it is tried again where the agent has retries',
      goal('success', { goal: 'missed', retries: { agent: 1 } }),
      'dispatch.parked parked backoff +500: exited with code 0, but done_when does not hold; retry 1 of 1 for class agent [failed code 0 class agent] [wish done]',
    ],
    [
      'missed, a failure is what it was',
      goal('failure', { goal: 'missed' }),
      'dispatch.ended ended: exited with code 3; done_when does not hold [failed code 3 class agent] [wish done]',
    ],
    [
      'missed, a loss is what it was',
      goal('loss', { goal: 'missed' }),
      `dispatch.parked parked backoff +500: ${lossText}; done_when does not hold; ${retry} [lost class infrastructure] [wish done]`,
    ],
    [
      'unanswered, a success is what it was',
      goal('success', { goal: 'unknown' }),
      'dispatch.ended ended: exited with code 0; done_when gave no answer [succeeded code 0] [wish done]',
    ],
    [
      'unanswered, a crash is what it was',
      goal('crash', { goal: 'unknown' }),
      `dispatch.parked parked backoff +500: ended by SIGKILL; done_when gave no answer; ${retry} [failed code 137 by SIGKILL class infrastructure] [wish done]`,
    ],
    [
      'not asked of a refusal: nothing ran',
      over(refused('no such program'), { spec: { doneWhen: 'true' } }),
      'dispatch.ended ended: no such program [refused (no such program)] [wish done]',
    ],
    [
      'not asked where there is none, whatever is remembered',
      over(exited(0), { goal: 'reached' }),
      'dispatch.ended ended: exited with code 0 [succeeded code 0] [wish done]',
    ],
  ]);
});

describe('I13: done_when is consulted after a kill', () => {
  const goal = (spec: RowSpec) => zero({ reason: 'stalled', spec: { doneWhen: 'x' }, ...spec });
  decisionTable([
    ['once zero is proved', goal({}), 'stay - ask-goal: so far; asking done_when'],
    ['and not before', goal({ emptyLooks: 1 }), 'stay +10: its tree is empty; looking again'],
    [
      'the processes of the check itself are not killed',
      goal({ goal: 'asking', members: [99] }),
      'stay -: so far; done_when is being asked',
    ],
    [
      'what the check left behind is killed',
      goal({ goal: 'reached', members: [99] }),
      'stay +20 kill: so far',
    ],
    [
      'reached, it is a success however its process ended',
      goal({ goal: 'reached', exit: signalled('SIGKILL', 137, SECOND) }),
      'dispatch.ended ended: so far; done_when holds [succeeded code 137 by SIGKILL] [wish done]',
    ],
    [
      'reached, it is not put back into the queue',
      goal({ goal: 'reached', reason: 'superseded' }),
      'dispatch.ended ended: so far; done_when holds [succeeded] [wish done]',
    ],
    [
      'missed, it is tried again',
      goal({ goal: 'missed' }),
      'dispatch.parked parked backoff +500: so far; done_when does not hold; retry 1 of 1 for class stalled [stopped stalled class stalled] [wish done]',
    ],
    [
      'unanswered, it is tried again',
      goal({ goal: 'unknown' }),
      'dispatch.parked parked backoff +500: so far; done_when gave no answer; retry 1 of 1 for class stalled [stopped stalled class stalled] [wish done]',
    ],
    [
      'missed by leftovers of a success, it is a failure of the agent',
      goal({ goal: 'missed', reason: SUCCEEDED }),
      'dispatch.ended ended: so far, but done_when does not hold [failed code 0 class agent] [wish done]',
    ],
  ]);
});
