// Owns what holds for every row, generated: decide is total and deterministic, and no doubt ever ends or frees anything.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { LIVE_STATES } from '../../../src/core/dispatch.ts';
import { anySpec } from './any-row.ts';
import { type Decided, decided, exception } from './decided.ts';
import { told } from './decision-table.ts';
import { newestSign } from '../../../src/core/sign.ts';
import { HOUR, NOW, type RowSpec, row } from './row.ts';

/** Does it give the slot back: by an end, a retry or a requeue? */
function frees(decision: Decision): boolean {
  const live: readonly string[] = LIVE_STATES;
  return decision.kind === 'change' && !live.includes(decision.next.kind);
}

function signals(decision: Decision): boolean {
  return (
    decision.kind === 'stay' && (decision.act?.kind === 'kill' || decision.act?.kind === 'signal')
  );
}

/** A refusal on record, or the claim in the hands of recovery: both say that nobody ever started this fence. */
function neverRan({ spec, evidence: { runDir } }: Decided): boolean {
  if (spec.state === 'stopping') return false;
  if (runDir.exit.kind === 'seen') return runDir.exit.value.kind === 'refused';
  return spec.state === 'starting' && spec.claim === 'recovery';
}

describe('decide', () => {
  test('has an answer to everything, with a reason', () => {
    expect(exception(({ decision }) => /: \S/.test(told(decision)))).toBeNull();
  });

  test('has the same answer to the same question', () => {
    const same = ({ live, evidence, moment, decision }: Decided) =>
      JSON.stringify(decide(live, evidence, moment)) === JSON.stringify(decision);
    expect(exception(same)).toBeNull();
  });

  test('reads its question and does not write into it', () => {
    const unchanged = ({ spec, live, evidence }: Decided) => {
      const fresh = row(spec);
      const text = JSON.stringify([live, evidence, [...evidence.lastKilled]]);
      return text === JSON.stringify([fresh.live, fresh.evidence, [...fresh.evidence.lastKilled]]);
    };
    expect(exception(unchanged)).toBeNull();
  });

  test('I14: closes the attempt exactly where the slot is given back, and the wish with it', () => {
    const closes = ({ decision }: Decided) =>
      decision.kind !== 'change' ||
      ((decision.attemptEnd !== undefined) === frees(decision) &&
        (decision.clearStopWish === true) === frees(decision));
    expect(exception(closes)).toBeNull();
  });

  test('never goes backwards: only a claim starts, and only what starts or is adopted runs', () => {
    const forward = ({ live, decision }: Decided) =>
      decision.kind !== 'change' ||
      (decision.next.kind !== 'starting' &&
        (decision.next.kind !== 'running' ||
          live.dispatch.state.kind === 'starting' ||
          (live.dispatch.state.kind === 'running' && decision.type === 'attempt.adopted')));
    expect(exception(forward)).toBeNull();
  });

  test('never asks to be looked at in the past, nor later than time can change something', () => {
    const timely = ({ live: { dispatch }, evidence, decision }: Decided) => {
      if (decision.kind !== 'stay' || decision.nextAt === null) return true;
      const { state, spec } = dispatch;
      const killAt = state.kind === 'stopping' ? state.killAt : NOW;
      const lastSignAt = Math.max(NOW, newestSign(evidence.signs)?.at ?? NOW);
      const latest = Math.max(NOW + 30_000, killAt, lastSignAt + spec.stallMs);
      return decision.nextAt > NOW && decision.nextAt <= latest;
    };
    expect(exception(timely)).toBeNull();
  });

  test('acts only where the act belongs', () => {
    const belongs = ({ live: { dispatch }, evidence, decision }: Decided) => {
      const { state } = dispatch;
      if (decision.kind !== 'stay' || decision.act === null) return true;
      switch (decision.act.kind) {
        case 'seize-claim':
          return state.kind === 'starting' && evidence.runDir.claim.kind === 'absent';
        case 'ask-result':
          return (
            state.kind === 'running' && evidence.agent === 'alive' && evidence.result === 'unasked'
          );
        case 'ask-goal':
          return dispatch.spec.doneWhen !== null && evidence.goal === 'unasked';
        case 'signal':
          return state.kind === 'stopping' && evidence.agent === 'alive' && NOW < state.killAt;
        case 'kill':
          return state.kind === 'stopping' && (NOW >= state.killAt || evidence.agent === 'gone');
      }
    };
    expect(exception(belongs)).toBeNull();
  });

  test('I13: while done_when is asked, nothing is written, signalled or asked again', () => {
    const holds = ({ live, spec, evidence, decision }: Decided) => {
      if (evidence.goal !== 'asking' || live.dispatch.spec.doneWhen === null) return true;
      if (frees(decision)) return neverRan({ ...row(spec), spec, decision });
      return !signals(decision) && (decision.kind !== 'stay' || decision.act?.kind !== 'ask-goal');
    };
    expect(exception(holds)).toBeNull();
  });
});

describe('I4: a doubt never ends, frees or kills anything', () => {
  test('an exit record that cannot be read, unless the end was proved before', () => {
    const holds = ({ live: { dispatch }, evidence: { runDir }, decision }: Decided) => {
      if (runDir.exit.kind !== 'unknown' || !frees(decision)) return true;
      const { state } = dispatch;
      return (
        state.kind === 'stopping' &&
        state.reason.kind === 'leftovers' &&
        state.reason.end.outcome.kind !== 'lost'
      );
    };
    expect(exception(holds)).toBeNull();
  });

  test('a tree that cannot be seen, unless nothing ever ran or leftovers are kept', () => {
    const holds = (one: Decided) => {
      const { evidence, decision } = one;
      if (evidence.members.kind === 'seen') return true;
      const kept = one.live.dispatch.spec.leftovers === 'keep';
      return !signals(decision) && (!frees(decision) || neverRan(one) || kept);
    };
    expect(exception(holds)).toBeNull();
  });

  test('a shim that cannot be seen, unless nothing ever ran', () => {
    const holds = (one: Decided) =>
      one.evidence.shim !== 'unknown' ||
      (!signals(one.decision) && (!frees(one.decision) || neverRan(one)));
    expect(exception(holds)).toBeNull();
  });

  test('an agent that cannot be seen, unless its shim saw it end or nothing ever ran', () => {
    const holds = (one: Decided) => {
      const { evidence, decision } = one;
      if (evidence.agent !== 'unknown') return true;
      const recorded = evidence.runDir.exit.kind === 'seen';
      return !signals(decision) && (!frees(decision) || neverRan(one) || recorded);
    };
    expect(exception(holds)).toBeNull();
  });

  test('a claim or a pid record that cannot be read, while it starts', () => {
    const holds = ({ spec, evidence: { runDir }, decision }: Decided) => {
      if (spec.state !== 'starting' || runDir.exit.kind === 'seen') return true;
      const unread =
        runDir.agent.kind === 'unknown' ||
        (runDir.agent.kind === 'absent' && runDir.claim.kind === 'unknown');
      return !unread || (decision.kind === 'stay' && decision.act === null);
    };
    expect(exception(holds)).toBeNull();
  });

  test('signs that nobody could look for: only a wish or the hard limit needs none', () => {
    const holds = ({ spec, evidence, decision }: Decided) => {
      if (evidence.blind === null || spec.state !== 'running') return true;
      if (decision.kind !== 'change' || decision.next.kind !== 'stopping') return true;
      const { reason } = decision.next;
      if (reason.kind === 'leftovers') return true;
      if (reason.kind === 'lingering') return false;
      if (reason.cause === 'timed-out') return (spec.deadline?.hardInMs ?? 1) <= 0;
      return reason.cause !== 'stalled';
    };
    expect(exception(holds)).toBeNull();
  });
});

describe('I8: a slot is given back only after the proof', () => {
  test('never while a member was seen, unless leftovers are kept or nothing ever ran', () => {
    const holds = (one: Decided) => {
      const { members } = one.evidence;
      if (members.kind !== 'seen' || members.value.processes.length === 0) return true;
      // Leftovers can be kept until the moment in which they are to be ended.
      const { state, spec } = one.live.dispatch;
      const kept = spec.leftovers === 'keep' && state.kind !== 'stopping';
      return !frees(one.decision) || kept || neverRan(one);
    };
    expect(exception(holds)).toBeNull();
  });

  test('never while the agent was seen alive and no exit is on record', () => {
    const holds = (one: Decided) =>
      one.evidence.agent !== 'alive' ||
      one.evidence.runDir.exit.kind === 'seen' ||
      !frees(one.decision) ||
      neverRan(one);
    expect(exception(holds)).toBeNull();
  });

  test('never from `stopping` while agent or shim live, or before two empty looks', () => {
    const holds = ({ spec, evidence: { agent, shim, members }, decision }: Decided) =>
      spec.state !== 'stopping' ||
      !frees(decision) ||
      (agent === 'gone' &&
        shim === 'gone' &&
        members.kind === 'seen' &&
        members.value.emptyLooks >= 2);
    expect(exception(holds)).toBeNull();
  });
});

describe('I6: signs of work', () => {
  const stops = (spec: RowSpec) => {
    const { decision } = decided(spec);
    return decision.kind === 'change' && decision.next.kind === 'stopping';
  };

  test('an extra fresh sign never makes a stop sooner', () => {
    const moments = fc.nat({ max: 3 * HOUR });
    const property = fc.property(anySpec, moments, moments, (spec, silentMs, extraMs) => {
      const fresh = { ...spec, state: 'running' as const, silentMs };
      const stale = { ...fresh, silentMs: silentMs + extraMs };
      const never = { ...fresh, silentMs: null };
      return !stops(fresh) || (stops(stale) && stops(never));
    });
    const report = fc.check(property, { numRuns: 3_000 });
    expect(report.failed ? fc.defaultReportMessage(report) : null).toBeNull();
  });
});

describe('I7: an extension', () => {
  test('moves the soft limit into the future, never beyond the hard one, and leaves that where it is', () => {
    const holds = ({ live: { attempt }, decision }: Decided) => {
      const before = attempt.deadline;
      if (decision.kind !== 'extend') return true;
      const { softAt, hardAt, extendedMs } = decision.deadline;
      return (
        before !== null &&
        softAt > Math.max(NOW, before.softAt) &&
        softAt <= hardAt &&
        hardAt === before.hardAt &&
        extendedMs === softAt - before.softAt
      );
    };
    expect(exception(holds)).toBeNull();
  });
});
