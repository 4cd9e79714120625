// Owns the table of `stopping`: graceful signal, grace, kill, proof of zero, and what is written then.
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { LOST, SUCCEEDED } from '../../../src/core/retry.ts';
import { decisionTable } from './decision-table.ts';
import { HOUR, MINUTE, type RowSpec, SECOND, exited, row, zero } from './row.ts';

const stopping = (spec: RowSpec): RowSpec => ({ state: 'stopping', ...spec });
describe('I4: while somebody cannot be seen nothing is signalled and nothing is written', () => {
  const cannotSee = 'stay +1000: cannot see its agent or its shim';
  decisionTable([
    ['the tree', zero({ members: 'unknown' }), 'stay +1000: so far; cannot see its tree: EIO'],
    [
      'the tree, not looked at',
      zero({ members: 'absent' }),
      'stay +1000: so far; cannot see its tree: no look yet',
    ],
    [
      'the tree, while its agent lives',
      stopping({ members: 'unknown' }),
      'stay +1000: so far; cannot see its tree: EIO',
    ],
    ['the agent', zero({ agent: 'unknown' }), cannotSee],
    ['the agent, while others live', stopping({ agent: 'unknown', members: [70, 71] }), cannotSee],
    ['the shim', zero({ shim: 'unknown' }), cannotSee],
    ['the shim, while others live', stopping({ shim: 'unknown', members: [70, 71] }), cannotSee],
    [
      'the exit record, which may say that it ended by itself',
      zero({ exit: 'unknown' }),
      'stay +1000: its tree is empty; cannot read its exit record: EIO',
    ],
    [
      'the exit record, which may say that it was no loss',
      zero({ reason: LOST, exit: 'unknown' }),
      'stay +1000: its tree is empty; cannot read its exit record: EIO',
    ],
  ]);
});

describe('I8: the way of a tree to zero', () => {
  const inGrace = (spec: RowSpec = {}) => stopping({ killInMs: 8_000, members: [70, 71], ...spec });
  decisionTable([
    ['the agent alone gets the graceful signal', inGrace(), 'stay +7900 signal: so far'],
    [
      'the tree is looked at shortly before its kill',
      inGrace({ killInMs: 101 }),
      'stay +1 signal: so far',
    ],
    ['and once, where that is now', inGrace({ killInMs: 100 }), 'stay +100 signal: so far'],
    ['up to the last moment of the grace', inGrace({ killInMs: 1 }), 'stay +1 signal: so far'],
    [
      'when the grace is over, the tree is killed',
      inGrace({ killInMs: 0 }),
      'stay +20 kill: so far',
    ],
    [
      'what the agent leaves behind within its grace is killed at once',
      inGrace({ agent: 'gone', members: [71] }),
      'stay +20 kill: so far',
    ],
    [
      'leftovers get their grace, and no signal',
      inGrace({ agent: 'gone', reason: SUCCEEDED, members: [71] }),
      'stay +7900: so far',
    ],
    [
      'leftovers are killed after it',
      inGrace({ agent: 'gone', reason: SUCCEEDED, members: [71], killInMs: 0 }),
      'stay +20 kill: so far',
    ],
    [
      'kills are repeated, each later than the one before',
      inGrace({ killInMs: 0, killRounds: 1, killed: [70] }),
      'stay +40 kill: so far',
    ],
    [
      'a third time',
      inGrace({ killInMs: 0, killRounds: 2, killed: [70] }),
      'stay +80 kill: so far',
    ],
    [
      'and for ever, twice a minute',
      inGrace({
        killInMs: 0,
        killRounds: 11,
        killed: [71],
        members: [71],
        survivors: [71],
        agent: 'gone',
      }),
      'stay +30000 kill: so far',
    ],
    [
      'a shim that is alive is left to record the exit',
      zero({ shim: 'alive' }),
      'stay +10: its tree is empty; its shim is leaving',
    ],
    [
      'one empty look is not enough',
      zero({ emptyLooks: 1 }),
      'stay +10: its tree is empty; looking again',
    ],
    [
      'an agent that lives while its tree looks empty is not over',
      zero({ agent: 'alive', killInMs: 5 }),
      'stay +5: so far',
    ],
  ]);
});

describe('a shim that does not leave', () => {
  const alone = (spec: RowSpec) => zero({ shim: 'alive', emptyLooks: 9, ...spec });
  const leaving = 'stay +10: its tree is empty; its shim is leaving';
  const killed = 'stay +1000 kill with its shim: its shim does not leave';
  decisionTable([
    ['has five seconds from its record', alone({ exit: exited(0, 4_999) }), leaving],
    ['is killed after them', alone({ exit: exited(0, 5_000) }), killed],
    [
      'is killed by a clock that has stepped back as well',
      alone({ exit: exited(0, -HOUR) }),
      killed,
    ],
    ['without a record has five seconds from the kill', alone({ killInMs: -4_999 }), leaving],
    ['is killed after them, without a record', alone({ killInMs: -5_000 }), killed],
    ['has the grace of its agent before them', alone({ killInMs: 10 * SECOND }), leaving],
    [
      'has five seconds from the beginning of the stop at least',
      alone({ killInMs: -HOUR, sinceMs: 4_999 }),
      leaving,
    ],
    [
      'whose record cannot be read is killed like one without',
      alone({ exit: 'unknown', killInMs: -5_000 }),
      killed,
    ],
  ]);
});

describe('a shim that waits for others than ours', () => {
  const waits = (spec: RowSpec) =>
    zero({ shim: 'alive', tier: 'subreaper', exit: exited(0, 50), ...spec });
  decisionTable([
    [
      'does not hold the slot, once two looks found nobody',
      waits({}),
      'dispatch.ended ended: so far [stopped cancelled code 0 class cancelled] [wish done]',
    ],
    [
      'does not make one look enough',
      waits({ emptyLooks: 1 }),
      'stay +10: its tree is empty; looking again',
    ],
    [
      'may be about to leave just after its record',
      waits({ exit: exited(0, 49) }),
      'stay +10: its tree is empty; its shim is leaving',
    ],
    [
      'without a record has not ended its work',
      waits({ exit: 'absent', killInMs: -4_999 }),
      'stay +10: its tree is empty; its shim is leaving',
    ],
  ]);
});

describe('I8: survivors are named', () => {
  const many = (spec: RowSpec) =>
    stopping({ agent: 'gone', killRounds: 3, members: [71], killed: [71], ...spec });
  const named = 'attempt.survived stopping 70@700 cancelled kill -1000 survivors';
  decisionTable([
    ['not before the third kill', many({ killRounds: 2 }), 'stay +80 kill: so far'],
    ['after it', many({}), `${named} 71: 1 of its processes survived 3 kills`],
    ['once, and then the killing goes on', many({ survivors: [71] }), 'stay +160 kill: so far'],
    [
      'in whatever order they are seen',
      many({ members: [72, 71], killed: [71, 72], survivors: [71, 72] }),
      'stay +160 kill: so far',
    ],
    [
      'again when one of them is gone',
      many({ survivors: [71, 72] }),
      `${named} 71: 1 of its processes survived 3 kills`,
    ],
    [
      'again when another has outlived a kill',
      many({ members: [71, 73], killed: [71, 73], survivors: [71] }),
      `${named} 71,73: 2 of its processes survived 3 kills`,
    ],
    [
      'without those that were born after the kill',
      many({ members: [71, 74], killed: [71], survivors: [71] }),
      'stay +160 kill: so far',
    ],
    [
      'for a tree that renews itself faster than it is killed, by who is there',
      many({ members: [75], killed: [71] }),
      `${named} 75: 1 of its processes survived 3 kills`,
    ],
    [
      'which does not keep it from being killed again',
      many({ members: [76], killed: [75], survivors: [71] }),
      'stay +160 kill: so far',
    ],
    [
      'after a restart not before three more kills, though their names are in the state',
      many({ killRounds: 0, killed: [], survivors: [71, 72] }),
      'stay +20 kill: so far',
    ],
  ]);

  test('I18: at most twenty of them in the event, all of them in the state', () => {
    const pids = Array.from({ length: 30 }, (_, index) => 100 + index);
    const { live, evidence, moment } = row(many({ members: pids, killed: pids }));
    const decision = decide(live, evidence, moment);
    if (decision.kind !== 'change' || decision.next.kind !== 'stopping')
      throw new Error('it stays');
    expect(decision.data?.['survivors']).toHaveLength(20);
    expect(decision.next.survivors).toHaveLength(30);
  });
});

describe('I9: an agent that has opted out of its own tree', () => {
  decisionTable([
    ['gets no graceful signal', stopping({ killInMs: 5, members: [71] }), 'stay +5: so far'],
    [
      'gets none either where it was never seen running',
      stopping({ process: null, pid: 'seen', killInMs: 5, members: [71] }),
      'stay +5: so far',
    ],
    [
      'is named as a survivor',
      stopping({ members: [], killRounds: 3 }),
      'attempt.survived stopping 70@700 cancelled kill -1000 survivors 70: 1 of its processes survived 3 kills',
    ],
    [
      'is named beside the others',
      stopping({ members: [71], killed: [71], killRounds: 3 }),
      'attempt.survived stopping 70@700 cancelled kill -1000 survivors 70,71: 2 of its processes survived 3 kills',
    ],
  ]);

  test.each([
    [['agent'], 'agent'],
    [[], 'command'],
  ])('is named by what was run: %j', (run, command) => {
    const opted = stopping({ members: [], killRounds: 3, spec: { run } });
    const { live, evidence, moment } = row(opted);
    expect(decide(live, evidence, moment)).toMatchObject({
      next: { survivors: [{ pid: 70, startTime: 700, command }] },
    });
  });
});

describe('a newer wish', () => {
  const wished = (wish: NonNullable<RowSpec['wish']>, spec: RowSpec = {}) =>
    stopping({ killInMs: 8_000, members: [70], wish, ...spec });
  decisionTable([
    [
      'shortens the grace',
      wished({ cause: 'cancelled', graceMs: SECOND }),
      'attempt.stopping stopping 70@700 cancelled kill +1000: so far',
    ],
    [
      'shortens it to nothing, counted from when it was made',
      wished({ cause: 'cancelled', graceMs: 0, agoMs: 20 }),
      'attempt.stopping stopping 70@700 cancelled kill -20: so far',
    ],
    [
      'shortens the grace of whatever cause',
      wished({ cause: 'cancelled', graceMs: SECOND }, { reason: 'stalled' }),
      'attempt.stopping stopping 70@700 stalled kill +1000: so far',
    ],
    [
      'does not lengthen it',
      wished({ cause: 'cancelled', graceMs: MINUTE }),
      'stay +7900 signal: so far',
    ],
    [
      'with the same end changes nothing',
      wished({ cause: 'cancelled', graceMs: 8_000 }),
      'stay +7900 signal: so far',
    ],
    [
      'without a grace of its own changes nothing',
      wished({ cause: 'superseded' }),
      'stay +7900 signal: so far',
    ],
    [
      'leaves the grace of leftovers alone',
      wished({ cause: 'cancelled', graceMs: 0 }, { agent: 'gone', reason: SUCCEEDED }),
      'stay +7900: so far',
    ],
    [
      'that shortens it names nobody anew',
      wished({ cause: 'cancelled', graceMs: 0 }, { survivors: [70] }),
      'attempt.stopping stopping 70@700 cancelled kill +0 survivors 70: so far',
    ],
  ]);
});
