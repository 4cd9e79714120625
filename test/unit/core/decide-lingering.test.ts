// Owns the table of an agent that lives and may have its result: when it is asked, when it is ended, and as what.
import { describe } from 'vitest';
import type { StopReason } from '../../../src/core/dispatch.ts';
import { SUCCEEDED } from '../../../src/core/retry.ts';
import { decisionTable } from './decision-table.ts';
import { MINUTE, type RowSpec, SECOND, exited, over, signalled, zero } from './row.ts';

const spec = { doneWhen: 'test -f plan.md' };
const quiet = (text: string) => `quiet for ${text}; last sign of work: wrote 9 bytes`;
const result = 'its result is there, and nothing was seen of it for';

describe('an agent that lives', () => {
  decisionTable([
    ['is not asked while it works', { spec }, 'stay +60000: wrote 9 bytes'],
    [
      'is not asked a moment before it has been silent for a minute',
      { spec, silentMs: MINUTE - 1 },
      'stay +1: wrote 9 bytes',
    ],
    [
      'is asked when it has been',
      { spec, silentMs: MINUTE },
      `stay +1140000 ask-result: ${quiet('1m')}; asking whether its result is there`,
    ],
    [
      'is asked after half of a short window',
      { spec: { ...spec, lingerMs: 10 * SECOND }, silentMs: 5 * SECOND },
      'stay +1195000 ask-result: wrote 9 bytes; asking whether its result is there',
    ],
    [
      'is not asked twice',
      { spec, silentMs: 2 * MINUTE, result: 'asking' },
      `stay +1080000: ${quiet('2m')}`,
    ],
    [
      'whose result is missing has the whole stall window',
      { spec, silentMs: 19 * MINUTE, result: 'missing' },
      `stay +60000: ${quiet('19m')}`,
    ],
    [
      'without done_when has nothing to be asked',
      { silentMs: MINUTE },
      `stay +1140000: ${quiet('1m')}`,
    ],
    [
      'is not asked by who cannot look',
      { spec, silentMs: MINUTE, blind: 'EMFILE' },
      'stay +1000: cannot look for signs of work: EMFILE',
    ],
    [
      'whose result is there lingers until its window is over',
      { spec, silentMs: 2 * MINUTE - 1, result: 'there' },
      `stay +1: ${result} 1m59s`,
    ],
    [
      'is ended then, as what its result says',
      { spec, silentMs: 2 * MINUTE, result: 'there' },
      `attempt.stopping stopping 70@700 lingering succeeded code 0 kill +10000: ${result} 2m`,
    ],
    [
      'I4: is not ended by who cannot look',
      { spec, silentMs: 2 * MINUTE, result: 'there', blind: 'EMFILE' },
      'stay +1000: cannot look for signs of work: EMFILE',
    ],
    [
      'I7: has a whole window after a restart of its supervisor',
      { spec, silentMs: 9 * MINUTE, watchedMs: 2 * MINUTE - 1, result: 'there' },
      `stay +1: ${result} 1m59s`,
    ],
    [
      'that has a result and works is extended like any other',
      { spec, silentMs: 30 * SECOND, result: 'there', deadline: { softInMs: 0, hardInMs: MINUTE } },
      'extend to +60000, hard +60000 (1, 60000): wrote 9 bytes: extended by 1m',
    ],
  ]);
});

describe('an agent that lingered', () => {
  const reason: StopReason = { kind: 'lingering', end: SUCCEEDED };
  const stopping: RowSpec = { state: 'stopping', spec, reason, members: [70] };
  decisionTable([
    [
      'gets the graceful signal first',
      { ...stopping, killInMs: SECOND },
      'stay +900 signal: so far',
    ],
    ['is killed after its grace', stopping, 'stay +20 kill: so far'],
    [
      'has succeeded, with the exit that we caused, and done_when is not asked again',
      zero({ spec, reason, sinceMs: SECOND, exit: signalled('SIGTERM', 143, 0) }),
      'dispatch.ended ended: so far [succeeded code 143 by SIGTERM] [wish done]',
    ],
    [
      'has succeeded without one',
      zero({ spec, reason, exit: 'absent' }),
      'dispatch.ended ended: so far [succeeded] [wish done]',
    ],
    [
      'and had left just before is judged by its exit and done_when, as if nobody had stopped it',
      zero({ spec, reason, sinceMs: SECOND, exit: exited(3, 2 * SECOND) }),
      'stay - ask-goal: exited with code 3, before it was stopped; asking done_when',
    ],
  ]);
});

describe('an agent that ends while it is asked', () => {
  decisionTable([
    [
      'is not concluded before the answer: what asks has the mark of its tree',
      over(exited(0), { spec, result: 'asking' }),
      'stay -: exited with code 0; done_when is being asked',
    ],
    [
      'is asked again, for an answer from before its end proves nothing',
      over(exited(0), { spec, result: 'there', emptyLooks: 2 }),
      'stay - ask-goal: exited with code 0; asking done_when',
    ],
  ]);
});
