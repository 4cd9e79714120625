// Owns the tables of membership: who belongs to an attempt's tree, and who never does.
import { describe, expect, test } from 'vitest';
import { MARK, type MemberRow, leads, memberPids, process } from './snapshot.ts';

const OTHER_MARK = 'led.d2.1.1.n1';

describe('who belongs to a tree', () => {
  test.each<MemberRow>([
    ['nobody, in an empty table', { table: [] }, []],
    ['nobody that has nothing to do with it', { table: [process(5), process(6, leads(6))] }, []],
    ['who carries its mark', { table: [process(5, { mark: MARK })] }, [5]],
    [
      'who was recorded as its agent or shim',
      { table: [process(5), process(6)], leaders: [5] },
      [5],
    ],
    [
      'I3: not who has the pid of its agent and another start time',
      { table: [process(5, { startTime: 51 })], leaders: [5] },
      [],
    ],
    [
      'children of its shim, whatever they have shed, and not the protected shim itself',
      {
        table: [process(4, leads(4)), process(5, { parent: 4, ...leads(5) })],
        shim: 4,
        protect: [4],
      },
      [5],
    ],
    [
      'I3: not children of who has the pid of its shim and another start time',
      { table: [process(4, { startTime: 41 }), process(5, { parent: 4 })], shim: 4 },
      [],
    ],
    [
      'not children of its shim that have opted out, nor what is behind them',
      {
        table: [process(4), process(5, { parent: 4, mark: 'off' }), process(6, { parent: 5 })],
        shim: 4,
        protect: [4],
      },
      [],
    ],
    [
      'children of members',
      { table: [process(5, { mark: MARK }), process(6, { parent: 5 })] },
      [5, 6],
    ],
    [
      'grandchildren, in whatever order the table is',
      {
        table: [process(7, { parent: 6 }), process(6, { parent: 5 }), process(5, { mark: MARK })],
      },
      [5, 6, 7],
    ],
    [
      'who is in a session that a member leads',
      { table: [process(5, { mark: MARK, ...leads(5) }), process(6, { session: 5 })] },
      [5, 6],
    ],
    [
      'who is in a group that a member leads',
      { table: [process(5, { mark: MARK, group: 5 }), process(6, { group: 5 })] },
      [5, 6],
    ],
    [
      'not who shares a session that a member is in and does not lead',
      { table: [process(5, { mark: MARK, session: 9 }), process(6, { session: 9 })] },
      [5],
    ],
    [
      'not who shares a group that a member is in and does not lead',
      { table: [process(5, { mark: MARK, group: 9 }), process(6, { group: 9 })] },
      [5],
    ],
    [
      'what a child with a session of its own started there, without the mark',
      {
        table: [
          process(5, { mark: MARK }),
          process(6, { parent: 5, ...leads(6) }),
          process(7, { session: 6 }),
        ],
      },
      [5, 6, 7],
    ],
    [
      'who was seen before, though it has shed mark, session and parent since',
      { table: [process(5)], known: { processes: new Set(['5@50']) } },
      [5],
    ],
    [
      'I3: not who has the pid of one that was seen before',
      { table: [process(5, { startTime: 51 })], known: { processes: new Set(['5@50']) } },
      [],
    ],
    [
      'children of one that was seen before',
      { table: [process(5), process(6, { parent: 5 })], known: { processes: new Set(['5@50']) } },
      [5, 6],
    ],
    [
      'who is in the session of a shim that is protected',
      { table: [process(4, leads(4)), process(5, { session: 4 })], leaders: [4], protect: [4] },
      [5],
    ],
    [
      'who is in the session of an agent that is a zombie by now',
      {
        table: [process(4, { ...leads(4), zombie: true }), process(5, { session: 4 })],
        leaders: [4],
      },
      [5],
    ],
    [
      'not who is in the session of a stranger with the pid of the agent',
      {
        table: [process(4, { ...leads(4), startTime: 41 }), process(5, { session: 4 })],
        leaders: [4],
      },
      [],
    ],
  ])('%s', (_sentence, question, pids) => {
    expect(memberPids(question)).toEqual(pids);
  });
});

describe('who never belongs to a tree', () => {
  const agent = process(5, { mark: MARK, ...leads(5) });
  test.each<MemberRow>([
    ['a zombie', { table: [agent, process(6, { mark: MARK, zombie: true })] }, [5]],
    ['a zombie that is the agent', { table: [{ ...agent, zombie: true }], leaders: [5] }, []],
    [
      'who carries the mark of another dispatch',
      { table: [agent, process(6, { parent: 5, mark: OTHER_MARK })] },
      [5],
    ],
    [
      'who carries the mark of another attempt of the same dispatch',
      { table: [agent, process(6, { parent: 5, mark: 'led.d1.2.2.n9' })] },
      [5],
    ],
    ['I9: who has opted out', { table: [agent, process(6, { parent: 5, mark: 'off' })] }, [5]],
    [
      'I9: who has opted out after it was seen',
      {
        table: [agent, process(6, { parent: 5, mark: 'off' })],
        known: { processes: new Set(['6@60']) },
      },
      [5],
    ],
    [
      'I9: an agent that has opted out itself, and what it leads',
      { table: [process(5, { mark: 'off' }), process(6, { parent: 5 })], leaders: [5] },
      [],
    ],
    ['I9: who is protected', { table: [agent, process(6, { mark: MARK })], protect: [6] }, [5]],
    [
      'I9: who is protected, though it was seen before',
      { table: [agent, process(6)], known: { processes: new Set(['6@60']) }, protect: [6] },
      [5],
    ],
    [
      'who is reachable through a protected process in the middle of the tree only',
      {
        table: [
          agent,
          process(6, { parent: 5, ...leads(6) }),
          process(7, { parent: 6, ...leads(6) }),
        ],
        protect: [6],
      },
      [5],
    ],
    [
      'who is reachable through an opted-out daemon only',
      {
        table: [
          agent,
          process(6, { parent: 5, mark: 'off', ...leads(6) }),
          process(7, { parent: 6, session: 6 }),
        ],
      },
      [5],
    ],
    [
      'though whoever carries the mark behind a protected process does',
      {
        table: [agent, process(6, { parent: 5 }), process(7, { parent: 6, mark: MARK })],
        protect: [6],
      },
      [5, 7],
    ],
    [
      'though a text that is no mark is none',
      { table: [agent, process(6, { parent: 5, mark: 'some other variable' })] },
      [5, 6],
    ],
  ])('%s', (_sentence, question, pids) => {
    expect(memberPids(question)).toEqual(pids);
  });
});
