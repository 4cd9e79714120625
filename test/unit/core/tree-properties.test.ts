// Owns the property that the way through a snapshot finds whom the plain definition of membership finds.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { helperMark } from '../../../src/core/identity.ts';
import type { TreeProcess } from '../../../src/core/tree.ts';
import { MARK, membersOf, process } from './snapshot.ts';

const PIDS = 24;
const pid = fc.integer({ min: 2, max: PIDS });
const MARKS = [null, null, null, MARK, helperMark(MARK), 'led.d2.1.1.n0', 'off', 'no mark'];

const table = fc
  .array(
    fc.record({
      parent: pid,
      group: pid,
      session: pid,
      zombie: fc.boolean(),
      mark: fc.constantFrom(...MARKS),
    }),
    { minLength: PIDS - 2, maxLength: PIDS - 2 },
  )
  .map((rows) => rows.map((row, index) => process(index + 2, row)));

const question = fc.record({
  table,
  leaders: fc.array(pid, { maxLength: 2 }),
  shim: pid,
  protect: fc.array(pid, { maxLength: 4 }),
  known: fc.record({
    processes: fc.array(pid, { maxLength: 3 }).map((all) => new Set(all.map(keyOf))),
    sessions: fc.array(pid, { maxLength: 2 }).map((all) => new Set(all)),
    groups: fc.array(pid, { maxLength: 2 }).map((all) => new Set(all)),
  }),
});

function keyOf(one: number): string {
  return `${one}@${one * 10}`;
}

/** Everybody is asked again and again whether he belongs, until nobody new does. */
function plainly({ table: rows, leaders, shim, protect, known }: Asked): number[] {
  const ofPid = new Map(rows.map((row) => [row.pid, row]));
  const own = (numbers: ReadonlySet<number>, number: number) => {
    const leader = ofPid.get(number);
    const isOurs = leader === undefined || leader.zombie || leaders.includes(number);
    return numbers.has(number) && isOurs;
  };
  const members = new Set<number>();
  const leads = (number: number, what: 'session' | 'group') =>
    (members.has(number) || leaders.includes(number)) && ofPid.get(number)?.[what] === number;
  const belongs = (row: TreeProcess) =>
    [MARK, helperMark(MARK)].includes(row.mark ?? '') ||
    leaders.includes(row.pid) ||
    known.processes.has(keyOf(row.pid)) ||
    members.has(row.parent) ||
    (row.parent === shim && ofPid.has(shim)) ||
    own(known.sessions, row.session) ||
    leads(row.session, 'session') ||
    own(known.groups, row.group) ||
    leads(row.group, 'group');
  const may = ({ zombie, mark, pid: one }: TreeProcess) =>
    !zombie && !['led.d2.1.1.n0', 'off'].includes(mark ?? '') && !protect.includes(one);
  for (let before = -1; before < members.size; ) {
    before = members.size;
    for (const row of rows) if (may(row) && belongs(row)) members.add(row.pid);
  }
  return [...members].toSorted((a, b) => a - b);
}

type Asked = typeof question extends fc.Arbitrary<infer T> ? T : never;

test('whoever belongs by the plain definition is found, and nobody else, in the order of pids', () => {
  fc.assert(
    fc.property(question, (asked) => {
      expect(membersOf(asked).members.map((one) => one.pid)).toEqual(plainly(asked));
    }),
    { numRuns: 2_000 },
  );
});
