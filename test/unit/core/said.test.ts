// Owns the tables of what each word of an agent makes of each kind of end (I13), attempt by attempt of the words.
import { describe, expect, test } from 'vitest';
import type { Judgement } from '../../../src/core/agent-event.ts';
import type { ExitRecord } from '../../../src/core/evidence.ts';
import { LOST, SUCCEEDED, endOfExit } from '../../../src/core/retry.ts';
import {
  endDespiteStop,
  endOfLoss,
  endOfRun,
  endOfSilent,
  stillReading,
} from '../../../src/core/said.ts';
import { NOW, SECOND, exited, refused, row, signalled } from './row.ts';

const says = (kind: Judgement['kind']) => ({ kind, because: 'x' }) as Judgement;
const KILLED = signalled('SIGKILL', 137);
const INTERRUPTED = { outcome: { kind: 'stopped', cause: 'superseded' } };

describe('the end of a run that is on record', () => {
  test.each<[string, ExitRecord, Judgement['kind'], object]>([
    [
      'keeps its signal beside a success',
      KILLED,
      'succeeded',
      { signal: 'SIGKILL', exitCode: 137 },
    ],
    ['has no signal where there was none', exited(3), 'agent', { signal: null, exitCode: 3 }],
    ['keeps its signal beside a failure', KILLED, 'agent', { signal: 'SIGKILL', class: 'agent' }],
    ['is a refusal whatever was said', refused('no'), 'succeeded', endOfExit(refused('no'))],
    ['is a death by signal where nothing was said', KILLED, 'unsaid', endOfExit(KILLED)],
    [
      'is that death also where its code is no code of a failure',
      signalled('SIGKILL', 0),
      'unsaid',
      endOfExit(signalled('SIGKILL', 0)),
    ],
    ['is that of who was interrupted', exited(0), 'interrupted', INTERRUPTED],
  ])('%s', (_, exit, kind, expected) => {
    expect(endOfRun(exit, says(kind))).toMatchObject(expected);
  });
});

test.each<[Judgement['kind'] | null, object]>([
  [null, SUCCEEDED],
  ['succeeded', SUCCEEDED],
  ['unsaid', SUCCEEDED],
  ['interrupted', INTERRUPTED],
  ['agent', { outcome: { kind: 'failed' }, class: 'agent', exitCode: null }],
  ['infrastructure', { outcome: { kind: 'failed' }, class: 'infrastructure' }],
])('of who has its result and does not leave, and says %s', (kind, expected) => {
  expect(endOfSilent(kind === null ? null : says(kind))).toMatchObject(expected);
});

test.each<[Judgement['kind'] | null, object]>([
  [null, LOST],
  ['unsaid', LOST],
  ['infrastructure', LOST],
  ['succeeded', { outcome: SUCCEEDED.outcome, exitCode: null }],
  ['interrupted', INTERRUPTED],
  ['agent', { outcome: { kind: 'failed' }, class: 'agent', exitCode: null }],
])('of whom no exit was recorded, and who says %s', (kind, expected) => {
  expect(endOfLoss(kind === null ? null : says(kind))).toMatchObject(expected);
});

describe('a word of success stands against a stop', () => {
  const result = { ok: true, text: 'done', at: NOW };
  const despite = (spec: Parameters<typeof row>[0], stoppedAt = NOW) =>
    endDespiteStop(LOST, row(spec).evidence, stoppedAt)?.end.outcome.kind ?? null;

  test('where it was given before, or in the same moment', () => {
    expect(despite({ judged: 'succeeded', said: { result } })).toBe('succeeded');
    expect(despite({ judged: 'succeeded', said: { result } }, NOW - 1)).toBeNull();
  });

  test('and not where done_when denies it, or nothing of it is known', () => {
    expect(despite({ judged: 'succeeded', said: { result }, goal: 'missed' })).toBeNull();
    expect(despite({ judged: 'succeeded', said: { result: null } })).toBeNull();
    expect(despite({ judged: 'agent', said: { result } })).toBeNull();
    expect(despite({})).toBeNull();
  });
});

test('what cannot be read is tried again a second later', () => {
  const { live, evidence, moment } = row({ said: 'unknown' });
  expect(stillReading(live, evidence, 'x', moment)?.nextAt).toBe(NOW + SECOND);
});
