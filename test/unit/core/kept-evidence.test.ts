// Owns the table of what is kept of the evidence of a decision, line by line.
import { expect, test } from 'vitest';
import { type Witness, snapshotOf } from '../../../src/core/snapshot.ts';
import { NOW, type RowSpec, exited, refused, row, signalled } from './row.ts';
import { signAt } from './sign-at.ts';

/** Nothing was seen but the agent and its shim. */
const BARE: RowSpec = { silentMs: null };
const PROCESS: Witness = { kind: 'process', at: null, detail: 'agent alive, shim alive' };

test.each<[string, RowSpec, readonly (readonly [kind: string, detail: string])[]]>([
  ['nothing more was looked at', {}, []],
  ['its end is not known', { exit: 'unknown' }, [['exit', 'cannot be read: EIO']]],
  ['it exited', { exit: exited(3) }, [['exit', 'exited with code 3']]],
  ['it was signalled', { exit: signalled('SIGKILL', 137) }, [['exit', 'ended by SIGKILL']]],
  ['it never ran', { exit: refused('no such program') }, [['exit', 'no such program']]],
  ['its tree cannot be seen', { members: 'unknown' }, []],
  ['nobody is in its tree', { members: [], emptyLooks: 1 }, [['tree', 'nobody in 1 look']]],
  ['nobody is there again', { members: [], emptyLooks: 2 }, [['tree', 'nobody in 2 looks']]],
  ['one is in its tree', { members: [70] }, [['tree', '1 process node 70']]],
  ['two are in its tree', { members: [70, 71] }, [['tree', '2 processes, first node 70']]],
  ['signs cannot be seen', { blind: 'EMFILE' }, [['blind', 'EMFILE']]],
  ['done_when was asked', { goal: 'missed' }, [['done_when', 'missed']]],
  ['for its result was asked', { result: 'there' }, [['result', 'there']]],
])('%s', (_, spec, lines) => {
  const now = lines.map(([kind, detail]): Witness => ({ kind, at: null, detail }));
  expect(snapshotOf(row({ ...BARE, ...spec }).evidence)).toEqual([PROCESS, ...now]);
});

test('agent and shim are told as they were sighted', () => {
  const { evidence } = row({ ...BARE, agent: 'gone', shim: 'unknown' });
  expect(snapshotOf(evidence)).toEqual([{ ...PROCESS, detail: 'agent gone, shim unknown' }]);
});

test('a sign is told with its own moment', () => {
  const { kind, detail } = signAt(NOW);
  const at = new Date(NOW - 5_000).toISOString();
  expect(snapshotOf(row({ silentMs: 5_000 }).evidence)).toEqual([PROCESS, { kind, at, detail }]);
});
