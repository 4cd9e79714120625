// Owns the table of `starting` where its shim has recorded something: the agent, its end, or that there will be none.
import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { decisionTable } from './decision-table.ts';
import { HOUR, MINUTE, type RowSpec, SECOND, exited, refused, row, signalled } from './row.ts';

const starting = (spec: RowSpec): RowSpec => ({ state: 'starting', ...spec });
const NOT_MINE = { kind: 'not-mine' } as const;
/** Found by another supervisor 58 s after its claim, with one minute to its deadline and another to its hard limit. */
const LATE: RowSpec = {
  pid: 'seen',
  start: NOT_MINE,
  spec: { deadlineMs: MINUTE, extendMs: MINUTE },
  deadline: { softInMs: 2 * SECOND, hardInMs: MINUTE + 2 * SECOND },
};
/** The 48 s that it lacks, given before. */
const GIVEN = { softInMs: 50 * SECOND, hardInMs: MINUTE + 50 * SECOND };
const NOTHING_TO_GET: readonly (readonly [string, RowSpec])[] = [
  ['who began in time', { writtenMs: 54 * SECOND }],
  ['who was given it already', { writtenMs: 10 * SECOND, deadline: GIVEN }],
  ['who has no deadline', { writtenMs: 10 * SECOND, spec: {} }],
  ['whom nobody can date', {}],
];

decisionTable([
  [
    'the pid record says that it runs',
    starting({ pid: 'seen' }),
    'attempt.started running 70@700: its agent runs',
  ],
  [
    'I10: after a restart the same is an adoption',
    starting({ pid: 'seen', start: NOT_MINE }),
    'attempt.adopted running 70@700: adopted: its agent runs',
  ],
  [
    'I7: one that began late has lost time of its deadline to whoever claimed it, and is given it before it is adopted',
    starting({ ...LATE, writtenMs: 10 * SECOND }),
    'extend to +50000, hard +110000 (1, 48000): began 48s after its claim: extended by 48s',
  ],
  [
    'nobody begins in the future, whatever a file says',
    starting({ ...LATE, writtenMs: -HOUR }),
    'extend to +60000, hard +120000 (1, 58000): began 58s after its claim: extended by 58s',
  ],
  [
    'a process that stands for the agent of a dead shim is given it as well',
    starting({ ...LATE, writtenMs: 10 * SECOND, pid: 'absent', shim: 'gone', members: [71] }),
    'extend to +50000, hard +110000 (1, 48000): began 48s after its claim: extended by 48s',
  ],
  ...NOTHING_TO_GET.map(([who, spec]): readonly [string, RowSpec, string] => [
    `nothing is given to ${who}`,
    starting({ ...LATE, ...spec }),
    'attempt.adopted running 70@700: adopted: its agent runs',
  ]),
  [
    'who has claimed it knows itself what it owes',
    starting({ ...LATE, writtenMs: 10 * SECOND, start: { kind: 'under-way' } }),
    'attempt.started running 70@700: its agent runs',
  ],
  [
    'an agent that was recorded counts as started, even if it is gone by now',
    starting({ pid: 'seen', agent: 'gone', shim: 'gone' }),
    'attempt.started running 70@700: its agent runs',
  ],
  [
    'a cancel is carried out once it runs',
    starting({ pid: 'seen', wish: { cause: 'cancelled', agoMs: MINUTE } }),
    'attempt.started running 70@700: its agent runs',
  ],
  [
    'I4: an exit record that cannot be read comes first',
    starting({ exit: 'unknown', pid: 'seen' }),
    'stay +1000: cannot read its exit record: EIO',
  ],
  [
    'I4: a pid record that cannot be read is not absent',
    starting({ pid: 'unknown', shim: 'gone', members: [], emptyLooks: 2 }),
    'stay +1000: cannot read its pid record: EIO',
  ],
  [
    'I4: a claim that cannot be looked for is not absent',
    starting({ claim: 'unknown', shim: 'gone' }),
    'stay +1000: cannot look for its claim: EIO',
  ],
  [
    'an agent that ended before it was ever seen running is concluded at once',
    starting({ exit: exited(0, 0), shim: 'gone', members: [], emptyLooks: 1 }),
    'dispatch.ended ended: exited with code 0 [succeeded code 0] [wish done]',
  ],
  [
    'one that left processes behind is stopped, though its agent was never seen',
    starting({ exit: signalled('SIGSEGV', 139, 0), shim: 'gone', members: [71] }),
    'attempt.stopping stopping leftovers of failed code 139 by SIGSEGV class infrastructure kill +5000: ended by SIGSEGV; 1 of its processes are still there',
  ],
  [
    'a refusal ends it without a look at anything: nothing ever ran',
    starting({ exit: refused('no such program: agnet'), claim: 'absent', shim: 'unknown' }),
    'dispatch.ended ended: no such program: agnet [refused (no such program: agnet)] [wish done]',
  ],
  [
    'a refusal is no failure of a class, and is not tried again',
    starting({ exit: refused('no such program: agnet'), retries: { infrastructure: 9 } }),
    'dispatch.ended ended: no such program: agnet [refused (no such program: agnet)] [wish done]',
  ],
]);

test('the start of an agent names it in the event', () => {
  const { live, evidence, moment } = row(starting({ pid: 'seen', sinceMs: SECOND }));
  expect(decide(live, evidence, moment)).toMatchObject({ data: { pid: 70, startTime: 700 } });
});
