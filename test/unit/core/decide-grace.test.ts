// Owns the table of a grace whose clock was set back while nobody watched (I7).
import { describe } from 'vitest';
import { decisionTable } from './decision-table.ts';
import { HOUR, SECOND } from './row.ts';

const stopping = { state: 'stopping', members: [70] } as const;

describe('I7: a tree that has to go, by a clock that is behind the moment at which that began', () => {
  decisionTable([
    [
      'has its grace afresh, and not for as long as the step back was',
      { ...stopping, sinceMs: -HOUR, killInMs: HOUR + 10 * SECOND },
      'attempt.stopping stopping 70@700 cancelled kill +10000: so far',
    ],
    [
      'has the same grace where the clock only drifts',
      { ...stopping, sinceMs: -2 * SECOND, killInMs: 12 * SECOND },
      'stay +11900 signal: so far',
    ],
    [
      'has its grace afresh where it may be more than drift',
      { ...stopping, sinceMs: -2 * SECOND - 1, killInMs: 12 * SECOND + 1 },
      'attempt.stopping stopping 70@700 cancelled kill +10000: so far',
    ],
  ]);
});
