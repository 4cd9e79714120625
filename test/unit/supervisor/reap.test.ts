// Owns the tests of the reaper's acts: down to zero or named as survivors, and nobody where somebody cannot be protected.
import { describe, expect, test } from 'vitest';
import type { ProcessRow } from '../../../src/ports.ts';
import { type ReapOptions, reap } from '../../../src/supervisor/reap.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { process } from './scene.ts';

const SELF = { bootId: 'boot-1', pid: 50, startTime: 500 };
const MARK = 'led.d1.1.4.n0nce';
const STRAY = process(60, { mark: MARK, session: 60, group: 60 });
const ONCE: ReapOptions = {
  unknownToo: true,
  dryRun: false,
  shims: null,
  supervisor: null,
  isOver: () => false,
};

interface Differs {
  readonly immortal?: readonly number[];
  /** whom the owner protects */
  readonly named?: ReturnType<World['protection']['look']>;
}

const NOBODY = { kind: 'absent' } as const;

/** A ledger that knows nobody, and processes that go when they are killed, but for the immortal. */
function scene(rows: readonly ProcessRow[], { immortal = [], named = NOBODY }: Differs = {}) {
  const table = new Map(rows.map((row) => [row.pid, row]));
  const signals: string[] = [];
  const events: { type: string; data: unknown }[] = [];
  const clock = { slept: 0 };
  const look = { claim: { kind: 'absent' }, agent: { kind: 'absent' } };
  const seen = () => ({ kind: 'seen', value: [...table.values()] }) as const;
  const world = {
    ledger: {
      id: 'led',
      dispatches: async () => [],
      attempts: async () => [],
      append: async (news: typeof events) => void events.push(...news),
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
    crashPoint: () => {},
  } as unknown as World;
  return { world, table, signals, events, clock };
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
