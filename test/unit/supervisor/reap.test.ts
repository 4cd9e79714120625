// Owns the tests of the reaper's acts: down to zero or named as survivors, and nobody where somebody cannot be protected.
import { describe, expect, test } from 'vitest';
import { type Brake, type BrakeMove, NO_KILLS } from '../../../src/core/brake.ts';
import type { ProcessRow } from '../../../src/ports.ts';
import { tellPlan } from '../../../src/supervisor/reap-plan.ts';
import { type ReapOptions, reap } from '../../../src/supervisor/reap.ts';
import type { Policy, World } from '../../../src/supervisor/world.ts';
import { process } from './scene.ts';

const SELF = { bootId: 'boot-1', pid: 50, startTime: 500 };
const MARK = 'led.d1.1.4.n0nce';
const STRAY = process(60, { mark: MARK, session: 60, group: 60 });
const ONCE: ReapOptions = {
  unknownToo: true,
  dryRun: false,
  isConfirmed: false,
  shims: null,
  supervisor: null,
  isOver: () => false,
};

interface Differs {
  readonly immortal?: readonly number[];
  /** whom the owner protects */
  readonly named?: ReturnType<World['protection']['look']>;
  /** what the owner says of killing */
  readonly policy?: Partial<Policy>;
}

const NOBODY = { kind: 'absent' } as const;

/** A ledger that knows nobody, and processes that go when they are killed, but for the immortal. */
function scene(
  rows: readonly ProcessRow[],
  { immortal = [], named = NOBODY, policy }: Differs = {},
) {
  const table = new Map(rows.map((row) => [row.pid, row]));
  const signals: string[] = [];
  const events: { type: string; data: unknown }[] = [];
  const clock = { slept: 0 };
  let brake: Brake = NO_KILLS;
  const look = { claim: { kind: 'absent' }, agent: { kind: 'absent' } };
  const seen = () => ({ kind: 'seen', value: [...table.values()] }) as const;
  const world = {
    ledger: {
      id: 'led',
      dispatches: async () => [],
      attempts: async () => [],
      append: async (news: typeof events) => void events.push(...news),
      brake: async () => brake,
      moveBrake: async ({ to }: BrakeMove) => {
        brake = { ...to, revision: brake.revision + 1 };
        return true;
      },
    },
    clock: {
      now: () => clock.slept,
      giveWay: async () => {},
      sleep: async (durationMs: number) => void (clock.slept += durationMs),
    },
    processes: {
      bootId: () => SELF.bootId,
      self: () => SELF,
      scan: seen,
      scanInTurns: async () => seen(),
      signal: ({ pid }: { pid: number }, signal: string) => {
        signals.push(`${signal} ${pid}`);
        if (signal === 'SIGKILL' && !immortal.includes(pid)) table.delete(pid);
        return 'sent';
      },
    },
    protection: { look: () => named },
    runDirs: { look: () => look, lifeHolders: () => ({ kind: 'absent' }) },
    policy: () => ({ brake: { max: 5, share: 0 }, reap: 'act', ...policy }),
  } as unknown as World;
  return { world, table, signals, events, clock, brake: () => brake };
}

describe('a tree that is astray', () => {
  test('is frozen, killed and looked for twice more, and then it is said', async () => {
    const child = process(61, { parent: 60, session: 60, group: 60 });
    const { world, signals, events } = scene([process(50), STRAY, child]);
    const report = await reap(world, ONCE);
    expect(report).toMatchObject({ kind: 'seen', value: { trees: [{ survivors: [] }] } });
    expect(signals).toEqual(['SIGSTOP 60', 'SIGSTOP 61', 'SIGKILL 60', 'SIGKILL 61']);
    expect(events).toMatchObject([{ type: 'process.reaped', data: { count: 1 } }]);
  });

  test('I8: somebody of it in the middle of an exec is there: it is not said to be gone', async () => {
    const child = process(61, { parent: 60, session: 60, group: 60, inExec: true });
    const { world, signals, events } = scene([process(50), STRAY, child]);
    const report = await reap(world, ONCE);
    expect(report).toMatchObject({ value: { trees: [{ survivors: [{ pid: 61 }] }] } });
    expect(signals).toEqual(['SIGSTOP 60', 'SIGKILL 60']);
    expect(events).toEqual([]);
  });

  test('I8: that outlives every kill is named, within ten seconds, and nothing is said to be reaped', async () => {
    const { world, events, clock } = scene([process(50), STRAY], { immortal: [60] });
    const report = await reap(world, ONCE);
    const survivors = [{ pid: 60, startTime: 600, command: 'node' }];
    expect(report).toMatchObject({ kind: 'seen', value: { trees: [{ survivors }] } });
    expect(events).toEqual([]);
    expect(clock.slept).toBeLessThan(10_000);
  });

  test('is only planned in a dry run', async () => {
    const { world, signals, events } = scene([process(50), STRAY]);
    const report = await reap(world, { ...ONCE, dryRun: true });
    expect(report).toMatchObject({
      kind: 'seen',
      value: { trees: [{ processes: [{ pid: 60 }] }] },
    });
    expect([signals, events]).toEqual([[], []]);
  });

  test('that has gone at the second look was about to leave: nobody is signalled', async () => {
    const { world, table, signals } = scene([process(50), STRAY]);
    const sleep = async () => void table.delete(60);
    const report = await reap({ ...world, clock: { ...world.clock, sleep } }, ONCE);
    expect(report).toMatchObject({ kind: 'seen', value: { trees: [] } });
    expect(signals).toEqual([]);
  });
});

describe('I17: more trees than the brake lets go', () => {
  const strays = [60, 61, 62].map((pid) =>
    process(pid, { mark: `led.d${pid}.1.4.n0nce`, session: pid, group: pid }),
  );
  const only = (max: number) => ({ policy: { brake: { max, share: 0 } } });
  const spared = (report: Awaited<ReturnType<typeof reap>>) =>
    report.kind === 'seen' ? report.value.trees.map(({ sparedBy }) => sparedBy) : [];

  test('are left as they are but for the first, and stay so at the next sweep', async () => {
    const { world, table, brake } = scene([process(50), ...strays], only(2));
    expect(spared(await reap(world, ONCE))).toEqual([null, null, 'brake']);
    expect([...table.keys()]).toEqual([50, 62]);
    expect(brake().engaged?.because).toMatch(/^3 were to be ended within 1m, and 2 may be/);
    expect(spared(await reap(world, ONCE))).toEqual(['brake']);
    expect(table.has(62)).toBe(true);
  });

  test('are counted before the first of them is killed', async () => {
    const { world, brake } = scene([process(50), ...strays], only(3));
    const names: number[] = [];
    const signal: World['processes']['signal'] = () => {
      names.push(brake().kills.length);
      throw new Error('killed here');
    };
    const processes = { ...world.processes, signal };
    await expect(reap({ ...world, processes }, ONCE)).rejects.toThrow('killed here');
    expect(names).toEqual([3]);
  });

  test('are ended when a person has confirmed it', async () => {
    const { world, table } = scene([process(50), ...strays], only(0));
    expect(spared(await reap(world, { ...ONCE, isConfirmed: true }))).toEqual([null, null, null]);
    expect([...table.keys()]).toEqual([50]);
  });

  test('are planned like that in a dry run, which writes nothing', async () => {
    const { world, brake } = scene([process(50), ...strays], only(1));
    const report = await reap(world, { ...ONCE, dryRun: true });
    expect(spared(report)).toEqual([null, 'brake', 'brake']);
    expect(brake()).toBe(NO_KILLS);
  });

  test('let the brake go once nobody is held back any more', async () => {
    const { world, table, brake } = scene([process(50), ...strays], only(2));
    await reap(world, ONCE);
    table.delete(62);
    await reap(world, ONCE);
    expect(brake().engaged).toBeNull();
  });

  test('one that cannot be killed counts once, however often it is tried', async () => {
    const { world, brake } = scene([process(50), STRAY], { ...only(1), immortal: [60] });
    for (let times = 0; times < 3; times++) {
      expect(spared(await reap(world, ONCE))).toEqual([null]);
    }
    expect(brake().kills).toHaveLength(1);
  });
});

describe('reap: shadow', () => {
  test('signals nobody, whatever a person confirms, and counts nothing', async () => {
    const { world, signals, brake } = scene([process(50), STRAY], { policy: { reap: 'shadow' } });
    for (const isConfirmed of [false, true]) {
      const report = await reap(world, { ...ONCE, isConfirmed });
      expect(report).toMatchObject({ value: { trees: [{ sparedBy: 'shadow' }] } });
    }
    expect(signals).toEqual([]);
    expect(brake()).toBe(NO_KILLS);
  });

  test('lets a brake go that holds nobody back any more', async () => {
    const { world, brake } = scene([process(50), STRAY], { policy: { reap: 'shadow' } });
    const engaged = { at: 0, because: '2 were to be ended' };
    await world.ledger.moveBrake({ from: brake().revision, to: { engaged, kills: [] } }, 0);
    await reap(world, { ...ONCE, dryRun: true });
    expect(brake().engaged).toEqual(engaged);
    await reap(world, ONCE);
    expect(brake().engaged).toBeNull();
  });

  test('what it would have ended is told once', async () => {
    const { world, events } = scene([process(50), STRAY], { policy: { reap: 'shadow' } });
    const report = await reap(world, ONCE);
    if (report.kind !== 'seen') throw new Error('it was not looked at');
    const told = await tellPlan(world, report.value, new Set());
    await tellPlan(world, report.value, told);
    expect(events).toMatchObject([
      { type: 'reap.planned', data: { sparedBy: 'shadow', count: 1, processes: [{ pid: 60 }] } },
    ]);
  });
});

describe('I9: nobody is signalled', () => {
  test('where the table does not show ourselves', async () => {
    const { world, signals } = scene([STRAY]);
    expect(await reap(world, ONCE)).toMatchObject({ kind: 'unknown' });
    expect(signals).toEqual([]);
  });

  test('where it cannot be told whom the owner protects', async () => {
    const named = { kind: 'unknown', because: 'EIO' } as const;
    const { world, signals, events } = scene([process(50), STRAY], { named });
    const because = 'cannot tell whom to protect: EIO';
    expect(await reap(world, ONCE)).toEqual({ kind: 'unknown', because });
    expect([signals, events]).toEqual([[], []]);
  });

  test('where that cannot be told any more once somebody is frozen: he goes on', async () => {
    const { world, signals } = scene([process(50), STRAY]);
    const look = () =>
      signals.length > 0 ? ({ kind: 'unknown', because: 'EIO' } as const) : NOBODY;
    const report = await reap({ ...world, protection: { look } }, ONCE);
    expect(report).toMatchObject({ kind: 'unknown' });
    expect(signals).toEqual(['SIGSTOP 60', 'SIGCONT 60']);
  });

  test('whom the owner protects; the others end, unstopped where they are in a job with him', async () => {
    const broker = process(61, { parent: 60, mark: MARK, session: 60, group: 61 });
    const mate = process(62, { parent: 61, mark: MARK, session: 60, group: 61 });
    const named = { kind: 'seen', value: ({ pid }: ProcessRow) => pid === 61 } as const;
    const { world, signals } = scene([process(50), STRAY, broker, mate], { named });
    const report = await reap(world, ONCE);
    const reason = 'its owner protects it (config.yaml or --protect)';
    expect(report).toMatchObject({
      kind: 'seen',
      value: { protected: [{ pid: 61, reason }], trees: [{ survivors: [] }] },
    });
    expect(signals).toEqual(['SIGSTOP 60', 'SIGKILL 62', 'SIGKILL 60', 'SIGKILL 62']);
  });

  test('where it does not show who supervises', async () => {
    const { world, signals } = scene([process(50), STRAY]);
    const supervisor = { bootId: 'boot-1', pid: 70, startTime: 700 };
    const because = 'the process table does not show the supervisor';
    expect(await reap(world, { ...ONCE, supervisor })).toEqual({ kind: 'unknown', because });
    expect(signals).toEqual([]);
  });

  test('who supervises, though it was started from inside of the tree, and of whom it descends', async () => {
    const inside = process(70, { parent: 60, session: 70, group: 70 });
    const other = process(61, { parent: 60, mark: MARK });
    const { world, signals } = scene([process(50), STRAY, other, inside]);
    const supervisor = { bootId: 'boot-1', pid: 70, startTime: 700 };
    const report = await reap(world, { ...ONCE, supervisor });
    expect(report).toMatchObject({ kind: 'seen', value: { protected: [{ pid: 60 }] } });
    expect(signals).toEqual(['SIGSTOP 61', 'SIGKILL 61']);
  });
});
