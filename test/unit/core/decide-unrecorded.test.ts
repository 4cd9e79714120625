// Owns the table of what follows where records of a start were destroyed: a claim that recovery could seize from an agent
// that works, a pid record that never comes.
import { describe } from 'vitest';
import { decisionTable } from './decision-table.ts';
import { HOUR, type RowSpec } from './row.ts';

const seized = (spec: RowSpec): RowSpec => ({
  state: 'starting',
  claim: 'recovery',
  shim: 'gone',
  start: { kind: 'not-mine' },
  ...spec,
});
/** Its shim was started from here, and the claim is ours. */
const behind = (spec: RowSpec): RowSpec =>
  seized({
    shim: 'alive',
    start: { kind: 'under-way' },
    members: [],
    emptyLooks: 2,
    sinceMs: 10_000,
    ...spec,
  });
const why = 'nobody has claimed its start, but a process with its mark lives';

decisionTable([
  [
    'I4: while its tree cannot be seen, somebody may live in it',
    seized({ members: 'unknown' }),
    'stay +1000: it never started; cannot see its tree: EIO',
  ],
  [
    'one look that finds nobody proves nothing',
    seized({ members: [], emptyLooks: 1 }),
    'stay +20: it never started; looking again',
  ],
  [
    'a shim that has lost its claim is given a moment to leave',
    seized({ members: [70], sinceMs: 4_999 }),
    `stay +20: ${why}`,
  ],
  [
    'I4: who lives with its mark longer than that was started, and is watched on',
    seized({ members: [70], sinceMs: 5_000 }),
    `attempt.adopted running 70@700: adopted: ${why}`,
  ],
  [
    'and is stopped where a person wishes it',
    seized({ members: [70], sinceMs: 5_000, wish: { cause: 'cancelled' } }),
    `attempt.stopping stopping cancelled kill +10000: somebody wished it; ${why}`,
  ],
]);

describe('a start under way that nobody claims', () => {
  const unclaimed = (spec: RowSpec): RowSpec => ({ state: 'starting', claim: 'absent', ...spec });
  decisionTable([
    [
      'is waited for by the minute, for a machine may be busy',
      unclaimed({ sinceMs: 119_999 }),
      'stay +1000: its shim is on the way',
    ],
    [
      'is taken back after two',
      unclaimed({ sinceMs: 120_000 }),
      'stay +20 seize-claim: nobody has claimed its start',
    ],
    [
      'is taken back at once where a person wishes it',
      unclaimed({ sinceMs: 1, wish: { cause: 'cancelled' } }),
      'stay +20 seize-claim: nobody has claimed its start',
    ],
    [
      'goes back to the queue, at no cost, where it was interrupted',
      behind({ shim: 'gone', start: { kind: 'not-mine' }, wish: { cause: 'superseded' } }),
      'dispatch.requeued queued: it never started [stopped superseded] [wish done]',
    ],
  ]);
});

describe('I2: a shim that lives though we hold its claim', () => {
  const waits = 'stay +1000: it never started, and its shim has not left';
  decisionTable([
    ['leaves in a moment, or may still start its agent', behind({}), waits],
    ['has two minutes for that', behind({ sinceMs: 119_999 }), waits],
    ['while we are awake', behind({ sinceMs: HOUR, awakeMs: 119_999 }), waits],
    [
      'and no more than two minutes',
      behind({ sinceMs: HOUR, awakeMs: 120_000 }),
      'attempt.stopping stopping leftovers of refused (its shim has not claimed the start) class infrastructure kill +5000: its shim has not claimed the start',
    ],
    [
      'goes with all that is kept when a person wishes it',
      behind({ wish: { cause: 'cancelled', agoMs: 5_000 }, spec: { leftovers: 'keep' } }),
      'attempt.stopping stopping cancelled kill +10000: somebody wished it; it never started, and its shim has not left',
    ],
    [
      'I4: is not believed gone where it cannot be seen',
      behind({ shim: 'unknown', sinceMs: HOUR }),
      'stay +1000: it never started, and its shim cannot be seen',
    ],
    [
      'goes before the next start',
      behind({ sinceMs: 120_000 }),
      'attempt.stopping stopping leftovers of refused (its shim has not claimed the start) class infrastructure kill +5000: its shim has not claimed the start',
    ],
    [
      'is not told from who is kept',
      behind({ sinceMs: 120_000, spec: { leftovers: 'keep' } }),
      'dispatch.parked parked backoff +500: its shim has not claimed the start; retry 1 of 3 for class infrastructure [refused (its shim has not claimed the start) class infrastructure] [wish done]',
    ],
    [
      'has a moment to leave when a person wishes it, however long it has been there',
      behind({ sinceMs: HOUR, wish: { cause: 'cancelled', agoMs: 4_999 } }),
      waits,
    ],
    [
      'does not outlast the wish',
      behind({ wish: { cause: 'cancelled', agoMs: 5_000 } }),
      'attempt.stopping stopping cancelled kill +10000: somebody wished it; it never started, and its shim has not left',
    ],
  ]);
});

const late = (spec: RowSpec): RowSpec => ({ state: 'starting', sinceMs: 5_000, ...spec });

describe('a start whose shim lives and records nothing', () => {
  decisionTable([
    [
      'I4: is waited for as long as nobody else can be seen',
      late({ members: 'unknown' }),
      'stay +1000: its shim has claimed it',
    ],
    ['or nobody else is there', late({ members: [] }), 'stay +1000: its shim has claimed it'],
    [
      'is watched where somebody with its mark lives',
      late({ members: [70] }),
      'attempt.started running 70@700: its shim has claimed it and not recorded the start, but a process with its mark lives',
    ],
  ]);
});

describe('a shim that lives, alone, and has recorded nothing of an agent', () => {
  const alone = (spec: RowSpec) =>
    late({ claim: 'illegible', members: [], emptyLooks: 2, sinceMs: 240_000, ...spec });
  const waits = 'stay +1000: its shim has claimed it';
  decisionTable([
    ['may still start its agent', alone({ sinceMs: 239_999 }), waits],
    ['is not alone by one look', alone({ emptyLooks: 1 }), waits],
    ['slept while the machine did', alone({ sinceMs: HOUR, awakeMs: 239_999 }), waits],
    [
      'I4: is not believed alone where its tree cannot be seen',
      alone({ members: 'unknown' }),
      waits,
    ],
    [
      'is ended after four minutes, and what it ran for is lost',
      alone({}),
      'attempt.stopping stopping leftovers of lost class infrastructure kill +5000: its shim has claimed it and recorded nothing more, and only its shim is left',
    ],
    [
      'by whichever clock',
      alone({ sinceMs: -240_000 }),
      'attempt.stopping stopping leftovers of lost class infrastructure kill +5000: its shim has claimed it and recorded nothing more, and only its shim is left',
    ],
    [
      'has its stream read before',
      alone({ said: {}, reading: true }),
      'stay +0: its shim has claimed it; reading what it said',
    ],
    ['is not told from who is kept', alone({ spec: { leftovers: 'keep' } }), waits],
    [
      'may be shown to live by nobody',
      alone({ shim: 'unknown' }),
      'stay +1000: cannot see its shim',
    ],
    [
      'is ended as well where its claim is legible: it was stopped, or what followed was destroyed',
      alone({ claim: 'shim' }),
      'attempt.stopping stopping leftovers of lost class infrastructure kill +5000: its shim has claimed it and recorded nothing more, and only its shim is left',
    ],
  ]);
});

describe('an agent that was guessed, for its pid record is gone', () => {
  const guess = (spec: RowSpec): RowSpec => ({
    agent: 'gone',
    shim: 'gone',
    pid: 'absent',
    ...spec,
  });
  decisionTable([
    [
      'I4: ends, and the next of its tree is watched on: the guess may have been the shim',
      guess({ members: [71, 70] }),
      'attempt.adopted running 70@700: its pid is not on record, but a process with its mark lives',
    ],
    [
      'I4: is not lost while its tree cannot be seen, even where leftovers are kept',
      guess({ members: 'unknown', spec: { leftovers: 'keep' } }),
      'stay +1000: its pid is not on record; cannot see its tree: EIO',
    ],
    [
      'is lost when nobody is left',
      guess({ members: [], emptyLooks: 2, failures: { infrastructure: 3 } }),
      'dispatch.ended ended: its agent and its shim are gone, and no exit was recorded [lost class infrastructure] [wish done]',
    ],
  ]);
});
