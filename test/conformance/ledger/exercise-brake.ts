// Owns what every ledger must do with the brake: count each kill with its commit, and hold back until a person confirms.
import { describe, expect, test } from 'vitest';
import { NO_KILLS } from '../../../src/core/brake.ts';
import type { Held, LiveDispatch, State } from '../../../src/core/dispatch.ts';
import type { Change } from '../../../src/ports.ts';
import { Bed, type Open, PROCESS, planned } from './bed.ts';

const COUNTED = { engaged: null, kills: [{ name: 'd1/1', at: 1_000 }] };
const ENGAGED = { ...COUNTED, engaged: { at: 1_000, because: 'too many' } };
const HELD: Held = {
  at: 1_000,
  because: 'no sign of work',
  reason: { kind: 'cause', cause: 'stalled' },
  before: 'its agent runs',
  isConfirmed: false,
};

async function twoRunning(open: Open) {
  const bed = new Bed(await open());
  await bed.submit([planned('a'), planned('b')]);
  for (const one of await bed.claim()) await bed.run(one);
  return { bed, a: await bed.live('a'), b: await bed.live('b') };
}

function stopping(live: LiveDispatch, isCounted: boolean): Change {
  const { id: dispatch, revision } = live.dispatch;
  const reason = { kind: 'cause', cause: 'stalled' } as const;
  const times = { since: 1_000, killAt: 1_100 };
  const next: State = { kind: 'stopping', ...times, reason, process: PROCESS, survivors: [] };
  return { dispatch, revision, next, because: 'silent', type: 'attempt.stopping', isCounted };
}

const running = (held?: Held): State => ({
  kind: 'running',
  since: 1_000,
  process: PROCESS,
  ...(held === undefined ? {} : { held }),
});

export function exerciseBrake(open: Open): void {
  describe('the brake', () => {
    test('I17: is open in a new ledger', async () => {
      const ledger = await open();
      expect(await ledger.brake()).toEqual(NO_KILLS);
      expect(await ledger.releaseBrake(1)).toEqual([]);
      expect(await ledger.events({ since: 0, limit: 9 })).toEqual([]);
    });

    test('I17: a kill is committed together with its count, or not at all', async () => {
      const { bed, a, b } = await twoRunning(open);
      const nothing = { limits: [], lifts: [], claim: null };
      const pass = { ...nothing, now: 1_000, changes: [stopping(a, true)] };
      const first = await bed.ledger.commitPass({ ...pass, brake: { from: 0, to: COUNTED } });
      expect(first.committed).toEqual(new Set(['d1']));
      expect(await bed.ledger.brake()).toEqual({ ...COUNTED, revision: 1 });
      // Somebody who has not seen that one: what is no kill of his is committed all the same.
      const late = { ...pass, changes: [stopping(b, true)] };
      const second = await bed.ledger.commitPass({ ...late, brake: { from: 0, to: COUNTED } });
      expect(second.committed).toEqual(new Set());
      expect((await bed.row('b')).state.kind).toBe('running');
      const third = { ...pass, changes: [stopping(b, false)], brake: { from: 0, to: COUNTED } };
      expect((await bed.ledger.commitPass(third)).committed).toEqual(new Set(['d2']));
      expect((await bed.ledger.brake()).revision).toBe(1);
    });

    test('I17: is engaged and lets go as somebody says who has read it, and both is told', async () => {
      const { bed } = await twoRunning(open);
      const since = await bed.ledger.lastSeq();
      expect(await bed.ledger.moveBrake({ from: 0, to: ENGAGED }, 1_000)).toBe(true);
      expect(await bed.ledger.moveBrake({ from: 0, to: COUNTED }, 1_000)).toBe(false);
      expect(await bed.ledger.brake()).toMatchObject({ engaged: { because: 'too many' } });
      expect(await bed.ledger.moveBrake({ from: 1, to: COUNTED }, 1_000)).toBe(true);
      expect(await bed.said(since)).toMatchObject([
        { type: 'brake.engaged', data: { because: 'too many' } },
        { type: 'brake.released', data: { because: 'nothing is held back any more' } },
      ]);
    });

    test('I17: a person confirms what is held back, once, and what was counted is forgotten', async () => {
      const { bed, a } = await twoRunning(open);
      await bed.change(a, running(HELD), { type: 'attempt.held' });
      await bed.ledger.moveBrake({ from: 0, to: ENGAGED }, 1_000);
      const since = await bed.ledger.lastSeq();
      expect(await bed.ledger.releaseBrake(2_000)).toEqual(['d1']);
      expect(await bed.ledger.brake()).toEqual({ engaged: null, kills: [], revision: 2 });
      expect(await bed.row('a')).toMatchObject({
        because: 'a person confirmed that it is ended: no sign of work',
        state: { kind: 'running', held: { ...HELD, isConfirmed: true } },
      });
      expect((await bed.row('b')).state).toEqual(running());
      expect(await bed.ledger.releaseBrake(2_000)).toEqual([]);
      expect(await bed.said(since)).toMatchObject([
        { type: 'brake.released', data: { confirmed: ['d1'] } },
      ]);
    });

    test('I7, I17: its moments move along with a step of the clock', async () => {
      const { bed, a } = await twoRunning(open);
      await bed.change(a, running(HELD), { type: 'attempt.held' });
      await bed.ledger.moveBrake({ from: 0, to: ENGAGED }, 1_000);
      await bed.stepClock(5_000, 6_000);
      expect(await bed.ledger.brake()).toMatchObject({
        engaged: { at: 6_000 },
        kills: [{ name: 'd1/1', at: 6_000 }],
      });
      expect((await bed.row('a')).state).toMatchObject({ held: { at: 6_000 } });
    });
  });
}
