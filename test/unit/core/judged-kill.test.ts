// Owns the tables of what is a kill on our own judgement, which the brake holds back (I17), and what is a fact or a wish.
import { describe, expect, test } from 'vitest';
import { isJudgedKill, restsOnSilence } from '../../../src/core/brake.ts';
import { decide } from '../../../src/core/decide.ts';
import type { ChangeDecision, Decision } from '../../../src/core/decision.ts';
import type { StopCause, StopReason } from '../../../src/core/dispatch.ts';
import { SUCCEEDED } from '../../../src/core/retry.ts';
import { AGENT, NOW, type RowSpec, row } from './row.ts';

function stops(what: StopCause | StopReason): ChangeDecision {
  const reason = typeof what === 'string' ? ({ kind: 'cause', cause: what } as const) : what;
  const next = { kind: 'stopping', since: NOW, reason, process: AGENT, killAt: NOW } as const;
  const because = 'x';
  return { kind: 'change', type: 'attempt.stopping', next: { ...next, survivors: [] }, because };
}

const STAYS: Decision = { kind: 'stay', because: 'x', act: null, nextAt: null };
const RUNS: ChangeDecision = {
  ...stops('stalled'),
  next: { kind: 'running', since: NOW, process: AGENT },
};

const STALLED: RowSpec = { silentMs: 30 * 60_000 };

describe('a kill on our own judgement', () => {
  test.each<[string, RowSpec, boolean]>([
    ['is the end of one that stalls', STALLED, true],
    ['that lingers', { ...STALLED, result: 'there', spec: { doneWhen: 'x' } }, true],
    ['that has reached its hard limit', { deadline: { softInMs: -2, hardInMs: -1 } }, true],
    [
      'that breaks a limit of use',
      { outputBytes: 200_000, spec: { maxOutputBytes: 100_000 } },
      true,
    ],
    ['is not what a person wished', { ...STALLED, wish: { cause: 'cancelled' } }, false],
    ['nor what the end of a supervisor asks for', { wish: { cause: 'superseded' } }, false],
    [
      'nor the end of what an agent has left',
      {
        agent: 'gone',
        shim: 'gone',
        exit: { kind: 'exited', exitCode: 0, at: NOW - 60_000 },
        members: [71],
      },
      false,
    ],
    [
      'nor that of a shim whose agent is gone',
      { agent: 'gone', shim: 'alive', deadline: { softInMs: -9e6, hardInMs: -9e6 } },
      false,
    ],
    ['nor the next step of one that was begun', { state: 'stopping', members: [70] }, false],
  ])('%s', (_, spec, expected) => {
    const { live, evidence, moment } = row(spec);
    const decision = decide(live, evidence, moment);
    expect(isJudgedKill(live, decision, evidence)).toBe(expected);
  });
});

describe('of what was decided, such a kill', () => {
  const end = SUCCEEDED;
  test.each<[string, RowSpec, Decision, boolean]>([
    ['is that of one that stalls', {}, stops('stalled'), true],
    ['is that of one that lingers', {}, stops({ kind: 'lingering', end }), true],
    ['is not where its agent is gone', { agent: 'gone' }, stops('stalled'), false],
    ['is not what an agent left behind', {}, stops({ kind: 'leftovers', end }), false],
    [
      'is not that of one that does not run',
      { state: 'starting', agent: 'alive' },
      stops('stalled'),
      false,
    ],
    ['is not that it stays as it is', {}, STAYS, false],
    ['is not that it runs', {}, RUNS, false],
    ['is not what a person asked for', {}, stops('cancelled'), false],
    ['is not what a newer submission asks for', {}, stops('superseded'), false],
    ['is not that it waits for its provider', {}, stops('quota'), false],
    ['is not that it has used up its tokens', {}, stops('max-tokens'), false],
    ['is not that it has used up its money', {}, stops('max-cost'), false],
  ])('%s', (_, spec, decision, expected) => {
    const { live, evidence } = row(spec);
    expect(isJudgedKill(live, decision, evidence)).toBe(expected);
  });
});

describe('of what was decided, on silence rests', () => {
  const over: RowSpec = { deadline: { softInMs: -2, hardInMs: 0 } };
  const soft: RowSpec = { deadline: { softInMs: -2, hardInMs: 1 } };
  test.each<[string, RowSpec, Decision, boolean]>([
    ['the end of one that stalls', {}, stops('stalled'), true],
    ['of one that lingers', {}, stops({ kind: 'lingering', end: SUCCEEDED }), true],
    ['of one that has reached its soft limit', soft, stops('timed-out'), true],
    ['but not its hard limit', over, stops('timed-out'), false],
    ['nor that of one that has no limit any more', {}, stops('timed-out'), false],
    ['nor of one that uses too much', soft, stops('max-memory'), false],
    ['nor of what is left', {}, stops({ kind: 'leftovers', end: SUCCEEDED }), false],
    ['nor that it stays', {}, STAYS, false],
    ['nor that it runs', {}, RUNS, false],
  ])('%s', (_, spec, decision, expected) => {
    expect(restsOnSilence(row(spec).live, decision, NOW)).toBe(expected);
  });
});
