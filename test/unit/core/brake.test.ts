// Owns the tables of the brake (I17): who may be ended on our own judgement, who is held back, and what becomes of those.
import { describe, expect, test } from 'vitest';
import {
  type Brake,
  type BrakeRule,
  BRAKE_WINDOW_MS,
  NO_KILLS,
  brakeKills,
  disengaged,
  holdBack,
  isJudgedKill,
  letGo,
  shiftBrake,
} from '../../../src/core/brake.ts';
import type { Running } from '../../../src/core/decide-running.ts';
import { decide } from '../../../src/core/decide.ts';
import { type Held, isHeldBack } from '../../../src/core/dispatch.ts';
import { NOW, type RowSpec, row } from './row.ts';

interface Case {
  /** names that are to be killed; default: a to l, twelve */
  readonly names?: string;
  readonly rule?: Partial<BrakeRule>;
  readonly slots?: number;
  /** name → how long ago */
  readonly before?: Readonly<Record<string, number>>;
  readonly engaged?: boolean;
}

function brakeOf({ names = 'abcdefghijkl', rule, slots = 12, before = {}, engaged }: Case) {
  const kills = Object.entries(before).map(([name, agoMs]) => ({ name, at: NOW - agoMs }));
  const brake: Brake = {
    kills,
    engaged: engaged === true ? { at: NOW - 5_000, because: 'many' } : null,
    revision: 7,
  };
  const facts = { brake, rule: { max: 5, share: 0.2, ...rule }, slots, now: NOW };
  return brakeKills(names.split(''), facts);
}

function shown(braked: ReturnType<typeof brakeOf>): string {
  const { go, held, move } = braked;
  const after = move === null ? 'as before' : move.to.engaged === null ? 'counted' : 'engaged';
  return `go ${[...go].join('')} held ${[...held].join('')} ${after}`;
}

describe('I17: within one minute', () => {
  test.each<[string, Case, string]>([
    ['as many go as the limit says', { names: 'abcde' }, 'go abcde held  counted'],
    ['the rest of more is held back', {}, 'go abcde held fghijkl engaged'],
    ['a fifth, where that is more', { slots: 40 }, 'go abcdefgh held ijkl engaged'],
    [
      'none, where the owner says so',
      { rule: { max: 0, share: 0 } },
      'go  held abcdefghijkl engaged',
    ],
    ['all, where the owner says so', { rule: { share: 1 } }, 'go abcdefghijkl held  counted'],
    [
      'earlier passes count',
      { names: 'de', before: { a: 1, b: 2, c: 3, x: 4 } },
      'go d held e engaged',
    ],
    [
      'what is a minute old does not',
      { names: 'de', before: { a: 1, b: BRAKE_WINDOW_MS, c: BRAKE_WINDOW_MS, x: 4 } },
      'go de held  counted',
    ],
    [
      'what is of a clock that was set back does, and not for longer',
      { names: 'f', before: { a: -9e9, b: -9e9, c: -9e9, d: -9e9, e: -9e9 } },
      'go  held f engaged',
    ],
    [
      'who has to be killed again counts once',
      { names: 'abcde', before: { a: 1 } },
      'go abcde held  counted',
    ],
    [
      'nobody new goes while it is engaged',
      { names: 'ab', engaged: true },
      'go  held ab as before',
    ],
    [
      'who was begun does, all the same',
      { names: 'ab', engaged: true, before: { a: 1 } },
      'go a held b engaged',
    ],
    [
      'a lowered limit takes nothing back',
      { names: 'x', rule: { max: 1, share: 0 }, before: { a: 1, b: 1 } },
      'go  held x engaged',
    ],
  ])('%s', (_, given, expected) => {
    expect(shown(brakeOf(given))).toBe(expected);
  });

  test('what was counted is dated, and what is too old is forgotten', () => {
    const { move } = brakeOf({ names: 'f', before: { a: 1, b: BRAKE_WINDOW_MS, c: -9e9 } });
    expect(move).toEqual({
      from: 7,
      to: {
        engaged: null,
        kills: [
          { name: 'a', at: NOW - 1 },
          { name: 'c', at: NOW },
          { name: 'f', at: NOW },
        ],
      },
    });
  });

  test('the reason says how many there were, and by which rule', () => {
    expect(brakeOf({}).move?.to.engaged?.because).toBe(
      '12 were to be ended within 1m, and 5 may be (brake: max 5, share 0.2 of 12)',
    );
  });

  test('its moments move along with the clock', () => {
    const brake = { ...NO_KILLS, kills: [{ name: 'a', at: 5 }], engaged: { at: 7, because: 'x' } };
    expect(shiftBrake(brake, 10)).toEqual({
      kills: [{ name: 'a', at: 15 }],
      engaged: { at: 17, because: 'x' },
    });
    expect(shiftBrake(NO_KILLS, 10)).toEqual({ kills: [], engaged: null });
  });

  test('is one minute, and a new ledger has counted nobody', () => {
    expect(BRAKE_WINDOW_MS).toBe(60_000);
    expect(NO_KILLS).toEqual({ engaged: null, kills: [], revision: 0 });
  });

  test('one that nobody had to confirm lets go, and forgets nobody', () => {
    const brake = { kills: [{ name: 'a', at: 5 }], engaged: { at: 7, because: 'x' }, revision: 3 };
    const to = { kills: brake.kills, engaged: null };
    expect(disengaged(brake)).toEqual({ from: 3, to });
  });
});

const STALLED: RowSpec = { silentMs: 30 * 60_000 };

const HELD: Held = {
  at: NOW - 60_000,
  because: 'no sign of work for 20m',
  reason: { kind: 'cause', cause: 'stalled' },
  before: 'its agent runs',
  isConfirmed: false,
};

function running(spec: RowSpec, held?: Partial<Held>) {
  const { live, evidence, moment } = row(spec);
  const { state } = live.dispatch;
  if (state.kind !== 'running') throw new Error('it does not run');
  const its = held === undefined ? state : { ...state, held: { ...HELD, ...held } };
  const one: Running = { ...live, dispatch: { ...live.dispatch, state: its }, state: its };
  return { live: one, evidence, moment };
}

describe('one that is held back', () => {
  test('stays as it is, with the reason and the command', () => {
    const { live, evidence, moment } = running(STALLED);
    const decision = decide(live, evidence, moment);
    if (!isJudgedKill(live, decision, evidence)) throw new Error('it is no kill');
    expect(holdBack(live, decision, moment)).toMatchObject({
      kind: 'change',
      type: 'attempt.held',
      because: expect.stringMatching(
        /^held back by the brake: no sign of work for 30m.*drover reap --confirm ends it$/,
      ),
      next: { kind: 'running', held: { at: NOW, reason: HELD.reason, isConfirmed: false } },
    });
  });

  test('is told of once', () => {
    const { live, evidence, moment } = running(STALLED, {});
    const decision = decide(live, evidence, moment);
    if (!isJudgedKill(live, decision, evidence)) throw new Error('it is no kill');
    expect(holdBack(live, decision, moment)).toMatchObject({ kind: 'stay', act: null });
  });

  const quiet: RowSpec = { silentMs: 90_000 };
  test.each<[string, RowSpec, Partial<Held>, string]>([
    ['stays so when nothing happens, also after a restart', quiet, {}, 'nothing'],
    ['is let go when it works', { silentMs: 1_000 }, {}, 'attempt.unheld running: its agent runs'],
    [
      'is not ended when it works, whatever was confirmed',
      { silentMs: 1_000 },
      { isConfirmed: true },
      'attempt.unheld running: its agent runs',
    ],
    [
      'waits to be judged once more when a person has confirmed it',
      quiet,
      { isConfirmed: true },
      'nothing',
    ],
    [
      'is let go when it works, though the clock was set back while nobody watched',
      { silentMs: 1_000 },
      { at: NOW + 3_600_000 },
      'attempt.unheld running: its agent runs',
    ],
    [
      'but not for what was done before that',
      { ...quiet, watchedMs: 90_000 },
      { at: NOW + 3_600_000 },
      'nothing',
    ],
    ['is not let go while it cannot be seen', { silentMs: 1_000, agent: 'unknown' }, {}, 'nothing'],
    [
      'is let go when its deadline is moved by hand',
      { ...quiet, deadline: { softInMs: 1, hardInMs: 1 } },
      { reason: { kind: 'cause', cause: 'timed-out' } },
      'attempt.unheld running: its agent runs',
    ],
    [
      'but not where its deadline stands, or is of this very moment',
      { ...quiet, deadline: { softInMs: 0, hardInMs: 0 } },
      { reason: { kind: 'cause', cause: 'timed-out' } },
      'nothing',
    ],
    [
      'nor where it has no deadline any more',
      quiet,
      { reason: { kind: 'cause', cause: 'timed-out' } },
      'nothing',
    ],
    ['nor where nothing was ever seen of it', { silentMs: null }, {}, 'nothing'],
    ['nor for what it did before it was held', { silentMs: 1_000 }, { at: NOW }, 'nothing'],
    [
      'is let go when it is seen to write no more than it may',
      { ...quiet, usage: { rssBytes: 1, processes: 1 } },
      { reason: { kind: 'cause', cause: 'max-output' } },
      'attempt.unheld running: its agent runs',
    ],
    [
      'is let go when it is seen to have no more processes than it may',
      { ...quiet, usage: { rssBytes: 1, processes: 1 } },
      { reason: { kind: 'cause', cause: 'max-processes' } },
      'attempt.unheld running: its agent runs',
    ],
    [
      'but not when somebody else is',
      { ...quiet, deadline: { softInMs: 1, hardInMs: 1 } },
      {},
      'nothing',
    ],
    [
      'is let go when it is seen to break no limit any more',
      { ...quiet, usage: { rssBytes: 1, processes: 1 } },
      { reason: { kind: 'cause', cause: 'max-memory' } },
      'attempt.unheld running: its agent runs',
    ],
    [
      'but not where that was not measured, though it works',
      { silentMs: 1_000 },
      { reason: { kind: 'cause', cause: 'max-memory' } },
      'nothing',
    ],
    ['nobody is let go who is not held', quiet, undefined as never, 'nothing'],
  ])('%s', (_, spec, held, expected) => {
    const { live, evidence, moment } = running(spec, held);
    const change = letGo(live, evidence, moment);
    const said =
      change === null ? 'nothing' : `${change.type} ${change.next.kind}: ${change.because}`;
    expect(said).toBe(expected);
    expect(change?.kind ?? 'change').toBe('change');
    expect(change !== null && isHeldBack(change.next)).toBe(false);
  });
});
