// Owns the table of decisions about a tree that has to go and cannot be looked at (I4, I9).
import { describe } from 'vitest';
import { decisionTable } from './decision-table.ts';
import type { RowSpec } from './row.ts';

const stopping = (spec: RowSpec): RowSpec => ({ state: 'stopping', ...spec });

describe('I4, I9: a tree that cannot be looked at', () => {
  const unseen = (spec: RowSpec) => stopping({ members: 'unknown', ...spec });
  const why = 'cannot see its tree: EIO';
  decisionTable([
    [
      'gets no signal, and is looked at again',
      unseen({ unseenMs: 999 }),
      `stay +1000: so far; ${why}`,
    ],
    [
      'not even the graceful one',
      unseen({ unseenMs: 999, killInMs: 5_000 }),
      `stay +1000: so far; ${why}`,
    ],
    [
      'is told of once that has lasted',
      unseen({ unseenMs: 1_000 }),
      `attempt.unseen stopping 70@700 cancelled kill -1000 unseen (EIO): so far; ${why}`,
    ],
    ['once', unseen({ unseenMs: 60_000, told: 'EIO' }), `stay +1000: stopped; ${why}`],
    [
      'again where it is for another reason',
      unseen({ unseenMs: 60_000, told: 'EACCES' }),
      `attempt.unseen stopping 70@700 cancelled kill -1000 unseen (EIO): stopped; ${why}`,
    ],
    [
      'and once it is seen again, the reason of the stop is what it was',
      stopping({ members: [71], told: 'EIO' }),
      'attempt.stopping stopping 70@700 cancelled kill -1000: stopped',
    ],
  ]);
});
