// Owns what a process in the middle of an exec may mean: it is nobody yet, and may be anybody (I4, I8, I9).
import { expect, test } from 'vitest';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import type { ProcessRow } from '../../../src/ports.ts';
import { freezeAndKill } from '../../../src/supervisor/containment-table.ts';
import { signalAgent } from '../../../src/supervisor/signal.ts';
import { usageOf, workersOf } from '../../../src/supervisor/tree.ts';
import { takeSnapshot } from '../../../src/core/tree.ts';
import { AGENT, row, type RowSpec, SHIM } from '../core/row.ts';
import { dueOf, evidenceOf, process, show } from './scene.ts';

const NOBODY_PROTECTED = { isProtected: () => false, isNamed: () => false };

test('I9: whoever was in one is spared by the whole kill, whatever its later looks make of him', () => {
  const [seen, late] = [process(60), process(62)];
  const looks: readonly (readonly ProcessRow[])[] = [
    [seen, process(61, { inExec: true })],
    [seen, process(61, { inExec: true }), late],
    [seen, process(61, { inExec: false }), late],
  ];
  const signals: string[] = [];
  let round = 0;
  const { world } = show({});
  const processes = {
    ...world.processes,
    signal: ({ pid }: { pid: number }, signal: string) => {
      signals.push(`${signal} ${pid}`);
      return 'sent' as const;
    },
  };
  const killed = freezeAndKill(processes, () => {
    const members = looks[Math.min(round++, looks.length - 1)]!;
    const table = { snapshot: takeSnapshot(members), ...NOBODY_PROTECTED };
    return { kind: 'seen', value: { members, table } };
  });
  expect(killed).toMatchObject({ kind: 'seen' });
  expect(signals).toEqual(['SIGSTOP 60', 'SIGSTOP 62', 'SIGKILL 60', 'SIGKILL 62']);
});

test.each<[string, RowSpec, Partial<ProcessRow>, string]>([
  ['may be of the tree', {}, { inExec: true }, 'unknown'],
  ['is not, where he came before it', {}, { inExec: true, startTime: SHIM.startTime - 1 }, 'seen'],
  ['is to be seen again', {}, { inExec: false }, 'seen'],
  [
    'is a child of the subreaper that is there, or nobody of it',
    { tier: 'subreaper' },
    { inExec: true },
    'seen',
  ],
])('I8: where nobody is found, whoever is in an exec %s', async (_, spec, differs, kind) => {
  const shim = process(SHIM.pid, { mark: 'led.d1.1.1.n' });
  const zombie = process(AGENT.pid, { parent: SHIM.pid, zombie: true });
  const child = process(72, { parent: SHIM.pid, mark: 'off' });
  const value = [process(50), shim, zombie, child, process(90, differs)];
  const { members } = await evidenceOf(
    { state: 'stopping', ...spec },
    { table: { kind: 'seen', value } },
  );
  expect(members.kind).toBe(kind);
});

test('I9: a signal to the group of an agent leaves out whoever is in an exec, after some looks', () => {
  const { world } = show({});
  const { live } = row({ state: 'stopping' });
  const [{ memory }] = dueOf(live) as [ReturnType<typeof dueOf>[number]];
  const signals: number[] = [];
  let looks = 0;
  const rows = [AGENT.pid, 71, 72].map((pid) =>
    process(pid, { group: AGENT.pid, inExec: pid !== 71 }),
  );
  const processes = {
    ...world.processes,
    scan: () => {
      looks++;
      return { kind: 'seen', value: [process(50), ...rows] } as const;
    },
    signal: ({ pid }: { pid: number }, signal: string) => {
      if (signal === 'SIGTERM') signals.push(pid);
      return 'sent' as const;
    },
  };
  const agents = { ...world.agents, of: () => ({ stop: { signal: 'SIGTERM', target: 'group' } }) };
  memory.agent = AGENT;
  signalAgent({ ...world, processes, agents } as unknown as typeof world, live, memory, {
    shims: () => [],
  } as unknown as Parameters<typeof signalAgent>[3]);
  expect({ signals, looks }).toEqual({ signals: [AGENT.pid, 71], looks: 3 });
});

/** Of whom else a sample takes the CPU time, as pids. */
function workers(rows: readonly ProcessRow[], { bootId }: ProcessIdentity = AGENT) {
  const { world } = show({});
  const { live } = row({ tier: 'subreaper' });
  const [{ memory }] = dueOf(live) as [ReturnType<typeof dueOf>[number]];
  Object.assign(memory, { agent: { ...AGENT, bootId }, shim: { ...SHIM, bootId } });
  const table = { kind: 'seen', value: { snapshot: takeSnapshot(rows), ...NOBODY_PROTECTED } };
  const found = { rows: { kind: 'seen', value: [] }, table } as unknown as Parameters<
    typeof workersOf
  >[3];
  const all = workersOf(world, live, memory, found);
  return all.kind === 'seen' ? all.value.map(({ pid }) => pid) : [];
}

test('an agent that has ended tells its CPU time for as long as nobody has waited for it', () => {
  const ofAgent = (zombie: boolean) => workers([process(AGENT.pid, { zombie })]);
  expect([ofAgent(true), ofAgent(false)]).toEqual([[AGENT.pid], []]);
});

test('I3: who has the pid and the start time of a process of the boot before works for nobody', () => {
  const rows = [process(SHIM.pid), process(AGENT.pid, { zombie: true })];
  expect(workers(rows)).toEqual([SHIM.pid, AGENT.pid]);
  expect(workers(rows, { ...AGENT, bootId: 'boot-0' })).toEqual([]);
});

test('I18: whoever is in one counts against no limit until he is seen again', () => {
  const using = (pid: number, inExec: boolean) => process(pid, { inExec, rssBytes: pid });
  const value = [process(60, { rssBytes: 60 }), using(61, true), using(62, false)];
  const usage = { processes: 2, rssBytes: 122 };
  expect(usageOf(SHIM, { kind: 'seen', value })).toEqual({ kind: 'seen', value: usage });
});
