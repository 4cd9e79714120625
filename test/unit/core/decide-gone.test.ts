// Owns the tables of an agent that is gone before its exit is on record (I4, I12).
import { describe } from 'vitest';
import { decisionTable } from './decision-table.ts';
import { HOUR, MINUTE, type RowSpec, SECOND } from './row.ts';

describe('an agent that is gone while its exit is not on record', () => {
  const gone = (spec: RowSpec): RowSpec => ({ agent: 'gone', ...spec });
  const waits = 'stay +20: its agent is gone; its shim has not recorded the exit yet';
  decisionTable([
    ['leaves the record to its shim', gone({}), waits],
    ['I4: leaves it to a shim that cannot be seen', gone({ shim: 'unknown' }), waits],
    [
      'I4: is not lost while the record cannot be read',
      gone({ exit: 'unknown', shim: 'gone', members: [], emptyLooks: 2 }),
      'stay +1000: its agent is gone; cannot read its exit record: EIO',
    ],
    [
      'I4: is not believed to have been the agent while nobody can read who that was',
      gone({ pid: 'unknown', shim: 'gone', members: [71], spec: { leftovers: 'keep' } }),
      'stay +1000: its agent is gone; cannot read its pid record: EIO',
    ],
    [
      'its shim is given a moment against a cancel',
      gone({ wish: { cause: 'cancelled', agoMs: 4_999 } }),
      waits,
    ],
    [
      'its shim does not outlast a cancel for ever',
      gone({ wish: { cause: 'cancelled', agoMs: 5_000, graceMs: SECOND } }),
      'attempt.stopping stopping 70@700 cancelled kill +1000: somebody wished it; its agent is gone; its shim has not recorded the exit yet',
    ],
    [
      'its shim is given a moment beyond the hard limit',
      gone({ deadline: { softInMs: -HOUR, hardInMs: -4_999 } }),
      waits,
    ],
    [
      'its shim does not outlast the hard limit for ever',
      gone({ deadline: { softInMs: -HOUR, hardInMs: -5_000 } }),
      'attempt.stopping stopping 70@700 timed-out kill +10000: its hard limit is reached; its agent is gone; its shim has not recorded the exit yet',
    ],
    [
      'and without a limit not the silence that would end a living agent',
      { agent: 'gone', silentMs: 20 * MINUTE, watchedMs: HOUR },
      'attempt.stopping stopping 70@700 stalled kill +10000: no sign of work for 20m; last sign of work: wrote 9 bytes; its agent is gone; its shim has not recorded the exit yet',
    ],
    ['nor a moment earlier', { agent: 'gone', silentMs: 20 * MINUTE - 1, watchedMs: HOUR }, waits],
    [
      'I4: a shim that cannot be seen is waited for however long it takes',
      { agent: 'gone', shim: 'unknown', silentMs: HOUR, watchedMs: HOUR },
      waits,
    ],
    [
      'I4: a shim that cannot be seen does outlast the hard limit',
      gone({ shim: 'unknown', deadline: { softInMs: -HOUR, hardInMs: -HOUR } }),
      waits,
    ],
    [
      'I4: a shim that cannot be seen does outlast it',
      gone({ shim: 'unknown', wish: { cause: 'cancelled', agoMs: HOUR } }),
      waits,
    ],
  ]);
});
