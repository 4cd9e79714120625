// Owns the tests of the look at children for the sake of whoever waits for them: nobody is ended before it (I6).
import { describe, expect, test } from 'vitest';
import type { LiveDispatch } from '../../../src/core/dispatch.ts';
import type { Sighting } from '../../../src/core/evidence.ts';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import { familyOf } from '../../../src/supervisor/family.ts';
import { gather } from '../../../src/supervisor/gather.ts';
import { AGENT, MINUTE, NOW, type RowSpec, SECOND, row } from '../core/row.ts';
import { signAt } from '../core/sign-at.ts';
import { type Scene, dueOf, othersAt, process, show } from './scene.ts';

const PARENT = { dispatch: 'parent', fence: 3 };
const CHILD = { dispatch: 'child', fence: 1 };

/** That very attempt, with the age of its newest sign of work; null: there was none. */
function member(
  key: { dispatch: string; fence: number },
  parent: LiveDispatch['dispatch']['parent'],
  silentMs: number | null,
  spec: RowSpec = {},
) {
  const { dispatch, attempt, failures } = row(spec).live;
  const live = {
    dispatch: { ...dispatch, id: key.dispatch, name: key.dispatch, fence: key.fence, parent },
    attempt: { ...attempt, ...key },
    failures,
  } as LiveDispatch;
  const [one] = dueOf(live);
  one!.memory.watchedSince = NOW - 10 * MINUTE;
  one!.memory.sampledAt = NOW - SECOND;
  one!.memory.signs = silentMs === null ? [] : [signAt(NOW - silentMs)];
  return one!;
}

/** The same, with this agent. */
function asAgent(live: LiveDispatch, agent: ProcessIdentity): LiveDispatch {
  const { state } = live.dispatch;
  if (state.kind !== 'running') return live;
  return { ...live, dispatch: { ...live.dispatch, state: { ...state, process: agent } } };
}

test('a child speaks by what is known of it when it is asked', () => {
  const child = member(CHILD, PARENT, null);
  const parent = member(PARENT, null, null);
  const { childrenOf } = familyOf([parent, child], NOW);
  expect(childrenOf(parent.memory)).toEqual([]);
  child.memory.signs = [signAt(NOW)];
  expect(childrenOf(parent.memory)).toHaveLength(1);
});

describe('a child is looked at for the sake of an attempt', () => {
  const needs = (...all: readonly ReturnType<typeof member>[]) => {
    const { isNeeded } = familyOf(all, NOW);
    return all
      .filter(({ memory }) => isNeeded(memory.key))
      .map(({ memory }) => memory.key.dispatch);
  };
  const spec = { stallMs: MINUTE };

  test('that has been silent for its whole window', () => {
    const child = member(CHILD, PARENT, SECOND);
    expect(needs(member(PARENT, null, MINUTE, { spec }), child)).toEqual(['child']);
    expect(needs(member(PARENT, null, MINUTE - 1, { spec }), child)).toEqual([]);
  });

  test('not where it was sampled a moment ago, for nothing tells work from idling in so little time', () => {
    const [silent, child] = [member(PARENT, null, MINUTE, { spec }), member(CHILD, PARENT, SECOND)];
    child.memory.sampledAt = NOW - 199;
    expect(needs(silent, child)).toEqual([]);
    child.memory.sampledAt = NOW - 200;
    expect(needs(silent, child)).toEqual(['child']);
  });

  test('whose deadline has come', () => {
    const child = member(CHILD, PARENT, SECOND);
    const due = { deadline: { softInMs: 0, hardInMs: MINUTE } };
    expect(needs(member(PARENT, null, SECOND, due), child)).toEqual(['child']);
  });

  test('and so is a child of that child', () => {
    const grandchild = member({ dispatch: 'grandchild', fence: 1 }, CHILD, SECOND);
    const silent = member(PARENT, null, MINUTE, { spec });
    const all = [silent, member(CHILD, PARENT, SECOND), grandchild];
    expect(needs(...all)).toEqual(['child', 'grandchild']);
  });

  test.each<[Sighting, number]>([
    ['alive', 1],
    ['gone', 1],
    ['unknown', 0],
  ])('I6: what it did until now speaks for that attempt: its agent is %s', async (agent, signs) => {
    const parent = member(PARENT, null, MINUTE, { spec });
    const child = member(CHILD, PARENT, 10 * MINUTE);
    const childProcess = { ...AGENT, pid: 71, startTime: 710 };
    child.live = asAgent(child.live, childProcess);
    Object.assign(child.memory, { outputBytes: 0, agent: childProcess });
    parent.memory.outputBytes = 9;
    const scene: Scene = {
      table: { kind: 'seen', value: [process(50), process(AGENT.pid)] },
      sightings: { 71: agent },
      runDirs: [{ ...row({}).evidence.runDir, outputBytes: { kind: 'seen', value: 9 } }],
    };
    const all = [parent, child];
    const { childrenOf, isNeeded } = familyOf(all, NOW);
    const others = { ...othersAt(NOW), childrenOf, isNeeded };
    const [first] = await gather(show(scene).world, all, others);
    const ofNow = first?.evidence.signs.filter(({ kind, at }) => kind === 'child' && at === NOW);
    expect(ofNow).toHaveLength(signs);
  });

  test('I6: it speaks in the very look that would have ended that attempt', async () => {
    const parent = member(PARENT, null, MINUTE, { spec });
    const child = member(CHILD, PARENT, 10 * MINUTE);
    child.memory.outputBytes = 0;
    const scene: Scene = {
      table: { kind: 'seen', value: [process(50), process(AGENT.pid)] },
      runDirs: [{ ...row({}).evidence.runDir, outputBytes: { kind: 'seen', value: 9 } }],
    };
    parent.memory.outputBytes = 9;
    const all = [parent, child];
    const { childrenOf, isNeeded } = familyOf(all, NOW);
    const others = { ...othersAt(NOW), childrenOf, isNeeded };
    const [first] = await gather(show(scene).world, all, others);
    expect(first?.live.dispatch.id).toBe('parent');
    expect(first?.evidence.signs.at(-1)).toMatchObject({ kind: 'child', at: NOW });
  });
});
