// Owns the tests of how a watch begins: the first sample, the silence of who has not started, and a boot in between.
import { expect, test } from 'vitest';
import type { LiveDispatch } from '../../../src/core/dispatch.ts';
import type { ProcessRow } from '../../../src/ports.ts';
import { gather } from '../../../src/supervisor/gather.ts';
import { createMemory } from '../../../src/supervisor/memory.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { AGENT, NOW, row } from '../core/row.ts';
import { signAt } from '../core/sign-at.ts';
import { othersAt } from './scene.ts';
import { NO_AGENTS } from '../../no-agents.ts';

/** A machine on which the supervisor and a process with the agent's pid and start time live. */
function worldOf(live: LiveDispatch): World {
  const runDir = row({ state: live.dispatch.state.kind }).evidence.runDir;
  const rows: ProcessRow[] = [50, AGENT.pid].map((pid) => ({
    pid,
    startTime: pid * 10,
    parent: 1,
    group: 1,
    session: 1,
    zombie: false,
    mark: null,
    cpuMs: 0,
    rssBytes: 0,
    command: 'node',
  }));
  return {
    ledger: { id: 'led' },
    clock: { giveWay: async () => {}, monotonicMs: () => 0 },
    processes: {
      bootId: () => 'boot-1',
      self: () => ({ bootId: 'boot-1', pid: 50, startTime: 500 }),
      bookmark: () => null,
      scanInTurns: async () => ({ kind: 'seen', value: rows }),
      sight: () => 'alive',
      ioBytes: () => null,
    },
    protection: { look: () => ({ kind: 'absent' }) },
    runDirs: {
      look: () => runDir,
      operations: () => ({ kind: 'absent' }),
      lifeHolders: () => ({ kind: 'absent' }),
    },
    agents: NO_AGENTS,
  } as unknown as World;
}

/** The first look at an attempt, `laterMs` after it was heard of. */
async function firstLook(live: LiveDispatch, laterMs: number) {
  const memory = createMemory().of(live, NOW);
  const [looked] = await gather(worldOf(live), [{ live, memory }], othersAt(NOW + laterMs));
  return looked!;
}

test('I6: the watch begins with the first sample, taken at once: it cannot show what was before it', async () => {
  const { memory, evidence } = await firstLook(row({}).live, 4_000);
  expect(memory.cpuMs?.size).toBe(1);
  expect(evidence.watchedSince).toBe(NOW + 4_000);
});

test('I6: silence is not counted before the agent has started', async () => {
  expect((await firstLook(row({ state: 'starting' }).live, 4_000)).evidence.watchedSince).toBe(
    NOW + 4_000,
  );
});

test('evidence that the ledger dates to the future is of now: the clock was set back meanwhile', async () => {
  const { dispatch, attempt, ...rest } = row({}).live;
  const later = { ...attempt, signs: [signAt(NOW + 3_600_000)] };
  const { evidence } = await firstLook({ dispatch, attempt: later, ...rest }, 1);
  expect(evidence.signs[0]?.at).toBe(NOW);
});

test('of such a clock the ledger is told', () => {
  const { dispatch, attempt, ...rest } = row({}).live;
  const at = NOW + 3_600_000;
  const later = { ...attempt, signs: [signAt(at)] };
  const memory = createMemory().of({ dispatch, attempt: later, ...rest }, NOW);
  expect(memory).toMatchObject({ signs: [{ at: NOW }], noted: { signs: [{ at }] } });
});

test('I3: who has pid and start time of an agent of the boot before is a stranger', async () => {
  const { dispatch, attempt, ...rest } = row({ state: 'stopping' }).live;
  const process = { ...AGENT, bootId: 'boot-0' };
  const state = { ...dispatch.state, process };
  const live = { dispatch: { ...dispatch, state }, attempt: { ...attempt, process }, ...rest };
  const { members } = (await firstLook(live, 0)).evidence;
  expect(members).toMatchObject({ kind: 'seen', value: { processes: [] } });
});
