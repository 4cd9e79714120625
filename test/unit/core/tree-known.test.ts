// Owns the tables of what an earlier look proved of a tree, and for how long that holds.
import { describe, expect, test } from 'vitest';
import { processKey } from '../../../src/core/identity.ts';
import { type KnownTree, keptNumbers, takeSnapshot } from '../../../src/core/tree.ts';
import { MARK, type MemberRow, leads, memberPids, membersOf, process } from './snapshot.ts';

describe('sessions and groups that an earlier look proved', () => {
  const session = { sessions: new Set([9]) };
  const group = { groups: new Set([9]) };
  test.each<MemberRow>([
    [
      'count though their leader has gone',
      { table: [process(5, { session: 9 })], known: session },
      [5],
    ],
    ['so do groups', { table: [process(5, { group: 9 })], known: group }, [5]],
    [
      'count though their leader is a zombie',
      {
        table: [process(9, { ...leads(9), zombie: true }), process(5, { session: 9 })],
        known: session,
      },
      [5],
    ],
    [
      'count while the recorded agent leads them',
      { table: [process(9, leads(9)), process(5, { session: 9 })], known: session, leaders: [9] },
      [5, 9],
    ],
    [
      'count while a member leads them',
      {
        table: [process(9, { mark: MARK, ...leads(9) }), process(5, { session: 9 })],
        known: session,
      },
      [5, 9],
    ],
    [
      'I3: do not count once a stranger leads the session',
      { table: [process(9, leads(9)), process(5, { session: 9 })], known: session },
      [],
    ],
    [
      'I3: do not count once a stranger leads the group',
      { table: [process(9, leads(9)), process(5, { group: 9 })], known: group },
      [],
    ],
    [
      'I3: do not count once a stranger has the pid, whatever it leads',
      { table: [process(9), process(5, { session: 9 })], known: session },
      [],
    ],
    ['a session is no group', { table: [process(5, { group: 9 })], known: session }, []],
    ['a group is no session', { table: [process(5, { session: 9 })], known: group }, []],
  ])('%s', (_sentence, question, pids) => {
    expect(memberPids(question)).toEqual(pids);
  });
});

describe('I3: numbers that were proved half a minute ago, and that somebody else may have by now', () => {
  const before = process(5, { session: 9, group: 8 });
  const known = {
    processes: new Set([processKey(before)]),
    sessions: new Set([9]),
    groups: new Set([8]),
  };
  const kept = (agoMs: number, ...table: readonly ReturnType<typeof process>[]) => {
    const { processes, sessions, groups } = keptNumbers(known, takeSnapshot(table), agoMs);
    expect(processes).toBe(known.processes);
    return { sessions: [...sessions], groups: [...groups] };
  };

  test('hold for that long, whoever is in them', () => {
    const all = { sessions: [9], groups: [8] };
    expect(kept(29_999, process(6, { session: 9, group: 8 }))).toEqual(all);
  });

  test('hold after it through who was in them then and still is', () => {
    expect(kept(30_000, before, process(6))).toEqual({ sessions: [9], groups: [8] });
  });

  test('are nothing more with nobody but new ones in them', () => {
    const stranger = process(6, { session: 9, group: 8 });
    expect(kept(30_000, stranger)).toEqual({ sessions: [], groups: [] });
    const reborn = process(5, { session: 9, group: 8, startTime: before.startTime + 1 });
    expect(kept(30_000, reborn)).toEqual({ sessions: [], groups: [] });
  });

  test('each by itself', () => {
    const moved = process(5, { session: 9, group: 7 });
    expect(kept(30_000, moved)).toEqual({ sessions: [9], groups: [] });
  });
});

describe('what a look remembers', () => {
  const table = [
    process(5, { mark: MARK, ...leads(5) }),
    process(6, { parent: 5, session: 5, group: 6 }),
    process(7, { parent: 6, session: 1, group: 1 }),
  ];

  test('is every member by its identity, and the sessions and groups that they are in', () => {
    expect(membersOf({ table }).known).toEqual({
      processes: new Set(['5@50', '6@60', '7@70']),
      sessions: new Set([5]),
      groups: new Set([5, 6]),
    });
  });

  test('lets go of numbers that nobody is in any more, for they may be given to strangers', () => {
    const known = { sessions: new Set([5, 8]), groups: new Set([8, 9]) };
    expect(membersOf({ table: [process(6, { mark: MARK, session: 8 })], known }).known).toEqual({
      processes: new Set(['6@60']),
      sessions: new Set([8]),
      groups: new Set(),
    });
  });

  test('finds at the next look who has shed everything but its session meanwhile', () => {
    const first = membersOf({ table }).known;
    const later = [process(8, { session: 5 })];
    expect(memberPids({ table: later, known: first })).toEqual([8]);
  });

  test('leaves what was known as it was', () => {
    const known: KnownTree = {
      processes: new Set(['5@50']),
      sessions: new Set([5]),
      groups: new Set([5]),
    };
    membersOf({ table, known });
    expect(known).toEqual({
      processes: new Set(['5@50']),
      sessions: new Set([5]),
      groups: new Set([5]),
    });
  });
});
